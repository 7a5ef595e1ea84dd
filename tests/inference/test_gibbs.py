"""Gibbs sampling of discrete unknowns against enumeration."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference import Target
from recsim_ng.inference.gibbs import DiscreteChains, DiscreteDraws, GibbsSettings, run_gibbs
from tests import statistical
from tests.inference import small_discrete as small

CHAINS, THIN = 4000, 10


@pytest.fixture(scope="module")
def counts_of():
    """How often each of the 54 codes is where independent chains end, under given weights."""
    target = Target(small.story(), small.LOGS)
    chains = DiscreteChains(target, CHAINS, 7)
    codes, _ = small.enumerated()

    def count(a, b):
        for _ in range(5 * THIN):
            chains.sweep(a, b)
        same = (chains.codes[:, None] == codes).all(axis=-1)
        return chains, same.sum(axis=0)

    return count


def law(log_p):
    p = np.exp(log_p - log_p.max())
    return p / p.sum()


def test_chains_visit_states_as_often_as_the_posterior_says(counts_of):
    # Chains are independent. 4,000 of them show a relative entropy of 0.03 nats with power 0.999.
    assert statistical.smallest_detectable("frequencies", CHAINS, cells=54) < 0.04
    chains, counts = counts_of(1.0, 1.0)
    statistical.assert_frequencies(counts, law(small.enumerated()[1]), what="codes")
    joint = chains.log_prior + chains.log_likelihood
    codes, log_p = small.enumerated()
    which = (chains.codes[:, None] == codes).all(axis=-1).argmax(axis=-1)
    np.testing.assert_allclose(joint, log_p[which], rtol=1e-4)
    with statistical.must_catch():
        statistical.assert_frequencies(counts, law(small.enumerated(0.4)[1]), what="codes")


def test_weights_temper_prior_and_likelihood(counts_of):
    _, log_p = small.enumerated()
    own = small.log_prior()
    _, counts = counts_of(2.0, 0.5)
    tempered = law(2.0 * own + 0.5 * (log_p - own))
    statistical.assert_frequencies(counts, tempered, what="tempered codes")
    with statistical.must_catch():
        statistical.assert_frequencies(counts, law(log_p), what="tempered codes")


def test_draws_have_the_unknowns_shapes_and_moments(seed):
    target = Target(small.story(), small.LOGS)
    told = []
    settings = GibbsSettings(num_draws=30, num_warmup=5, num_chains=500)
    found = run_gibbs(target, settings, seed, lambda *x: told.append(x))
    assert [x.shape for x in found.values] == [(500, 30), (500, 30, 3)]
    assert found.log_joint.shape == (500, 30)
    assert told[-1] == (35, 35)
    codes, log_p = small.enumerated()
    at_last = found.values[0][:, -1]
    share = law(log_p)[codes[:, 0] == 1].sum()
    statistical.assert_proportion(int(at_last.sum()), 500, share, what="switch")


def test_dependence_that_was_not_seen_is_made_up_for(monkeypatch):
    from recsim_ng.inference import gibbs

    seen = gibbs.find_dependence

    def blind(terms, num_values, rng, codes=None):
        found = seen(terms, num_values, rng, codes)
        if codes is None:
            found[0] = False
            found[0, 0] = True  # the switch was seen to enter nothing but its own draw
        return found

    monkeypatch.setattr(gibbs, "find_dependence", blind)
    chains = DiscreteChains(Target(small.story(), small.LOGS), 2000, 3)
    for _ in range(30):
        chains.sweep()
    codes, log_p = small.enumerated()
    counts = (chains.codes[:, None] == codes).all(axis=-1).sum(axis=0)
    statistical.assert_frequencies(counts, law(log_p), what="codes")


def test_settings_are_checked():
    with pytest.raises(ConfigError) as error:
        GibbsSettings(num_chains=0)
    assert str(error.value) == (
        "GibbsSettings: num_chains must be a whole number of at least 1, got 0"
    )


def test_elements_on_which_chains_disagree_are_named(rng):
    coins = rng.integers(0, 2, (4, 400, 3))
    coins[:, :, 1] = 1
    coins[2, :, 2] &= rng.integers(0, 2, 400)
    found = DiscreteDraws([coins], np.zeros((4, 400), np.float32), ("coin.x",)).problems
    assert any("split R-hat is" in problem and " for coin.x[2], " in problem for problem in found)
