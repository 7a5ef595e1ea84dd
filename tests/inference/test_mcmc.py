"""Chains of many blocks wait for one another: their trees are short, and their draws as exact."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.lazy import arviz
from recsim_ng.inference.mcmc import McmcSettings, Sampler
from recsim_ng.inference.scaling import Scaling
from tests.inference.known_density import KnownDensity, banana, white_of


def chains(blocks, settings):
    sampler = Sampler(KnownDensity((blocks, 2), banana), settings)
    start = tf.random.stateless_normal([4, blocks, 2], [1, 2])
    return sampler.run(start, Scaling(tf.ones([blocks, 2])), [], tf.constant([1, 2]))


@pytest.mark.slow
def test_trees_of_several_small_blocks_are_short_and_the_draws_exact():
    found = chains(3, McmcSettings())
    assert 7 < found.stats["num_leapfrogs"].max() <= 15
    white = white_of(tf.constant(found.draws)).numpy()
    assert white.shape == (4, 1000, 3, 2)
    for k in np.ndindex(3, 2):
        x = white[:, :, *k]
        # Either bound is passed by chance once in 3.5 million; a shift of 0.2 would show.
        assert abs(x.mean()) < 5.0 / np.sqrt(float(arviz().ess(x)))
        assert abs((x**2).mean() - 1.0) < 5.0 * np.sqrt(2.0 / float(arviz().ess(x**2)))


@pytest.mark.slow
def test_one_block_has_deep_trees_and_who_asks_has_others():
    longest = chains(1, McmcSettings(target_acceptance=0.99)).stats["num_leapfrogs"].max()
    assert longest > 15
    settings = McmcSettings(max_tree_depth=2, target_acceptance=0.99)
    assert chains(1, settings).stats["num_leapfrogs"].max() == 3


@pytest.mark.parametrize("depth", [0, 21, 2.5, "deep"])
def test_a_depth_that_is_none_is_refused(depth):
    with pytest.raises(ConfigError, match="max_tree_depth must be a whole number"):
        McmcSettings(max_tree_depth=depth)
