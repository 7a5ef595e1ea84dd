"""The log-probability of a latent-satisfaction trajectory, written by hand for this one model.

All users and steps at once, in plain TensorFlow, with closed-form densities: what one writes who
needs no other model. It returns the value and the gradient with respect to the sensitivities.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

_SLATE_SCALE, _STATE_SCALE, _INTENT_VARIANCE = 0.5, 0.01, 0.1


def program() -> Callable[..., tuple[Any, Any]]:
    """Returns the compiled function of value and gradient.

    Its arguments: features `[T, U, S, K]`, intent `[U, K]`, satisfaction `[T, U]`, choice
    `[T, U]`, sensitivity `[U]`. Its results: the log-probability, its gradient `[U]`.
    """
    return tf.function(_value_and_gradient, jit_compile=True, autograph=False)


def _value_and_gradient(
    features: Any, intent: Any, satisfaction: Any, choice: Any, sensitivity: Any
) -> tuple[Any, Any]:
    with tf.GradientTape() as tape:
        tape.watch(sensitivity)
        total = _log_prob(features, intent, satisfaction, choice, sensitivity)
    return total, tape.gradient(total, sensitivity)


def _log_prob(features: Any, intent: Any, satisfaction: Any, choice: Any, sensitivity: Any) -> Any:
    topics = intent.shape[-1]
    slates = tf.reduce_sum(_normal(features, _SLATE_SCALE))
    away = intent[:, None] - tf.eye(topics)
    mixture = -0.5 * tf.reduce_sum(away**2, axis=-1) / _INTENT_VARIANCE
    mixture -= 0.5 * topics * math.log(2.0 * math.pi * _INTENT_VARIANCE) + math.log(topics)
    intents = tf.reduce_sum(tf.reduce_logsumexp(mixture, axis=-1))
    utility = 2.0 - tf.norm(intent[None, :, None] - features, axis=-1)
    best = tf.reduce_max(utility, axis=-1)
    before = tf.concat([tf.zeros_like(best[:1]), best[:-2]], axis=0)
    expected = sensitivity * satisfaction[:-1] + best[:-1] - before
    states = tf.reduce_sum(_normal(satisfaction[1:] - expected, _STATE_SCALE))
    logits = utility + satisfaction[..., None]
    logits = tf.concat([logits, tf.zeros_like(logits[..., :1])], axis=-1)
    picked = tf.gather(logits, choice, axis=-1, batch_dims=2)
    choices = tf.reduce_sum(picked - tf.reduce_logsumexp(logits, axis=-1))
    return slates + intents + states + choices


def _normal(x: Any, scale: float) -> Any:
    return -0.5 * (x / scale) ** 2 - math.log(scale) - 0.5 * math.log(2.0 * math.pi)
