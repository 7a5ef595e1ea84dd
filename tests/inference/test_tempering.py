"""Tempering, against conjugate evidence and a posterior of two hills."""

import numpy as np
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from recsim_ng.inference import Target
from recsim_ng.inference.density import Density
from recsim_ng.inference.prior import Prior
from recsim_ng.inference.tempering import Tempering

USERS, POINTS = 60, 32


def population(seen_of, seen, seed=0):
    """Of x ~ N(0, 1), one for each user, of whom seen_of(x) was seen."""
    spec = ValueSpec(x=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))
    taste, what = Variable("taste", spec), Variable("seen", spec)
    taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))
    what.value = value(lambda t: Value(x=seen_of(t.get("x"))), (taste,))
    target = Target(Network([taste, what]), {"seen": Value(x=tf.constant(seen)[None])})
    prior = Prior(target)
    density = Density(target, prior.draws(2, seed))
    assert density.shape == (USERS, 1)
    points = density.blocks.pack(prior.draws(POINTS, seed))
    return Tempering(density, POINTS).run(points, tf.constant([3, seed]), density.data())


def test_the_evidence_and_moments_of_a_normal_mean_are_exact():
    seen = np.random.default_rng(5).normal(0.0, 1.5, USERS).astype(np.float32)
    found = population(lambda x: ed.Normal(x, 0.1, name="x"), seen)
    assert np.all(np.asarray(found.sharpness) == 1.0)
    evidence = -0.5 * (seen**2 / 1.01 + np.log(2 * np.pi * 1.01))
    error = np.asarray(found.log_evidence) - evidence
    # One estimate is off by about 0.4; their mean by 0.05, and seven times that never.
    assert abs(error.mean()) < 0.4 and error.std() < 1.0
    mean, sd = seen / 1.01, 0.1 / np.sqrt(1.01)
    away = (np.asarray(found.points)[:, :, 0] - mean) / sd
    assert abs(away.mean()) < 0.15 and abs(away.std() - 1.0) < 0.1


def test_both_hills_are_kept_in_their_shares():
    found = population(lambda x: ed.Normal(x**2, 0.05, name="x"), np.ones(USERS, np.float32))
    points = np.asarray(found.points)[:, :, 0]
    np.testing.assert_allclose(np.abs(points), 1.0, atol=0.15)
    shares = (points > 0).mean(axis=0)
    # A share has a standard deviation near 0.2 after a few resamplings; the mean of 60 has 0.03.
    assert abs(shares.mean() - 0.5) < 0.18
    assert np.mean((shares > 0.0) & (shares < 1.0)) > 0.8
