"""The iterated multinomial logit choice model: several picks without replacement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.ordered_picks import OrderedPicks
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models.choice_model import ChoiceModel, dims_of, scores_of
from recsim_ng.entities.choice_models.multinomial_logit import all_logits


class IteratedMultinomialLogitChoiceModel(ChoiceModel):
    """Picks several documents one after the other, each by a multinomial logit among those left.

        P(c_1, ..., c_k) = prod_j exp(m_{c_j}) / (sum of exp(m_i) over i not among c_1 ... c_{j-1})

    where m_i = l_i + i b for the documents i = 0 .. S-1, with positional bias b, and m_S = n for no
    choice, which is an item like the others: once picked it is not picked again. Items of minus
    infinity come after all others, in the order of their places, no choice last. One random
    variable, whose log-probability is that of the ordered picks.

    Args:
      num_choices: k, the number of picks.
      batch_shape: of the users, `[B...]`.
      nochoice_logits: n, scalar or `[B...]`; minus infinity: never while documents are left.
      positional_bias: b, a number, or a scalar tensor or variable.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) num_choices is no whole number of at least 1, nochoice_logits
        is NaN or plus infinity or does not broadcast to the batch shape, or positional_bias is no
        finite scalar.

    Source: Plackett (1975), The analysis of permutations; Luce (1959), Individual choice behavior.
    """

    def __init__(
        self,
        num_choices: int,
        batch_shape: Sequence[int],
        nochoice_logits: Any,
        positional_bias: float = 0.0,
        name: str = "IteratedMultinomialLogitChoiceModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        check.whole(name, "num_choices", num_choices, 1)
        self._num_choices = num_choices
        self._nochoice_logits = require.logits(
            name, "nochoice_logits", nochoice_logits, shape=self._batch_shape
        )
        self._positional_bias = require.numbers(name, "positional_bias", positional_bias, shape=())

    def choice(self, slate_document_logits: Any) -> Value:
        """Returns the picks, in their order.

        Args:
          slate_document_logits: `[B..., S]` document logits.

        Returns:
          A Value with `choice`, `[B..., k]` int32: places on the slate, S for no choice.

        Raises:
          ConfigError: (also a ValueError) they are no real numbers `[B..., S]`, or there are fewer
            documents than picks, where no choice is impossible, or fewer than picks less one.
        """
        scores = scores_of(self.name, slate_document_logits, self._batch_shape)
        logits = all_logits(scores, self._nochoice_logits, self._positional_bias)
        items = logits.shape[-1]
        none = require.static_value(self._nochoice_logits)
        if items is not None and none is not None:
            items = items - int(np.all(none == -np.inf))
        if items is not None and self._num_choices > items:
            raise ConfigError(
                f"{self.name}: num_choices must be at most the {items} items to pick from, "
                f"got {self._num_choices}; pick fewer or show more documents"
            )
        return Value(choice=ed.RandomVariable(OrderedPicks(logits, self._num_choices)))

    def specs(self) -> Value:
        """Returns the spec of `choice`: `[B..., k]` int32."""
        shape = (*self._batch_shape, self._num_choices)
        return ValueSpec(
            choice=Space.box(
                0, np.iinfo(np.int32).max, shape, np.int32, dims=dims_of(self._batch_shape, "pick")
            )
        )
