"""Occurrence against the Bernoulli law, and beside it."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.occurrence import Occurrence
from recsim_ng.core.transforms import transform_of

tfd = tfp.distributions
LOGITS = np.array([0.3, -2.0, -np.inf, np.inf], np.float32)


def test_what_may_happen_is_scored_as_a_bernoulli_law_does():
    for x in (0, 1):
        found, expected = (law(logits=LOGITS).log_prob(x) for law in (Occurrence, tfd.Bernoulli))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_all_else_is_impossible_without_a_gradient(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def score(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = Occurrence(logits=x).log_prob([9, -1, 2])
        return y, tape.gradient(y, x)

    log_prob, gradient = score(tf.constant(LOGITS[[0, 1, 2]]))
    assert np.all(np.isneginf(log_prob)) and np.all(gradient == 0)


def test_draws_are_those_of_a_bernoulli_law():
    assert transform_of(Occurrence(probs=0.5)) is transform_of(tfd.Bernoulli(probs=0.5))
