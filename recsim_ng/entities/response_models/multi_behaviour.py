"""Several behaviours at once: clicks, and likes, shares and dwell time of what was clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import operand, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.occurrence import Occurrence
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.occasional import Occasional
from recsim_ng.entities.response_models.response_model import ResponseModel, field_names

tfd = tfp.distributions


class MultiBehaviourResponse(ResponseModel):
    """Users who click, and may like or share what they clicked, after they stayed for a while.

        click      ~ Bernoulli(sigmoid(l_click))
        b          ~ Bernoulli(sigmoid(l_b))         for each behaviour b, if clicked; else 0
        log dwell  ~ N(dwell_location, dwell_scale)  if clicked; else dwell = 0

    independently given the click, so

        P(click, b...) = P(click) prod_b P(b | click).

    The click may come from elsewhere, a choice model's `choice < slate_size`, say: `after_click`.

    Args:
      batch_shape: of what is responded to: `[U]` for the one document chosen, `[U, S]` for each
        document of a slate.
      behaviours: names of the fields that a click may have in its train.
      dwell_scale: standard deviation of the logarithm of the dwell time, above 0; scalar or
        `[B...]`; a variable can be trained.
      name: of the entity; its sites are called after it.

    Raises:
      ConfigError: (also a ValueError) behaviours are no sequence of names, one stands twice or is
        called "click" or "dwell_time", or dwell_scale is not above 0 or does not broadcast to the
        batch shape.

    Source: Ma et al. (2018), Entire space multi-task model (the factorisation by the click); Yin et
      al. (2013), Silence is also evidence: interpreting dwell time (its log-normal law).
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        behaviours: Sequence[str] = ("like", "share"),
        dwell_scale: Any = 1.0,
        name: str = "MultiBehaviourResponse",
    ) -> None:
        super().__init__(batch_shape, name=name)
        self._behaviours = field_names(name, "behaviours", behaviours)
        taken = {"click", "dwell_time"} & set(self._behaviours)
        if taken:
            raise ConfigError(f"{name}: behaviours must not be called {sorted(taken)[0]!r}")
        self._dwell_scale = require.numbers(
            name, "dwell_scale", dwell_scale, 0.0, shape=self._batch_shape, ends="(]"
        )

    def click(self, click_logits: Any) -> Value:
        """Returns whether they click.

        Args:
          click_logits: `[B...]` log-odds.

        Returns:
          A Value with `click`, `[B...]` int32.
        """
        return Value(
            click=ed.RandomVariable(
                Occurrence(logits=operand.floats(self.name, "click_logits", click_logits)),
                name=self._site("click"),
            )
        )

    def after_click(self, is_clicked: Any, logits: Value, dwell_location: Any) -> Value:
        """Returns what follows the clicks.

        Args:
          is_clicked: `[B...]` bool, or ints, 1 for a click.
          logits: for each behaviour a field `[B...]`, its log-odds given a click.
          dwell_location: `[B...]` mean of the logarithm of the dwell time given a click.

        Returns:
          A Value with each behaviour, `[B...]` int32, and `dwell_time`, `[B...]` float32.
        """
        is_clicked = tf.cast(is_clicked, tf.bool)
        draws = {}
        for behaviour in self._behaviours:
            law = Occurrence(logits=operand.floats(self.name, behaviour, logits.get(behaviour)))
            draws[behaviour] = ed.RandomVariable(
                Occasional(law, is_clicked), name=self._site(behaviour)
            )
        location = operand.floats(self.name, "dwell_location", dwell_location)
        law = tfd.LogNormal(location, tf.cast(self._dwell_scale, location.dtype))
        dwell = ed.RandomVariable(Occasional(law, is_clicked), name=self._site("dwell_time"))
        return Value(**draws, dwell_time=dwell)

    def response(self, logits: Value, dwell_location: Any) -> Value:
        """Returns clicks and what follows them.

        Args:
          logits: the fields `click` and each behaviour, `[B...]` log-odds.
          dwell_location: as for `after_click`.

        Returns:
          A Value with `click` and the fields of `after_click`.
        """
        click = self.click(logits.get("click"))
        return click.union(self.after_click(click.get("click"), logits, dwell_location))

    def specs(self) -> Value:
        """Returns the spec of `response`: click, each behaviour and dwell_time, all `[B...]`."""
        fields = {name: self._occurrence() for name in ("click", *self._behaviours)}
        return ValueSpec(response=ValueSpec(**fields, dwell_time=self._box(0.0, np.inf)))
