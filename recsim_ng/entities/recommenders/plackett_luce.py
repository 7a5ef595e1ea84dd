"""The recommender that softens another one's ranking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.matrix_factorisation import MatrixFactorisationRecommender
from recsim_ng.entities.recommenders.slate_policy import SlatePolicyRecommender
from recsim_ng.entities.recommenders.wrapped import Constructor, WrappedRecommender


class PlackettLuceRecommender(WrappedRecommender, SlatePolicyRecommender):
    """Draws slates by a Plackett-Luce law whose logits are another recommender's scores.

        logits_t[u, d] = scores_t[u, d] / temperature

    Low temperatures show the best, high ones anything. The slate has the field log_propensity, the
    exact log-probability of what it shows, given state, observation and the base's own draws.

    Args:
      config: as for the base and for `SlatePolicyRecommender`, and, if there, temperature (1.0), in
        units of the base's scores.
      base: the constructor of a recommender that shows its highest scores.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for the base, or the temperature is not positive.

    Source: Plackett (1975), The analysis of permutations; Luce (1959), Individual choice behavior.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        base: Constructor = MatrixFactorisationRecommender,
        name: str = "PlackettLuceRecommender",
    ) -> None:
        super().__init__(config, base, name)
        self._temperature = Settings(name, config).real("temperature", 1e-6, 1e9, default=1.0)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns the logits.

        Args:
          recommender_state: the base's.
          user_observation: what the base reads.
          available_docs: the D documents.
          draws: the base's.
        """
        base = super().scores(recommender_state, user_observation, available_docs, draws)
        return base / self._temperature
