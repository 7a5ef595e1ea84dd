import os
import subprocess
import sys

import numpy as np
import pytest

from recsim_ng.core.errors import DataError
from recsim_ng.datasets import estimate_taste, read_movielens
from tests import synthetic_ratings

REMEDY = "recsim-ng data movielens-100k"


@pytest.fixture
def truth(rng):
    return synthetic_ratings.simulate(rng)


@pytest.fixture
def folder(tmp_path, truth):
    return synthetic_ratings.write_atomic(tmp_path / "ml", truth)


def edit(path, change):
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("".join(f"{line}\n" for line in lines))


def refusal(folder):
    with pytest.raises(DataError) as caught:
        read_movielens(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(folder))
    assert REMEDY in message
    assert isinstance(caught.value, ValueError)
    return message


def test_what_was_written_is_read(folder, truth):
    ratings = read_movielens(folder)
    np.testing.assert_array_equal(ratings.user, truth.user)
    np.testing.assert_array_equal(ratings.item, truth.item)
    np.testing.assert_array_equal(ratings.rating, synthetic_ratings.stars(truth))
    np.testing.assert_array_equal(ratings.timestamp, 880000000 + np.arange(600))
    np.testing.assert_array_equal(ratings.genres, truth.genres)
    np.testing.assert_array_equal(ratings.ratings_per_user, np.full(30, 20))
    assert ratings.ratings_per_item.sum() == ratings.num_ratings == 600
    assert ratings.genre_names == synthetic_ratings.GENRES
    assert (ratings.user_ids[0], ratings.item_ids[0], ratings.titles[0]) == ("1", "101", "Film 0")
    assert ratings.year[0] == 1930 and ratings.year_known.all()
    dtypes = [ratings.user, ratings.item, ratings.rating, ratings.timestamp, ratings.year]
    assert [x.dtype.name for x in dtypes] == ["int32", "int32", "float32", "int64", "int32"]


def test_the_layout_of_grouplens_says_the_same(folder, tmp_path, truth):
    atomic = read_movielens(folder)
    own = read_movielens(synthetic_ratings.write_grouplens(tmp_path / "own", truth))
    for name, expected in vars(atomic).items():
        np.testing.assert_array_equal(getattr(own, name), expected, err_msg=name)


def test_an_unknown_year_or_genre_is_marked_not_guessed(folder):
    def change(lines):
        lines[1] = "101\tFilm 0\tunkonwn\tunknown"
        lines[2] = "102\tFilm 1\tV\t"

    edit(folder / "ml-100k.item", change)
    ratings = read_movielens(folder)
    assert list(ratings.year_known[:3]) == [False, False, True]
    assert list(ratings.year[:2]) == [0, 0]
    assert not ratings.genres[:2].any() and "unknown" not in ratings.genre_names


def test_columns_may_stand_in_another_order(folder, truth):
    def change(lines):
        lines[:] = ["\t".join(reversed(line.split("\t"))) for line in lines]

    edit(folder / "ml-100k.inter", change)
    np.testing.assert_array_equal(read_movielens(folder).item, truth.item)


def test_a_missing_folder_is_refused(tmp_path):
    assert "must be a folder with MovieLens files, got nothing there" in refusal(tmp_path / "no")


def test_a_file_instead_of_a_folder_is_refused(folder):
    assert "must be a folder with MovieLens files, got a file" in refusal(folder / "ml-100k.inter")


def test_a_folder_without_ratings_is_refused(tmp_path):
    assert (
        "must hold one file of ratings, ml-100k.inter, u.data, ratings.csv or ratings.dat, got none"
        in refusal(tmp_path)
    )


@pytest.mark.parametrize("name", ["ml-100k.item", "ml-100k.user"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    assert f"{name}: must be a file, there is none" in refusal(folder)


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("name", ["ml-100k.inter", "ml-100k.item", "ml-100k.user"])
def test_an_empty_file_is_refused(folder, name, keep):
    edit(folder / name, lambda lines: lines.__delitem__(slice(keep, None)))
    assert f"{name}: must have at least one row, got an empty file" in refusal(folder)


def test_a_file_cut_off_within_a_line_is_refused(folder):
    path = folder / "ml-100k.inter"
    path.write_text("\n".join(path.read_text().splitlines()[:7]) + "\n12\t1")
    assert (
        "ml-100k.inter, line 8: must have 4 fields, got 2; it is the last line: the file looks "
        "cut off" in refusal(folder)
    )


def test_a_file_cut_off_within_the_last_field_is_refused(folder):
    path = folder / "ml-100k.item"
    path.write_text(path.read_text()[:-3])
    assert "line 41: must end with a line break, got the end of the file" in refusal(folder)


@pytest.mark.parametrize("name", ["ml-100k.item", "ml-100k.user"])
def test_a_file_cut_off_between_lines_is_refused(folder, name):
    edit(folder / name, lambda lines: lines.pop())
    column = "item_id" if name.endswith("item") else "user_id"
    assert f"'{column}' must be listed in {name}, got '" in refusal(folder)


def test_a_line_of_another_length_is_refused(folder):
    edit(folder / "ml-100k.inter", lambda lines: lines.insert(3, "1\t2\t3\t4\t5"))
    message = refusal(folder)
    assert "ml-100k.inter, line 4: must have 4 fields, got 5" in message
    assert "cut off" not in message


@pytest.mark.parametrize(
    ("name", "column"),
    [("inter", "rating"), ("inter", "user_id"), ("item", "class"), ("user", "user_id")],
)
def test_a_missing_column_is_refused(folder, name, column):
    path = folder / f"ml-100k.{name}"
    edit(path, lambda lines: lines.__setitem__(0, lines[0].replace(column, "other")))
    assert f"ml-100k.{name}, line 1: must name a column '{column}', got [" in refusal(folder)


@pytest.mark.parametrize("rating", ["0", "5.5", "-1", "nan", "inf", "good", ""])
def test_a_rating_that_is_no_number_from_1_to_5_is_refused(folder, rating):
    edit(folder / "ml-100k.inter", lambda lines: lines.__setitem__(2, f"1\t101\t{rating}\t5"))
    assert f"line 3: 'rating' must be a number from 1 to 5, got '{rating}'" in refusal(folder)


def test_a_time_stamp_that_is_no_number_is_refused(folder):
    edit(folder / "ml-100k.inter", lambda lines: lines.__setitem__(2, "1\t101\t3\tmonday"))
    assert "line 3: 'timestamp' must be a number from 0 to" in refusal(folder)


def test_a_pair_rated_twice_is_refused_with_both_lines(folder):
    edit(folder / "ml-100k.inter", lambda lines: lines.insert(9, lines[4]))
    message = refusal(folder)
    assert "ml-100k.inter, line 10: each pair of user and item must be rated once" in message
    assert "again, first on line 5 (1 such lines)" in message


@pytest.mark.parametrize("name", ["item", "user"])
def test_a_name_listed_twice_is_refused(folder, name):
    edit(folder / f"ml-100k.{name}", lambda lines: lines.append(lines[1]))
    assert f"each '{name}_id' must occur once, got '" in refusal(folder)


def test_users_without_ratings_are_refused_by_name(folder):
    def change(lines):
        lines.extend(f"{name}\t30\tM\tother\t00000" for name in range(901, 908))

    edit(folder / "ml-100k.user", change)
    message = refusal(folder)
    assert "every user must have a rating in ml-100k.inter" in message
    assert "got none of user 901, 902, 903, 904, 905 and 2 more" in message


def test_an_item_unknown_to_its_file_is_refused(folder):
    edit(folder / "ml-100k.inter", lambda lines: lines.__setitem__(2, "1\t999\t3\t5"))
    assert "line 3: 'item_id' must be listed in ml-100k.item, got '999'" in refusal(folder)


def test_text_of_another_encoding_is_refused(folder):
    path = folder / "ml-100k.item"
    path.write_bytes(path.read_bytes().replace(b"Film 3", b"Caf\xe9"))
    assert "ml-100k.item: must be utf-8 text" in refusal(folder)


def test_reading_needs_no_tensorflow():
    code = "import sys, recsim_ng.datasets; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif("RECSIM_NG_MOVIELENS" not in os.environ, reason="needs the real files")
def test_the_real_files_have_their_published_figures():
    ratings = read_movielens(os.environ["RECSIM_NG_MOVIELENS"])
    assert (ratings.num_users, ratings.num_items, ratings.num_ratings) == (943, 1682, 100_000)
    assert round(float(ratings.rating.mean(dtype=np.float64)), 3) == 3.530
    assert round(float(ratings.rating.std(dtype=np.float64)), 3) == 1.126
    per_user = np.quantile(ratings.ratings_per_user, [0, 0.25, 0.5, 0.75, 0.99, 1])
    assert list(np.floor(per_user)) == [20, 33, 65, 148, 442, 737]
    popularity = np.sort(ratings.ratings_per_item)
    ranks = 2 * np.arange(1, 1683) - 1683
    assert round(float(ranks @ popularity / (1682 * popularity.sum())), 2) == 0.63
    assert len(ratings.genre_names) == 18
    assert (~ratings.year_known).sum() == 2
    assert ratings.titles[0] == "Toy Story" and ratings.year[0] == 1995


@pytest.mark.skipif("RECSIM_NG_MOVIELENS" not in os.environ, reason="needs the real files")
def test_taste_predicts_held_out_real_ratings_better_with_every_step():
    ratings = read_movielens(os.environ["RECSIM_NG_MOVIELENS"])
    held_out = np.arange(ratings.num_ratings) % 10 == 0
    taste = estimate_taste(subset(ratings, ~held_out))
    user, item = ratings.user[held_out], ratings.item[held_out]
    steps = [np.full(len(item), taste.usual_item_mean), taste.item_mean[item]]
    steps.append(steps[-1] + taste.user_offset[user])
    steps.append(steps[-1] + np.sum(taste.affinity[user] * taste.genres[item], axis=1))
    errors = [np.sqrt(np.mean((ratings.rating[held_out] - p) ** 2)) for p in steps]
    assert errors == sorted(errors, reverse=True)
    np.testing.assert_allclose(errors[1:], [1.025, 0.943, 0.927], atol=0.02)


def subset(ratings, rows):
    import dataclasses

    kept = {name: getattr(ratings, name)[rows] for name in ("user", "item", "rating", "timestamp")}
    return dataclasses.replace(ratings, **kept)


@pytest.mark.parametrize("name", ["~nosuchuser/x", "x" * 5000])
def test_a_folder_that_cannot_be_is_named(name):
    with pytest.raises(DataError, match="must be a folder with MovieLens files, got nothing there"):
        read_movielens(name)
