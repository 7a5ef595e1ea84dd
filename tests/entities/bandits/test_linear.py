"""Linear bandits and their algorithms against ridge regression by NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits import (
    FeatureContext,
    LinearGenerator,
    LinearProblem,
    LinearThompson,
    LinUCB,
)
from tests import statistical
from tests.entities.bandits.bandit_stories import run

B, A, F = 4, 3, 2
CONFIG = {"num_bandits": B, "num_arms": A, "num_features": F, "ridge": 2.0}


def context_of(rng):
    return Value(features=tf.constant(rng.normal(size=(B, A, F)), tf.float32))


def learn(algorithm, rng, steps):
    """Random pulls; returns the statistics, and per bandit what was seen: (arm, x, reward)."""
    found, seen = algorithm.initial_statistics(Value()), [[] for _ in range(B)]
    for _ in range(steps):
        context, arm = context_of(rng), rng.integers(0, A, B)
        reward = rng.normal(size=B).astype(np.float32)
        found = algorithm.next_statistics(
            found, Value(arm=tf.constant(arm)), Value(reward=tf.constant(reward)), context
        )
        for b in range(B):
            seen[b].append((arm[b], context.get("features").numpy()[b, arm[b]], reward[b]))
    return found, seen


def ridge(seen, shared):
    """`[M, F]` means and `[M, F, F]` inverse precisions of one bandit."""
    means, inverses = [], []
    for model in range(1 if shared else A):
        rows = [(x, r) for arm, x, r in seen if shared or arm == model]
        x = np.array([x for x, _ in rows]).reshape(-1, F)
        precision = 2.0 * np.eye(F) + x.T @ x
        inverses.append(np.linalg.inv(precision))
        means.append(inverses[-1] @ x.T @ np.array([r for _, r in rows]))
    return np.array(means), np.array(inverses)


@pytest.mark.parametrize("shared", [True, False])
def test_statistics_are_a_ridge_regression(shared, rng):
    algorithm = LinUCB({**CONFIG, "shared_weights": shared})
    found, seen = learn(algorithm, rng, 100)
    for b in range(B):
        means, inverses = ridge(seen[b], shared)
        root = found.get("root").numpy()[b].astype(np.float64)
        np.testing.assert_allclose(found.get("mean")[b], means, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(root @ root.swapaxes(1, 2), inverses, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_linucb_pulls_the_greatest_bound(shared, rng):
    algorithm = LinUCB({**CONFIG, "shared_weights": shared, "exploration": 1.5})
    statistics, seen = learn(algorithm, rng, 15)
    context = context_of(rng)
    found = algorithm.arm_choice(statistics, context).get("arm").numpy()
    for b in range(B):
        means, inverses = ridge(seen[b], shared)
        x = context.get("features").numpy()[b]
        width = np.sqrt(np.sum((x[:, None, :] @ inverses)[:, 0] * x, axis=1))
        index = np.sum(means * x, axis=1) + 1.5 * width
        assert index[found[b]] >= index.max() - 1e-4


def test_linear_thompson_draws_around_the_ridge_regression(rng, seed):
    few = LinearThompson({**CONFIG, "exploration": 0.5})
    statistics, _ = learn(few, rng, 15)
    many = 20_000
    crowd = LinearThompson({**CONFIG, "num_bandits": many, "exploration": 0.5})
    statistics = statistics.map(lambda x: tf.repeat(x[:1], many, axis=0))
    # With the unit vectors and their opposites, the arm tells the greatest weight in size.
    x = np.array([[1, 0], [0, 1], [-1, -1]], np.float32)
    context = Value(features=tf.constant(np.tile(x, (many, 1, 1))))
    choice, sites = run(crowd.arm_choice, statistics, context, seed=seed)
    noise = sites["noise"].value.numpy()[:, 0]
    mean, root = (statistics.get(name).numpy()[0, 0].astype(float) for name in ("mean", "root"))
    weights = mean + 0.5 * noise @ root.T
    scores = weights @ x.T
    picked = scores[np.arange(many), choice.get("arm").numpy()]
    assert (picked >= scores.max(1) - 1e-4).all()
    # By `smallest_detectable`, at 20,000 draws in two dimensions: an excess of 9 % of a variance.
    statistical.assert_covariance(weights, 0.25 * root @ root.T, mean=mean, what="weights")
    with statistical.must_catch():
        statistical.assert_covariance(weights, 0.3 * root @ root.T, mean=mean)


@pytest.mark.parametrize("shared", [True, False])
def test_means_are_linear_in_the_features(shared, seed):
    config = {**CONFIG, "shared_weights": shared, "noise_scale": 0.3}
    (parameters, _), (context, sites) = (
        run(LinearGenerator(config).parameters, seed=seed),
        run(FeatureContext(config).initial_state, Value(), seed=seed),
    )
    problem = LinearProblem(config)
    state = problem.next_state(parameters, context)
    weights, x = parameters.get("weights").numpy(), context.get("features").numpy()
    models = 1 if shared else A
    assert weights.shape == (B, models, F)
    expected = [[weights[b, a % models] @ x[b, a] for a in range(A)] for b in range(B)]
    np.testing.assert_allclose(state.get("arm_means"), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sites["features"].distribution.stddev(), F**-0.5, rtol=1e-6)
    arm = Value(arm=tf.constant([0, 1, 2, 1]))
    _, sites = run(problem.reward, arm, state)
    law = sites["reward"].distribution
    chosen = np.array(expected)[np.arange(B), arm.get("arm")]
    np.testing.assert_allclose(law.loc, chosen, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(law.scale, 0.3, rtol=1e-6)


def test_features_are_new_at_every_step(seed):
    context = FeatureContext(CONFIG)
    first, _ = run(context.initial_state, Value(), seed=seed)
    following, _ = run(context.next_state, first, Value(), seed=seed + 1)
    assert not np.any(first.get("features").numpy() == following.get("features").numpy())


def test_given_weights_are_not_drawn():
    parameters, sites = run(LinearGenerator({**CONFIG, "weights": [0.5, -1.0]}).parameters)
    assert not sites
    np.testing.assert_allclose(parameters.get("weights"), np.tile([0.5, -1.0], (B, 1, 1)))
