"""Occasional: a law where it occurs, 0 where not."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import noise, sampling
from recsim_ng.core.errors import NoInverseError
from recsim_ng.entities.response_models import Occasional

tfd = tfp.distributions
OCCURS = np.array([True, False, True, False])
LAWS = {
    "normal": lambda: tfd.Normal(np.float32([0, 1, 2, 3]), 2.0),
    "log-normal": lambda: tfd.LogNormal(np.float32([0, 1, 2, 3]), 2.0),
    "bernoulli": lambda: tfd.Bernoulli(np.float32([0, 1, 2, 3])),
    "levels": lambda: tfd.FiniteDiscrete([1.0, 2.0], np.zeros([4, 2], np.float32)),
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def key(seed):
    return noise.site_key(noise.seed_words(seed), 0, "v", "x")


@every_law
def test_draws_are_those_of_the_law_where_it_occurs(law, seed):
    plain = sampling.sample(law(), key(seed))
    found = sampling.sample(Occasional(law(), OCCURS), key(seed))
    np.testing.assert_array_equal(found, np.where(OCCURS, plain, 0))
    assert found.dtype == plain.dtype and found.shape == (4,)


@every_law
def test_absence_is_certain_and_presence_scored_by_the_law(law, seed):
    both = Occasional(law(), OCCURS)
    drawn = sampling.sample(both, key(seed))
    expected = law().log_prob(tf.where(drawn == 0, tf.ones_like(drawn), drawn))
    if law is LAWS["bernoulli"]:
        expected = law().log_prob(drawn)
    np.testing.assert_allclose(both.log_prob(drawn), np.where(OCCURS, expected, 0), rtol=1e-6)
    there = tf.ones_like(drawn)
    np.testing.assert_array_equal(both.log_prob(there)[1], -np.inf)


@every_law
def test_the_noise_behind_a_value_makes_it_again(law, seed):
    both = Occasional(law(), OCCURS)
    drawn = sampling.sample(both, key(seed), 5)
    found = sampling.invert(both, drawn, key(seed + 1))
    np.testing.assert_allclose(sampling.transform(both, found), drawn, rtol=1e-5, atol=1e-5)
    with pytest.raises(NoInverseError, match="give a key"):
        sampling.invert(both, drawn)


def test_gradients_are_finite_and_none_where_it_does_not_occur():
    location = tf.Variable([0.0, 1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        y = Occasional(tfd.LogNormal(location, 0.5), OCCURS).log_prob([1.0, 0.0, 2.0, 0.0])
    found = tape.gradient(y, location)
    np.testing.assert_allclose(found, [0.0, 0.0, (np.log(2.0) - 2.0) / 0.25, 0.0], rtol=1e-5)


def test_one_law_may_occur_for_many():
    many = Occasional(tfd.Normal(0.0, 1.0), OCCURS)
    assert many.batch_shape == (4,) and many.event_shape == ()
    assert many.sample(3, seed=(1, 2)).shape == (3, 4)
