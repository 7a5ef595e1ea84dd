"""Small ratings files in the formats of MovieLens, out of a model with a known truth."""

import dataclasses
import pathlib

import numpy as np

GENRES = ("Action", "Comedy", "Drama", "Horror", "Western")


@dataclasses.dataclass(frozen=True)
class Truth:
    """The parameters behind simulated ratings, in stars. U users, D items, K genres."""

    item_mean: np.ndarray  # [D]
    offset: np.ndarray  # [U]
    affinity: np.ndarray  # [U, K]
    genres: np.ndarray  # [D, K] bool
    user: np.ndarray  # [R]
    item: np.ndarray  # [R]
    rating: np.ndarray  # [R] without rounding or limits


def simulate(
    rng,
    *,
    num_users=30,
    num_items=40,
    ratings_per_user=20,
    genres_per_item=1,
    usual=3.0,
    item_sd=0.5,
    offset_sd=0.4,
    affinity_sd=0.2,
    noise_sd=0.9,
) -> Truth:
    """Ratings by the additive model of `recsim_ng.datasets.Taste`; everybody rates other items."""
    num_genres = len(GENRES)
    item_mean = rng.normal(usual, item_sd, num_items)
    offset = rng.normal(0, offset_sd, num_users)
    affinity = rng.normal(0, affinity_sd, (num_users, num_genres))
    genres = rng.permuted(np.tile(np.arange(num_genres) < genres_per_item, (num_items, 1)), axis=1)
    item = np.argsort(rng.random((num_users, num_items)), axis=1)[:, :ratings_per_user].ravel()
    user = np.repeat(np.arange(num_users), ratings_per_user)
    rating = item_mean[item] + offset[user] + np.sum(affinity[user] * genres[item], axis=1)
    rating += rng.normal(0, noise_sd, len(rating))
    return Truth(item_mean, offset, affinity, genres, user, item, rating)


def stars(truth: Truth) -> np.ndarray:
    """`[R]` whole stars from 1 to 5, as people give them."""
    return np.clip(np.rint(truth.rating), 1, 5).astype(int)


def write_atomic(folder: pathlib.Path, truth: Truth) -> pathlib.Path:
    """Writes ml-100k.{inter,item,user}; users are numbered from 1, items from 101."""
    folder.mkdir(parents=True, exist_ok=True)
    num_items, num_users = len(truth.item_mean), len(truth.offset)
    _write(
        folder / "ml-100k.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float",
        *(
            f"{u + 1}\t{d + 101}\t{r}\t{880000000 + n}"
            for n, (u, d, r) in enumerate(zip(truth.user, truth.item, stars(truth), strict=True))
        ),
    )
    _write(
        folder / "ml-100k.item",
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
        *(
            f"{d + 101}\tFilm {d}\t{1930 + d % 69}\t{' '.join(np.array(GENRES)[truth.genres[d]])}"
            for d in range(num_items)
        ),
    )
    _write(
        folder / "ml-100k.user",
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token",
        *(f"{u + 1}\t{20 + u % 50}\t{'MF'[u % 2]}\tother\t00000" for u in range(num_users)),
    )
    return folder


def write_grouplens(folder: pathlib.Path, truth: Truth) -> pathlib.Path:
    """Writes u.data, u.item and u.user with the same content."""
    from recsim_ng.datasets import grouplens

    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "u.data",
        *(
            f"{u + 1}\t{d + 101}\t{r}\t{880000000 + n}"
            for n, (u, d, r) in enumerate(zip(truth.user, truth.item, stars(truth), strict=True))
        ),
    )
    flags = [
        [int(name in np.array(GENRES)[has]) for name in grouplens.GENRES] for has in truth.genres
    ]
    _write(
        folder / "u.item",
        *(
            f"{d + 101}|Film {d} ({1930 + d % 69})|01-Jan-{1930 + d % 69}||http://|"
            + "|".join(map(str, row))
            for d, row in enumerate(flags)
        ),
    )
    _write(
        folder / "u.user",
        *(f"{u + 1}|{20 + u % 50}|{'MF'[u % 2]}|other|00000" for u in range(len(truth.offset))),
    )
    return folder


def _write(path: pathlib.Path, *lines: str) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))
