"""The recommender that reads minds, and thinks no further than this step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class MyopicUtilityRecommender(RankingRecommender):
    """Shows each user the documents that are worth most to them now, as the story knows it.

    The score is the vocabulary's `utility`, for which the observation must show what it reads. No
    other slate is worth more at this step; later ones may be, since what is shown moves users.

    Args:
      config: as for `RankingRecommender`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `RankingRecommender`, or the story's vocabulary has no
        utility.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "MyopicUtilityRecommender") -> None:
        super().__init__(config, name)
        self._vocabulary.require(name, "utility")

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` the documents' worth.

        Args:
          recommender_state: not read.
          user_observation: what the vocabulary's utility reads.
          available_docs: what the vocabulary's utility reads.
          draws: not read.
        """
        del recommender_state, draws
        utility: Any = self._vocabulary.utility
        return utility(user_observation, available_docs)
