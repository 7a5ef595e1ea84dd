"""The runtimes against each other, and their draws against laws that are known in closed form.

Each statistical check says what it would have caught: `smallest_detectable` in
tests/statistical.py, at the sizes used here (20,000) and power 0.999, gives 0.07 standard
deviations for a mean, 10 % of a variance, 0.003 nats for frequencies of three or four categories
(0.02 for the rows of a table that are drawn 3,000 times), and 0.03 for a probability of 0.3.
"""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, Value, Variable, ed
from recsim_ng.core import Network
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel
from tests import statistical
from tests.agreement import assert_agree
from tests.small_networks import X, autoregression, fibonacci, many_kinds, markov_chain, random_walk

SIZE = 20_000
TRANSITIONS = np.array([[0.9, 0.1, 0.0], [0.2, 0.6, 0.2], [0.3, 0.3, 0.4]])


@pytest.mark.parametrize("network", [fibonacci, many_kinds], ids=lambda make: make.__name__)
def test_all_runtimes_agree(network, seed):
    expected = PythonRuntime(network()).trajectory(4, seed=seed)
    for options in ({"graph_compile": False}, {"jit_compile": False}, {"jit_compile": True}):
        runtime = TFRuntime(network(), **options)
        assert_agree(expected, runtime.trajectory(4, seed=seed))
        assert_agree(expected.at_step(3), runtime.execute(3, seed=seed))
        assert runtime.trajectory(4, seed=seed, record=[]).seed == seed


def increments(run):
    return np.diff(run["walk"].get("x").numpy(), axis=0)


@pytest.fixture(scope="module")
def walks():
    return TFRuntime(random_walk(SIZE, scale=2.0))


def test_a_random_walk_has_independent_normal_increments(walks, seed):
    run = walks.trajectory(4, seed=seed)
    steps = increments(run).T  # [walks, 3]
    statistical.assert_mean(steps, 0.0, 2.0, what="increments")
    statistical.assert_covariance(steps, 4.0 * np.eye(3), what="increments")
    end = run["walk"].get("x").numpy()[-1]
    statistical.assert_covariance(end[:, None], [[3 * 4.0]], what="the end of a random walk")
    with statistical.must_catch():
        statistical.assert_mean(steps + 0.15, 0.0, 2.0)
    with statistical.must_catch():  # correlated steps
        statistical.assert_covariance(steps + 0.15 * steps[:, ::-1], 4.0 * np.eye(3))


def test_different_seeds_give_independent_walks(walks, seed):
    pairs = np.stack([increments(walks.trajectory(4, seed=seed + i))[0] for i in (0, 1)], axis=1)
    statistical.assert_covariance(pairs, 4.0 * np.eye(2), what="walks of two seeds")
    with statistical.must_catch():
        correlated = pairs @ np.array([[1.0, 0.2], [0.0, np.sqrt(0.96)]])
        statistical.assert_covariance(correlated, 4.0 * np.eye(2))


def test_an_autoregressions_variance_is_stationary(seed):
    coefficient, scale, lag = 0.8, 1.5, 2
    variance = scale**2 / (1 - coefficient**2)
    runtime = TFRuntime(autoregression(SIZE, coefficient, scale, start=30.0))
    x = runtime.trajectory(80, seed=seed)["process"].get("x").numpy()
    assert 30.0 * coefficient**77 < 1e-5  # the start is forgotten
    pairs = np.stack([x[-1 - lag], x[-1]], axis=1)
    covariance = variance * np.array([[1, coefficient**lag], [coefficient**lag, 1]])
    statistical.assert_covariance(pairs, covariance, what="stationary pairs")
    with statistical.must_catch():
        statistical.assert_covariance(np.stack([x[2], x[4]], axis=1), covariance)


def test_a_markov_chains_frequencies_are_its_stationary_law(seed):
    law = np.linalg.matrix_power(TRANSITIONS, 200)[0]
    assert np.allclose(law @ TRANSITIONS, law)
    x = TFRuntime(markov_chain(SIZE, TRANSITIONS)).trajectory(60, seed=seed)["chain"].get("x")
    statistical.assert_frequencies(np.bincount(x[-1], minlength=3), law, what="states")
    # From one state to the next, in the last step alone: the chains are independent.
    counts = np.zeros([3, 3])
    np.add.at(counts, (x[-2].numpy(), x[-1].numpy()), 1)
    statistical.assert_frequencies(counts, TRANSITIONS, what="transitions")
    with statistical.must_catch():
        statistical.assert_frequencies(np.bincount(x[1], minlength=3), law)


def test_a_logits_shares_are_those_of_its_formula(seed):
    logits = np.array([0.5, -1.0, 1.0])
    model = MultinomialLogitChoiceModel((SIZE,), nochoice_logits=0.3, positional_bias=-0.5)
    v = Variable("choice", model.specs())
    all_logits = tf.tile(tf.constant(logits[None], tf.float32), [SIZE, 1])
    v.value = value(lambda: model.choice(all_logits))
    chosen = TFRuntime([v]).execute(0, seed=seed)["choice"].get("choice")
    weights = np.exp([*(logits - 0.5 * np.arange(3)), 0.3])
    counts = np.bincount(chosen, minlength=4)
    statistical.assert_frequencies(counts, weights / weights.sum(), what="shares")
    with statistical.must_catch():
        weights = np.exp([*logits, 0.3])
        statistical.assert_frequencies(counts, weights / weights.sum())


def test_a_coin_of_known_bias_comes_out_so_in_every_runtime(seed):
    def network():
        v = Variable("coin", X)
        v.value = value(lambda: Value(x=ed.Bernoulli(probs=0.3, sample_shape=SIZE)))
        return Network([v])

    for runtime in (PythonRuntime(network()), TFRuntime(network(), jit_compile=False)):
        heads = runtime.execute(0, seed=seed)["coin"].get("x").numpy().sum()
        statistical.assert_proportion(heads, SIZE, 0.3, what="heads")
        with statistical.must_catch():
            statistical.assert_proportion(heads, SIZE, 0.35)
