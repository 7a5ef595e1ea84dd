"""The layouts of later MovieLens sets say what the older ones say."""

import csv

import numpy as np
import pytest

from recsim_ng.core.errors import DataError
from recsim_ng.datasets import read_movielens
from tests import synthetic_ratings


@pytest.fixture
def expected(tmp_path, rng):
    truth = synthetic_ratings.simulate(rng, genres_per_item=2)
    return read_movielens(synthetic_ratings.write_atomic(tmp_path / "old", truth))


def write(folder, ratings, kind):
    """Writes ratings and movies as .csv with a header, or as .dat with "::" and none."""
    folder.mkdir()
    rows = [
        (ratings.user_ids[u], ratings.item_ids[i], r, t)
        for u, i, r, t in zip(
            ratings.user, ratings.item, ratings.rating, ratings.timestamp, strict=True
        )
    ]
    movies = []
    for d, name in enumerate(ratings.item_ids):
        genres = [g for g, has in zip(ratings.genre_names, ratings.genres[d], strict=True) if has]
        year = f" ({ratings.year[d]})" if ratings.year_known[d] else ""
        movies.append(
            (name, f"{ratings.titles[d]}{year}", "|".join(genres) or "(no genres listed)")
        )
    headers = ("userId", "movieId", "rating", "timestamp"), ("movieId", "title", "genres")
    for name, header, lines in zip(("ratings", "movies"), headers, (rows, movies), strict=True):
        with open(folder / f"{name}.{kind}", "w", newline="") as file:
            if kind == "csv":
                csv.writer(file).writerows([header, *lines])
            else:
                file.writelines("::".join(map(str, line)) + "\n" for line in lines)
    return folder


@pytest.mark.parametrize("kind", ["csv", "dat"])
def test_later_layouts_say_the_same(expected, tmp_path, kind):
    found = read_movielens(write(tmp_path / "new", expected, kind))
    for name, x in vars(expected).items():
        x = (0.5, 5.0) if name == "scale" else x
        np.testing.assert_array_equal(getattr(found, name), x, err_msg=name)


def test_titles_with_commas_and_films_without_genres_or_year(expected, tmp_path):
    folder = write(tmp_path / "new", expected, "csv")
    lines = (folder / "movies.csv").read_text().splitlines()
    lines[1] = '101,"Film, The (1995)",Drama|Western'
    lines[2] = "102,Film 1,(no genres listed)"
    (folder / "movies.csv").write_text("\n".join(lines))
    found = read_movielens(folder)
    assert found.titles[:2] == ("Film, The", "Film 1")
    assert found.year[0] == 1995 and found.year_known[:2].tolist() == [True, False]
    named = np.array(found.genre_names)
    assert named[found.genres[0]].tolist() == ["Drama", "Western"] and not found.genres[1].any()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,999,3,5", "'movieId' must be one of the 40 items given, got '999' (1 unknown items"),
        ("1,101,5.5,5", "'rating' must be a number from 0.5 to 5, got '5.5'"),
    ],
)
def test_bad_ratings_are_refused(expected, tmp_path, row, message):
    path = write(tmp_path / "new", expected, "csv") / "ratings.csv"
    lines = path.read_text().splitlines()
    lines[2] = row
    path.write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        read_movielens(path.parent)
    assert str(caught.value).startswith(f"{path}, line 3: {message}")


def test_a_missing_file_of_films_is_refused(expected, tmp_path):
    folder = write(tmp_path / "new", expected, "csv")
    (folder / "movies.csv").unlink()
    with pytest.raises(DataError, match="movies.csv: must be a file, got nothing there"):
        read_movielens(folder)
