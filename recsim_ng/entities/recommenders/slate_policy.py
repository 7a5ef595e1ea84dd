"""Recommenders that draw the slate, document after document, with a known probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import IteratedMultinomialLogitChoiceModel
from recsim_ng.entities.recommenders.picks import pick
from recsim_ng.entities.recommenders.random_slate import pick_noise, pick_noise_spec
from recsim_ng.entities.recommenders.ranking import RankingRecommender
from recsim_ng.entities.recommenders.slate import documents_at

_APART = 200.0  # exp(-200) is 0 beside 1 in float32


class SlatePolicyRecommender(RankingRecommender):
    """Draws each slate by a Plackett-Luce law; the scores are its logits.

        P(slate_t[u] = c_1 ... c_S) = prod_j exp(l_{c_j}) / (sum of exp(l_i) over documents i left)

    with l = scores_t[u]. The documents left are candidates not seen before, then, once there are
    none, candidates seen before, then all others. The slate's field
    log_propensity is the logarithm of that probability, and has gradients with respect to the
    scores.

    doc_ranks is one random variable of that law; with a `chunk`, for which no `[U, D]` array may be
    held, it follows from S uniform draws for each user, pick_noise.

    Args:
      config: as for `RankingRecommender`.
      name: of the entity.
    """

    picked: ClassVar[dict[str, tf.DType]] = {"doc_ranks": tf.int32, "log_propensity": tf.float32}

    def __init__(self, config: Mapping[str, Any], name: str = "SlatePolicyRecommender") -> None:
        super().__init__(config, name)
        self._choice_model = IteratedMultinomialLogitChoiceModel(
            self._slate_size, (self._num_users,), nochoice_logits=-np.inf
        )

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns pick_noise `[U, S]` if there is a chunk.

        Args:
          recommender_state: not read.
          user_observation: not read.
          available_docs: not read.
        """
        del recommender_state, user_observation, available_docs
        if not self._chunk:
            return Value()
        return Value(pick_noise=pick_noise(self._num_users, self._slate_size))

    def rank(self, scores: Any, tier: Any, draws: Value) -> Value:
        """Returns the picks by the uniform draws, and their log-probability.

        Args:
          scores: `[u, D]` or `[D]` logits.
          tier: as for `RankingRecommender`.
          draws: pick_noise `[u, S]`.
        """
        noise = tf.convert_to_tensor(draws.get("pick_noise"))
        ranks, log_propensity = pick(scores, tier, noise, self._num_docs)
        return Value(doc_ranks=ranks, log_propensity=log_propensity)

    def slate_docs(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns the slates.

        Args:
          recommender_state: as `initial_state` and `next_state` made it.
          user_observation: what the users show of themselves.
          available_docs: the D documents.

        Returns:
          doc_ranks `[U, S]` int32, log_propensity `[U]` float32, and the rest as
          `RankingRecommender` does.
        """
        parts = (recommender_state, user_observation, available_docs)
        if self._chunk:
            return super().slate_docs(*parts)
        draws = self.draws(*parts)
        users = Value(user_index=tf.range(self._num_users))
        logits = self.scores(*parts, draws.union(users))
        logits = tf.broadcast_to(logits, [self._num_users, self._num_docs])
        tier = self._tier(recommender_state, available_docs)
        if tier is not None:
            # Minus infinity says nothing of how far apart the others are: it stays last of all.
            best = tf.reduce_max(logits, -1, True)
            best = tf.where(best > -np.inf, best, 0.0)
            worst = tf.reduce_min(tf.where(logits > -np.inf, logits, best), -1, True)
            apart = tf.stop_gradient(best - worst) + _APART
            logits = logits - tf.stop_gradient(best) - apart * tf.cast(tier, tf.float32)
        ranks = self._choice_model.choice(logits).get("choice")
        log_propensity = ranks.distribution.log_prob(tf.stop_gradient(ranks))
        shown = documents_at(self._vocabulary, available_docs, tf.convert_to_tensor(ranks))
        return shown.union(Value(doc_ranks=ranks, log_propensity=log_propensity)).union(draws)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users = self._num_users
        added = {"log_propensity": Space.box(-np.inf, 0, (users,), dims=("user",))}
        if self._chunk:
            added["pick_noise"] = pick_noise_spec(users, self._slate_size)
        return super().specs().union(ValueSpec(slate=ValueSpec(**added)))
