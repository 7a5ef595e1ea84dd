"""WrappedRecommender: another recommender's scores, ranked in another way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender

Constructor = Callable[[Mapping[str, Any]], RankingRecommender]


class WrappedRecommender(RankingRecommender):
    """Keeps another recommender's state and takes its scores; a subclass ranks them differently.

    Args:
      config: as for the base.
      base: the constructor of a `RankingRecommender` that shows its highest scores.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the base is no constructor, or ranks in a way of its own.
    """

    def __init__(
        self, config: Mapping[str, Any], base: Constructor, name: str = "WrappedRecommender"
    ) -> None:
        super().__init__(config, name)
        check.function(name, "base", base, remedy="RECOMMENDERS['lin_ucb'] is one")
        self._base = base(config)
        shows_the_best = (
            isinstance(self._base, RankingRecommender)
            and type(self._base).rank is RankingRecommender.rank
        )
        if not shows_the_best:
            raise ConfigError(
                f"{name}: base must make a RankingRecommender that shows its highest scores, got a "
                f"{type(self._base).__name__}; take one that does"
            )

    def initial_state(self) -> Value:
        """Returns the base's state."""
        return self._base.initial_state()

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the base's state.

        Args:
          previous_state: the base's.
          user_response: what the base reads.
          slate_docs: what the base reads.
        """
        return self._base.next_state(previous_state, user_response, slate_docs)

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns the base's draws and those of the ranking.

        Args:
          recommender_state: the base's.
          user_observation: what the base reads.
          available_docs: the D documents.
        """
        parts = (recommender_state, user_observation, available_docs)
        return super().draws(*parts).union(self._base.draws(*parts))

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns the base's scores.

        Args:
          recommender_state: the base's.
          user_observation: what the base reads.
          available_docs: the D documents.
          draws: the base's.
        """
        return self._base.scores(recommender_state, user_observation, available_docs, draws)

    def specs(self) -> ValueSpec:
        """Returns the specs of the base's state, and of the slate with the ranking's fields."""
        mine, base = super().specs(), self._base.specs()
        added = {k: v for k, v in mine.get("slate").as_dict.items() if k not in base.get("slate")}
        return ValueSpec(state=base.get("state"), slate=base.get("slate").union(ValueSpec(**added)))
