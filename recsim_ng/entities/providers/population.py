"""A population of content providers who live, move, leave and come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.entity import Entity
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.providers.creation_rate import CreationRate
from recsim_ng.entities.providers.demand import DemandDrift
from recsim_ng.entities.providers.entry_exit import EntryExit
from recsim_ng.entities.providers.viability import Viability


class ProviderPopulation(Entity):
    """P places for providers: `Viability`, `EntryExit`, `DemandDrift` and `CreationRate` together.

    With exposure_t and clicks_t the documents of each provider that were shown and chosen at t:

        viability_{t+1}     by exposure_t and clicks_t (Viability); first_viability for who enters
        is_active_{t+1}     by viability_{t+1} (EntryExit)
        provider_mean_0     ~ N(0, provider_spread I), unless provider_means are given
        provider_mean_{t+1} ~ N(drifted mean (DemandDrift), mean_noise I) of who stays,
                              N(0, provider_spread I) of who enters
        provider_uid_{t+1}  = p + P (t + 1) of who enters at place p: nobody has a predecessor's
                              (a number of 64 bits, and no index of one of the P places)

    All are active at first. Scales are standard deviations.

    Args:
      config: as for the four, and num_providers (P), num_topics (K), num_users (U), slate_size (S);
        if there, provider_means (`[P, K]`), provider_spread (1), mean_noise (0.01) and
        first_viability (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ProviderPopulation") -> None:
        super().__init__(name)
        settings = Settings(name, config)
        self._shape = (settings.whole("num_providers", 1), settings.whole("num_topics", 1))
        self._num_users = settings.whole("num_users", 1)
        self._slate_size = settings.whole("slate_size", 1)
        self._viability, self._turnover = Viability(config), EntryExit(config)
        self._drift, self._creation = DemandDrift(config), CreationRate(config)
        self._spread = settings.real("provider_spread", 1e-6, 1e6, default=1.0)
        self._mean_noise = settings.real("mean_noise", 1e-6, 1e6, default=0.01)
        self._first = settings.real("first_viability", -1e6, 1e6, default=1.0)
        self._means = None
        if settings.get("provider_means", None) is not None:
            means = settings.numbers("provider_means", shape=self._shape, exact=True)
            self._means = tf.cast(means, tf.float32)

    @property
    def num_providers(self) -> int:
        """P."""
        return self._shape[0]

    def initial_state(self) -> Value:
        """Returns the providers at step 0."""
        providers = self._shape[0]
        means = self._means
        if means is None:
            means = ed.Normal(loc=tf.zeros(self._shape), scale=self._spread, name="provider_mean")
        nobody, zeros = tf.zeros([providers], tf.bool), tf.zeros([providers])
        return Value(
            viability=tf.fill([providers], float(self._first)),
            provider_mean=means,
            provider_uid=tf.range(providers, dtype=tf.int64),
            is_active=~nobody,
            has_left=nobody,
            has_entered=nobody,
            exit_draw=tf.zeros([providers], tf.int32),
            entry_draw=tf.zeros([providers], tf.int32),
            exposure=zeros,
            clicks=zeros,
        )

    def next_state(
        self, previous_state: Value, user_response: Value, slate_docs: Value, step: Any
    ) -> Value:
        """Returns the providers after a step.

        Args:
          previous_state: the providers at t - 1.
          user_response: choice `[U]`.
          slate_docs: provider_id `[U, S]` int32 and doc_features `[U, S, K]`.
          step: t, an int32 scalar.
        """
        providers = self._shape[0]
        shown = tf.reshape(slate_docs.get("provider_id"), [-1])
        choice = tf.convert_to_tensor(user_response.get("choice"))
        chosen = get_chosen(slate_docs.at("provider_id", "doc_features"), choice)
        exposure = self._count(shown)
        clicks = self._count(chosen.get("provider_id"))
        viability = self._viability.next_state(
            previous_state.get("viability"),
            exposure * (providers / (self._num_users * self._slate_size)),
            clicks * (providers / self._num_users),
        )
        draws = self._turnover.draws(viability)
        turned = self._turnover.next_state(previous_state.get("is_active"), draws)
        enters = turned.get("has_entered")
        drifted = self._drift.next_means(
            tf.convert_to_tensor(previous_state.get("provider_mean")),
            chosen.get("doc_features"),
            choice < self._slate_size,
        )
        mean = ed.Normal(
            loc=tf.where(enters[:, None], 0.0, drifted),
            scale=tf.where(enters, float(self._spread), float(self._mean_noise))[:, None],
            name="provider_mean",
        )
        uid = tf.range(providers, dtype=tf.int64) + providers * tf.cast(step, tf.int64)
        state = Value(
            viability=tf.where(enters, float(self._first), viability),
            provider_mean=mean,
            provider_uid=tf.where(enters, uid, previous_state.get("provider_uid")),
            exposure=exposure,
            clicks=clicks,
        )
        return state.union(turned).union(draws)

    def creation_logits(self, state: Value) -> Any:
        """Returns `[P]` float32 logits of who makes a new document.

        Args:
          state: the current providers.
        """
        return self._creation.logits(state.get("viability"), state.get("is_active"))

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        providers, dims = (self._shape[0],), ("provider",)
        count = Space.box(0.0, np.inf, providers, dims=dims)
        most = np.iinfo(np.int64).max
        turnover = self._turnover.specs()
        state = ValueSpec(
            viability=self._viability.specs(),
            provider_mean=Space.box(-np.inf, np.inf, self._shape, dims=("provider", "topic")),
            provider_uid=Space.box(0, most, providers, np.int64, dims=dims),
            exposure=count,
            clicks=count,
        )
        return ValueSpec(state=state.union(turnover.get("state")).union(turnover.get("draws")))

    def _count(self, provider_id: Any) -> Any:
        """`[P]` float32 how often each provider occurs; negative numbers are nobody's."""
        ones = tf.ones_like(provider_id, tf.float32)
        return tf.math.unsorted_segment_sum(ones, provider_id, self._shape[0])
