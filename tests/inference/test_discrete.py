"""Discrete unknowns: their number of values, their terms, and which of them are refused."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import ed
from recsim_ng.core.errors import DataError
from recsim_ng.inference import Target
from recsim_ng.inference.discrete import DiscreteTarget
from tests.inference import small_discrete as small


def test_terms_add_up_to_the_enumerated_density():
    discrete = DiscreteTarget(Target(small.story(), small.LOGS))
    codes, log_p = small.enumerated()
    np.testing.assert_array_equal(discrete.num_values, [2, 3, 3, 3])
    assert [(x.shape, x.dtype) for x in discrete.values(codes)] == [
        ((54,), tf.int32),
        ((54, 3), tf.int32),
    ]
    own, held = discrete.terms(tf.constant(codes, tf.int32))
    found = np.sum(own, axis=1) + np.sum(held, axis=1)
    np.testing.assert_allclose(found, log_p, rtol=1e-5)
    prior = np.exp(np.sum(own, axis=1))
    assert prior.sum() == pytest.approx(1.0, rel=1e-5)


def test_an_impossible_draw_counts_little_but_not_nothing():
    logs = {"seen": small.Value(x=tf.fill([3], 1e4))}
    _, held = DiscreteTarget(Target(small.story(), logs)).terms(tf.zeros([1, 4], tf.int32))
    assert held.numpy().min() == -1e4


def test_what_has_no_few_values_is_refused_by_name():
    target = Target(small.story(ed.Poisson), small.LOGS)
    with pytest.raises(DataError) as error:
        DiscreteTarget(target)
    assert str(error.value) == (
        "DiscreteTarget: every unknown must be a Bernoulli or a Categorical draw, got switch.x, a "
        "Poisson; put it into the logs, or fit it by another method"
    )


def test_logs_of_all_are_refused():
    zeros = small.Value(x=tf.zeros([3], tf.int32))
    target = Target(small.story(), {**small.LOGS, "switch": zeros, "regime": zeros})
    with pytest.raises(DataError, match="got logs of all; leave out what is to be inferred"):
        DiscreteTarget(target)
