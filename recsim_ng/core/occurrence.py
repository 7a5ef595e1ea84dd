"""Occurrence: something happens, or it does not."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp


class Occurrence(tfp.distributions.Bernoulli):
    """A Bernoulli law to which all but 0 and 1 is impossible: of log-probability minus infinity.

    TFP's own goes on as a straight line through the log-probabilities of 0 and 1. Its arguments and
    its keyed transform are the same.
    """

    def _log_prob(self, event: Any) -> Any:
        event = tf.convert_to_tensor(event)
        is_possible = (event == 0) | (event == 1)
        log_prob = super()._log_prob(tf.where(is_possible, event, tf.zeros_like(event)))
        return tf.where(is_possible, log_prob, tf.constant(-float("inf"), log_prob.dtype))
