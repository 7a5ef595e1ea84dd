"""Origins: what tells runs apart, and what does not."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.variable import value
from recsim_ng.inference import Target
from recsim_ng.inference.origin import Origin, fixed_log_probs
from tests.small_networks import X

LOGS = {"seen": Value(x=tf.constant([0.3, 0.5, -0.2]))}


def target(scale=2.0, noise=0.5):
    level, seen = Variable("level", X), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=ed.HalfNormal(scale, name="x")))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), noise, name="x")), (level,))
    return Target(Network([level, seen]), LOGS)


def test_the_numbers_are_the_prior_and_the_likelihood_at_the_points():
    found = np.reshape(fixed_log_probs(target()), (2, 4))
    normal = np.log(2.0 / np.sqrt(2 * np.pi * 4.0))  # of a half-normal at x = softplus(0)
    x = np.asarray(target().constrain([tf.zeros([])])[0])
    assert found[0, 0] == pytest.approx(normal - x**2 / 8, rel=1e-5)
    seen = np.array([0.3, 0.5, -0.2])
    density = -np.log(0.5 * np.sqrt(2 * np.pi)) - 2 * (seen - x) ** 2
    assert found[1, 0] == pytest.approx(density.sum(), rel=1e-5)


def test_stories_with_other_laws_are_told_apart_and_rounding_is_not():
    mine = Origin("mcmc", fixed_log_probs(target()))
    assert mine.is_same(Origin("mcmc", fixed_log_probs(target())))
    assert mine.is_same(Origin("mcmc", tuple(x * (1 + 2e-6) for x in mine.log_probs)))
    assert not mine.is_same(Origin("vi", mine.log_probs))
    assert not mine.is_same(Origin("mcmc", fixed_log_probs(target(scale=2.01))))
    assert not mine.is_same(Origin("mcmc", fixed_log_probs(target(noise=0.501))))


def test_what_is_impossible_everywhere_is_the_same():
    mine = Origin("mcmc", (-np.inf, np.nan))
    assert mine.is_same(Origin("mcmc", (-np.inf, np.nan)))
    assert not mine.is_same(Origin("mcmc", (0.0, np.nan)))
