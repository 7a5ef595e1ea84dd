"""Baselines of choices, against closed forms, exact sums and their special cases."""

import numpy as np
import pytest
from scipy import optimize, special

from recsim_ng.report import choice_baseline as baseline
from recsim_ng.report.interaction import Interactions

ITEMS = 5


def logged(rng, size, users=6, shown=None, tastes=None):
    """Choices among all items, or among `shown` of them with no choice last."""
    user = rng.integers(users, size=size)
    tastes = rng.normal(size=(users, ITEMS)) if tastes is None else tastes
    if shown is None:
        item, logits = None, tastes[user]
    else:
        item = np.stack([rng.choice(ITEMS, shown, replace=False) for _ in range(size)])
        logits = np.take_along_axis(tastes[user], item, axis=1)
        logits = np.column_stack([logits, np.zeros(size)])
    outcome = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return Interactions(outcome, user, np.arange(size), item)


def test_popularity_is_laplaces_rule_where_everything_is_shown(rng):
    x = logged(rng, 80)
    train, test = baseline.choices(x, x, ITEMS)
    counts = np.bincount(x.outcome, minlength=ITEMS) + 1.0
    weights = baseline.popularity(train)
    np.testing.assert_allclose(weights, counts / counts.sum(), rtol=1e-6)
    expected = np.log(weights)[x.outcome]
    np.testing.assert_allclose(baseline.popularity_log_prob(weights, test), expected)


def test_popularity_is_the_mode_of_luces_rule(rng):
    train, _ = baseline.choices(*[logged(rng, 300, shown=3)] * 2, 4)
    assert train.num_items == ITEMS + 1  # no choice, too

    def loss(z):  # weights exp(z) under Gamma(2, num_items) priors
        p = baseline._normalised(z[train.shown], train)
        return -p.sum() - np.sum(z - train.num_items * np.exp(z))

    z = optimize.minimize(loss, np.zeros(train.num_items) - 2).x
    np.testing.assert_allclose(baseline.popularity(train), special.softmax(z), rtol=2e-3)


def test_frequencies_of_users_are_smoothed_towards_popularity(rng):
    tastes = 4.0 * rng.normal(size=(6, ITEMS))
    before, after = (logged(rng, n, tastes=tastes) for n in (400, 200))
    train, test = baseline.choices(before, after, ITEMS)
    weights = baseline.popularity(train)
    found = baseline.user_frequency_log_prob(train, weights, test)
    counts = np.zeros((6, ITEMS))
    np.add.at(counts, (before.user, before.outcome), 1.0)
    candidates = []
    for a in baseline._SMOOTHING:
        p = counts + a * weights
        candidates.append(np.log(p / p.sum(axis=1, keepdims=True))[after.user, after.outcome])
    assert min(np.abs(found - c).max() for c in candidates) < 1e-9
    assert found.mean() > baseline.popularity_log_prob(weights, test).mean() + 0.1


@pytest.mark.parametrize("shown", [None, 3])
def test_every_baseline_gives_probabilities_that_sum_to_one(shown, rng):
    x = logged(rng, 60, shown=shown)
    count = ITEMS if shown is None else shown + 1
    one = Interactions(
        np.arange(count), np.full(count, 2), np.arange(count),
        None if shown is None else np.repeat(x.item[:1], count, axis=0),
    )  # fmt: skip
    train, test = baseline.choices(x, one, count)
    weights = baseline.popularity(train)
    for log_prob in (
        baseline.popularity_log_prob(weights, test),
        baseline.user_frequency_log_prob(train, weights, test),
        baseline.factorisation_log_prob(train, weights, test, 2, 0),
    ):
        assert np.exp(log_prob).sum() == pytest.approx(1.0)


def test_what_was_not_there_cannot_be_chosen(rng):
    x = logged(rng, 50, shown=3)
    item = x.item.copy()
    item[:, 0] = np.where(x.outcome == 0, item[:, 0], -1)
    holed = Interactions(x.outcome, x.user, x.step, item)
    train, _ = baseline.choices(holed, holed, 4)
    weights = baseline.popularity(train)
    shown = np.where(item >= 0, weights[item], 0.0).sum(axis=1) + weights[-1]
    chosen = weights[np.column_stack([item, np.full(50, ITEMS)])[np.arange(50), x.outcome]]
    found = baseline.popularity_log_prob(weights, train)
    np.testing.assert_allclose(found, np.log(chosen / shown))


def test_the_gradient_of_the_factorisation_is_that_of_its_loss(rng, monkeypatch):
    train, _ = baseline.choices(*[logged(rng, 40, shown=3)] * 2, 4)
    kept = {}

    def minimize(loss, start, **_):
        kept["loss"] = loss
        return optimize.OptimizeResult(x=start)

    monkeypatch.setattr(baseline.optimize, "minimize", minimize)
    start = baseline._start(train, 2, 0)
    baseline._factorised(train, baseline.popularity(train), 2, 0.7, start)
    x = rng.normal(size=start.shape)
    expected = optimize.approx_fprime(x, lambda z: kept["loss"](z)[0], 1e-6)
    np.testing.assert_allclose(kept["loss"](x)[1], expected, atol=1e-3)


def test_factorisation_finds_factors_and_falls_back_on_popularity(rng):
    p, q = rng.normal(size=(40, 1)), rng.normal(size=(1, ITEMS))
    tastes = 1.5 * p @ q
    train, test = baseline.choices(
        logged(rng, 1500, 40, tastes=tastes), logged(rng, 800, 40, tastes=tastes), ITEMS
    )
    weights = baseline.popularity(train)
    found = baseline.factorisation_log_prob(train, weights, test, 1, 0)
    assert found.mean() > baseline.popularity_log_prob(weights, test).mean() + 0.1
    alike = np.zeros((40, ITEMS))
    train, test = baseline.choices(
        logged(rng, 2000, 40, tastes=alike), logged(rng, 800, 40, tastes=alike), ITEMS
    )
    weights = baseline.popularity(train)
    found = baseline.factorisation_log_prob(train, weights, test, 1, 0)
    assert abs(found.mean() - baseline.popularity_log_prob(weights, test).mean()) < 0.05
