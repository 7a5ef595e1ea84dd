"""Chains in the space of a flow: exact draws, and the funnel in which plain chains stick."""

import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.lazy import arviz
from recsim_ng.core.variable import value
from recsim_ng.inference.fitting import fit
from recsim_ng.inference.mcmc import McmcSettings, Sampler
from recsim_ng.inference.neutra import Neutra, NeutraSettings
from recsim_ng.inference.population import Start
from recsim_ng.inference.scaling import Scaling
from recsim_ng.inference.variational import ViSettings
from tests.inference.known_density import KnownDensity, banana, white_of
from tests.small_networks import X

CHAINS = McmcSettings(num_draws=250, num_warmup=150, max_tree_depth=7)


def funnel():
    """Neal's funnel: width ~ N(0, 3), each of nine numbers across ~ N(0, exp(width / 2))."""
    width, across, seen = (Variable(name, X) for name in ("width", "across", "seen"))
    width.initial_value = value(lambda: Value(x=ed.Normal(0.0, 3.0, name="x")))
    across.initial_value = value(
        lambda w: Value(x=ed.Normal(tf.zeros(9), tf.exp(w.get("x") / 2), name="x")), (width,)
    )
    seen.value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    return Network([width, across, seen])


def log_funnel(z):
    """Its log density up to a constant, `[C, 1]`, the width first."""
    width, across = z[..., 0], z[..., 1:]
    squares = tf.reduce_sum(across**2, axis=-1)
    return -(width**2) / 18.0 - 4.5 * width - 0.5 * squares * tf.exp(-width)


@pytest.mark.slow
def test_neutra_goes_through_the_funnel_better_than_plain_chains():
    logs = {"seen": Value(x=tf.zeros([1]))}
    settings = NeutraSettings(vi=ViSettings(family="flow", num_steps=1500), mcmc=CHAINS)
    found = fit(funnel(), logs, method="neutra", settings=settings, seed=1)
    assert found.data.posterior["across.x"].shape == (4, 250, 9)
    widths = found.data.posterior["width.x"].values
    ess, leapfrogs = float(arviz().ess(widths)), int(found.data.sample_stats["n_steps"].sum())
    assert abs(widths.mean()) < 3.0 * 6 / np.sqrt(ess)
    assert 2.2 < widths.std() < 3.8
    # Plain chains, from draws of the funnel itself.
    rng = np.random.default_rng(1)
    width = 3.0 * rng.normal(size=(4, 1, 1))
    start = np.concatenate([width, np.exp(width / 2) * rng.normal(size=(4, 1, 9))], axis=-1)
    plain = Sampler(KnownDensity((1, 10), log_funnel), CHAINS).run(
        tf.constant(start, tf.float32), Scaling(tf.ones([1, 10])), [], tf.constant([1, 2])
    )
    plain_ess = float(arviz().ess(plain.draws[..., 0, 0]))
    assert ess > 1.5 * plain_ess
    assert ess / leapfrogs > 2 * plain_ess / plain.stats["num_leapfrogs"].sum()


@pytest.mark.slow
def test_draws_are_of_the_density_whatever_the_surrogate_and_stats_go_with_them():
    density = KnownDensity((2, 2), banana)
    # A surrogate that has hardly been fitted: chains must make it good.
    vi = ViSettings(family="mean_field", num_steps=100)
    chains = dataclasses.replace(CHAINS, num_draws=1000)
    neutra = Neutra(density, NeutraSettings(vi=vi, mcmc=chains))
    start = Start(tf.zeros([1, 2, 2]), Scaling(tf.ones([2, 2])), True)
    traces = []
    for data in ([tf.constant(0.0)], [tf.constant(1.0)]):
        target = types.SimpleNamespace(data=lambda data=data: data)
        found = neutra.run(start, target, tf.constant([1, 2]))
        z = found.draws
        assert z.shape == (4, 1000, 2, 2)
        np.testing.assert_allclose(
            found.stats["log_density"], banana(tf.constant(z), *data), atol=1e-3
        )
        white = white_of(z).numpy()
        # 4,000 draws of each block, worth 500 at least: 0.045 is one deviation of a mean.
        np.testing.assert_allclose(white.mean(axis=(0, 1)), 0.0, atol=0.35)
        np.testing.assert_allclose(white.std(axis=(0, 1)), 1.0, atol=0.25)
        traces.append(neutra._sampler._advance.experimental_get_tracing_count())
    assert traces[0] == traces[1]


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="NeutraSettings: vi must not be amortised, got"):
        NeutraSettings(vi=ViSettings(amortised=True))
    with pytest.raises(ConfigError, match="NeutraSettings: mcmc must be a McmcSettings"):
        NeutraSettings(mcmc=ViSettings())
