"""What people like: items' quality and people's affinity to genres, out of their ratings."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.datasets.ratings import Ratings
from recsim_ng.datasets.shrinkage import estimate_group_effects


@dataclasses.dataclass(frozen=True, eq=False)
class Taste:
    """The additive model of ratings, estimated. U users, D items, K genres; all in stars.

        rating of item d by user u = item_mean[d] + user_offset[u]
                                     + sum over k of genres[d, k] affinity[u, k] + noise

    Attributes:
      item_mean: `[D]` float32 shrunken mean rating of each item.
      usual_item_mean: the mean rating of an item of which nothing is known.
      popularity: `[D]` int64 number of ratings that each item got.
      user_offset: `[U]` float32 by how much a person rates higher than others would.
      affinity: `[U, K]` float32 by how much more a person likes an item for having a genre.
      genres: `[D, K]` float32, 1 where an item has a genre, else 0.
      item_sd: standard deviation of items' true mean ratings.
      offset_sd: standard deviation of people's true offsets.
      affinity_sd: standard deviation of people's true affinities to a genre.
      residual_sd: standard deviation of what the model leaves unexplained in a rating.
    """

    item_mean: np.ndarray
    usual_item_mean: float
    popularity: np.ndarray
    user_offset: np.ndarray
    affinity: np.ndarray
    genres: np.ndarray
    item_sd: float
    offset_sd: float
    affinity_sd: float
    residual_sd: float

    @property
    def quality(self) -> np.ndarray:
        """`[D]` float32 by how much an item is liked better than the usual one."""
        return (self.item_mean - np.float32(self.usual_item_mean)).astype(np.float32)


def estimate_taste(ratings: Ratings) -> Taste:
    """Estimates items' quality and people's taste by empirical Bayes, one after the other.

    Three one-way random-effects models, each on what the one before leaves; the shrinkage and the
    variance components are those of `estimate_group_effects`:

      1. item_mean[d]: the shrunken mean of the ratings of item d;
      2. user_offset[u]: the shrunken mean of rating - item_mean over the ratings by u;
      3. affinity[u, k]: the shrunken mean of rating - item_mean - user_offset over the ratings by
         u of items with genre k,

           affinity[u, k] = sum of the n_uk residuals / (n_uk + within^2 / between^2),

         drawn towards 0, so that a person is neutral to a genre that they never rated. A rating
         of an item with several genres counts in each of them.

    Because the steps come one after the other, affinities come out about a seventh too small where
    people rate some 80 items each. On MovieLens 100K, with a tenth
    of the ratings held out, the root mean squared error is 1.025 with step 1 alone, 0.943 with 2
    and 0.927 with 3; a joint regression on all genres, with a variance for each, gives 0.926.

    Args:
      ratings: who rated what and how.

    Returns:
      The estimates.

    Raises:
      DataError: there are too few ratings to tell the variances apart.
    """
    pairs = ratings.num_users, len(ratings.genre_names)
    items = estimate_group_effects(ratings.rating, ratings.item, ratings.num_items)
    residual = ratings.rating - items.group_mean[ratings.item]
    users = estimate_group_effects(residual, ratings.user, ratings.num_users)
    residual = residual - users.group_mean[ratings.user]
    row, genre = np.nonzero(ratings.genres[ratings.item])
    tastes = estimate_group_effects(
        residual[row], ratings.user[row] * pairs[1] + genre, pairs[0] * pairs[1]
    )
    affinity = tastes.effect.reshape(pairs)
    explained = np.sum(affinity[ratings.user] * ratings.genres[ratings.item], axis=-1)
    return Taste(
        item_mean=items.group_mean.astype(np.float32),
        usual_item_mean=items.mean,
        popularity=items.count,
        user_offset=users.group_mean.astype(np.float32),
        affinity=affinity.astype(np.float32),
        genres=ratings.genres.astype(np.float32),
        item_sd=items.between_sd,
        offset_sd=users.between_sd,
        affinity_sd=tastes.between_sd,
        residual_sd=float(np.std(residual - explained)),
    )
