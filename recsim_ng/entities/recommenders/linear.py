"""Recommenders that learn a Bayesian linear regression for each user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class LinearRecommender(RankingRecommender):
    """Learns by how much each user rewards the features of documents.

    Document d has features x_t[u, d]: those that the vocabulary names, a constant 1, and, if
    `repetition` names a field g of the documents, how much of it u chose lately:

        recent_t[u] . g[d] / max(1, sum of g[d]),    recent_0 = 0
        recent_{t+1}[u] = repetition_decay recent_t[u] + g[c]     (g[c] = 0 if nothing is chosen)

    What is observed of user u at step t: where the story has a reward, that of the chosen document;
    else each document on the slate, 1 if it was chosen and 0 if not. The model of an observation y
    of the document d:

        weights[u] ~ N(mean_0, root_0 root_0')
        y          ~ N(weights[u] . x_t[u, d], reward_noise)

    Each observation, one after the other, moves mean and root to

        f = root' x,  v = f.f + reward_noise^2
        mean + root f (y - mean . x) / v
        root - root f f' / (v + reward_noise sqrt(v))

    so that N(mean_t, root_t root_t') is the exact posterior given all observed before step t; it is
    Potter's rule, which updates a square root without inverting a matrix. A subclass says how
    documents are scored. F counts all features together.

    Args:
      config: as for `RankingRecommender`, and, if there, reward_noise (0.5), prior_mean (0) and
        prior_sd (1), both numbers or `[F]`, repetition (""), repetition_decay (0.8), exploration
        (1.0): by how many posterior standard deviations; 0: greedy.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `RankingRecommender`, or the story has no features.

    Source: Bierman, Factorization Methods for Discrete Sequential Estimation, 1977, chapter II.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LinearRecommender") -> None:
        super().__init__(config, name)
        self._vocabulary.require(name, "features")
        settings = Settings(name, config)
        self._repetition = settings.get("repetition", "")
        self._num_kinds = 0
        if self._repetition:
            check.one_of(name, "repetition", self._repetition, list(self._vocabulary.docs))
            shape = self._vocabulary.docs.get(self._repetition).space.shape
            if len(shape) != 2:
                raise ConfigError(
                    f"{name}: repetition must name a field of kinds, [D, K], got "
                    f"{self._repetition!r} of shape {list(shape)}"
                )
            self._num_kinds = shape[1]
        self._num_static = self._vocabulary.num_features + 1
        self._num_features = self._num_static + bool(self._repetition)
        per_feature = (self._num_features,)
        mean = settings.numbers("prior_mean", shape=per_feature, default=0.0)
        sd = settings.numbers("prior_sd", 0.0, shape=per_feature, default=1.0)
        self._prior_mean = np.broadcast_to(np.asarray(mean, np.float32), per_feature)
        self._prior_sd = np.broadcast_to(np.asarray(sd, np.float32), per_feature)
        self._reward_noise = settings.real("reward_noise", 1e-6, 1e6, default=0.5)
        self._decay = settings.real("repetition_decay", 0.0, 1.0, default=0.8)
        self._exploration = settings.real("exploration", 0.0, 1e6, default=1.0)

    def initial_state(self) -> Value:
        """Returns the prior: mean `[U, F]`, root `[U, F, F]`, recent `[U, K]`."""
        users = self._num_users
        prior = Value(
            mean=tf.tile(self._prior_mean[None], [users, 1]),
            root=tf.tile(np.diag(self._prior_sd)[None], [users, 1, 1]),
        )
        if self._repetition:
            prior = prior.union(Value(recent=tf.zeros([users, self._num_kinds])))
        return super().initial_state().union(prior)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the posterior after what was observed at this step.

        Args:
          previous_state: mean `[U, F]`, root `[U, F, F]`, recent `[U, K]`.
          user_response: choice `[U]`, and the vocabulary's reward `[U]`.
          slate_docs: the documents' features.
        """
        mean, root = previous_state.get("mean"), previous_state.get("root")
        choice = tf.convert_to_tensor(user_response.get("choice"))
        x = self._with_constant(self._vocabulary.features_of(slate_docs))
        kept = Value()
        if self._repetition:
            recent, kinds = previous_state.get("recent"), slate_docs.get(self._repetition)
            repeated = tf.reduce_sum(recent[:, None] * shares(kinds), axis=-1, keepdims=True)
            x = tf.concat([x, repeated], axis=-1)
            chosen = get_chosen(Value(kinds=kinds), choice, nochoice_value=0).get("kinds")
            kept = Value(recent=self._decay * recent + chosen)
        if self._vocabulary.reward:
            # All 0 where nothing was chosen: nothing is learnt.
            chosen = get_chosen(Value(x=x), choice, nochoice_value=0).get("x")
            mean, root = self._observe(mean, root, chosen, self.reward(user_response))
        else:
            for place in range(self._slate_size):
                is_chosen = tf.cast(choice == place, tf.float32)
                mean, root = self._observe(mean, root, x[:, place], is_chosen)
        before = super().next_state(previous_state, user_response, slate_docs)
        return before.union(Value(mean=mean, root=root)).union(kept)

    def _observe(self, mean: Any, root: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Mean `[U, F]` and root `[U, F, F]` after one observation y `[U]` of features `[U, F]`."""
        f = tf.reduce_sum(root * x[:, :, None], axis=1)
        v = tf.reduce_sum(f * f, axis=-1) + self._reward_noise**2
        along = tf.reduce_sum(root * f[:, None, :], axis=-1)  # root f, the direction of the gain
        step = (along / (v + self._reward_noise * tf.sqrt(v))[:, None])[:, :, None] * f[:, None, :]
        surprise = y - tf.reduce_sum(mean * x, axis=-1)
        return mean + along * (surprise / v)[:, None], root - step

    def _with_constant(self, x: Any) -> Any:
        return tf.concat([x, tf.ones_like(x[..., :1])], axis=-1)

    def features(self, available_docs: Value) -> Any:
        """Returns `[D, F0 + 1]` the features that are the same for all users, a constant last.

        Args:
          available_docs: the D documents.
        """
        return self._with_constant(self._vocabulary.features_of(available_docs))

    def repetition(self, recommender_state: Value, available_docs: Value) -> Any:
        """Returns `[u, D]` how much of each document's kinds its user chose lately.

        Args:
          recommender_state: recent `[u, K]`.
          available_docs: the field that `repetition` names, `[D, K]`.
        """
        kinds = shares(available_docs.get(self._repetition))
        return tf.matmul(recommender_state.get("recent"), kinds, transpose_b=True)

    def value_of(self, weights: Any, recommender_state: Value, available_docs: Value) -> Any:
        """Returns `[u, D]` weights . x_t.

        Args:
          weights: `[u, F]`.
          recommender_state: recent `[u, K]`.
          available_docs: the D documents.
        """
        static = self._num_static
        value = tf.matmul(weights[:, :static], self.features(available_docs), transpose_b=True)
        if self._repetition:
            value += weights[:, static:] * self.repetition(recommender_state, available_docs)
        return value

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users, features = self._num_users, self._num_features

        def floats(*shape: int, dims: tuple[str, ...]) -> Space:
            return Space.box(-np.inf, np.inf, shape, dims=("user", *dims))

        state = {
            "mean": floats(users, features, dims=("feature",)),
            "root": floats(users, features, features, dims=("feature", "root")),
        }
        if self._repetition:
            state["recent"] = floats(users, self._num_kinds, dims=("kind",))
        return super().specs().union(ValueSpec(state=ValueSpec(**state)))


def shares(kinds: Any) -> Any:
    """Returns `[..., K]` float32 shares: each of a document's kinds counts equally, one in all.

    Args:
      kinds: `[..., K]` float32, 1 where a document is of a kind; one of no kind has no shares.
    """
    return kinds / tf.maximum(tf.reduce_sum(kinds, axis=-1, keepdims=True), 1.0)
