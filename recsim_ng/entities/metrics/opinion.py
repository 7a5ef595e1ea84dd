"""Metrics of how far apart users are, and how alike in what they consume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.metrics.measured import MeasuredMetrics
from recsim_ng.entities.metrics.opinion_distance import (
    disagreement,
    mean_pairwise_jaccard,
    polarisation,
)
from recsim_ng.entities.metrics.source import SourceField, spoilt
from recsim_ng.entities.networks import SocialNetwork
from recsim_ng.entities.recommendation import RecsMetricsBase


class OpinionMetrics(MeasuredMetrics):
    """The polarisation of users' interests and, with a network, the disagreement of neighbours.

    Args:
      config: reads num_users (U).
      network: who is whose neighbour; None: only polarisation.
      field: of the user state, `[U, K]` float32.
      keep: as for `MeasuredMetrics`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the network is of other users.

    Source: the formulas are in `opinion_distance`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        network: SocialNetwork | None = None,
        *,
        field: str = "interest",
        keep: Sequence[str] = ("step",),
        name: str = "OpinionMetrics",
    ) -> None:
        super().__init__(config, keep, name)
        if network is not None:
            check.instance(name, "network", network, SocialNetwork, "pass None for none")
        if network is not None and network.num_users != self._num_users:
            raise ConfigError(
                f"{name}: network must be of the {self._num_users} users of num_users, got one of "
                f"{network.num_users}"
            )
        self._network = network
        self._opinions = SourceField(name, "user_state", field)

    def measures(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Value:
        """Returns polarisation and, with a network, disagreement, float32 scalars."""
        del corpus_state, user_response, slate_docs
        opinions = self._opinions.of(user_state)
        measured = Value(polarisation=polarisation(opinions))
        if self._network is None:
            return measured
        return measured.union(Value(disagreement=disagreement(opinions, self._network)))

    def measure_specs(self) -> ValueSpec:
        """Returns the specs: scalars."""
        spec = Space.box(0.0, np.inf, (), dims=())
        apart = {} if self._network is None else {"disagreement": spec}
        return ValueSpec(polarisation=spec, **apart)


class HomogenisationMetrics(RecsMetricsBase):
    """How alike users are in what they have consumed so far.

        is_consumed_{t+1}[u, d] = is_consumed_t[u, d] or u chose document d at step t
        homogeneity             = mean Jaccard index of two different users' documents

    Nothing is consumed at step 0 and homogeneity is 0. It holds `[U, D]` and `[U, U]` numbers: for
    a few thousand users. An item beyond I-1 cannot be counted: from then on homogeneity is NaN, as
    in `ExposureMetrics`.

    Args:
      config: reads num_users (U) and num_docs (D).
      item: field of the slate, `[U, S]` integers: which item each document is, within 0..I-1.
      num_items: I; 0: D.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) num_items is negative, or item no name of a field.

    Source: Chaney, Stewart and Engelhardt (2018), How algorithmic confounding in recommendation
      systems increases homogeneity and decreases utility.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        item: str = "doc_ranks",
        num_items: int = 0,
        name: str = "HomogenisationMetrics",
    ) -> None:
        super().__init__(config, name)
        check.whole(name, "num_items", num_items, 0)
        self._item = SourceField(name, "slate_docs", item, "item")
        self._num_items = num_items or self._settings.whole("num_docs", 1)

    def initial_metrics(self) -> Value:
        """Returns nothing consumed."""
        nothing = tf.zeros([self._num_users, self._num_items], tf.bool)
        return Value(is_consumed=nothing, homogeneity=tf.zeros([]))

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the metrics with one more step."""
        del corpus_state, user_state
        shown = Value(item=self._item.numbers_of(slate_docs))
        item = get_chosen(shown, user_response.get("choice")).get("item")
        now = item[:, None] == tf.range(self._num_items, dtype=item.dtype)
        wrong = spoilt(item, -1, self._num_items, previous_metrics.get("homogeneity"))
        is_consumed = previous_metrics.get("is_consumed") | now
        homogeneity = mean_pairwise_jaccard(is_consumed) + wrong
        return Value(is_consumed=is_consumed, homogeneity=homogeneity)

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        shape = (self._num_users, self._num_items)
        return ValueSpec(
            state=ValueSpec(
                is_consumed=Space.box(0, 1, shape, np.bool_, dims=("user", "doc")),
                homogeneity=Space.box(0.0, 1.0, (), dims=()),
            )
        )
