"""Classifiers: optima of their losses, and ridges chosen by cross-validation."""

import numpy as np
from scipy import optimize, special

from recsim_ng.report import classifier


def data(rng, size=200):
    x = rng.normal(size=(size, 2))
    return x, (rng.random(size) < special.expit(0.5 + 2.0 * x[:, 0])).astype(float)


def test_logistic_regression_is_the_root_of_its_score(rng):
    x, y = data(rng)
    w = classifier.logistic(x, y, 0.7)
    design = np.column_stack([np.ones(len(x)), x])
    score = design.T @ (y - special.expit(design @ w)) - 0.7 * np.r_[0.0, w[1:]]
    np.testing.assert_allclose(score, 0.0, atol=1e-3)


def test_a_network_has_the_gradient_of_its_loss(rng, monkeypatch):
    x, y = data(rng, 30)
    kept = {}

    def minimize(loss, start, **_):
        kept["loss"] = loss
        return optimize.OptimizeResult(x=start)

    monkeypatch.setattr(classifier.optimize, "minimize", minimize)
    classifier.network(x, y, 0.7, 4, 0)
    w = rng.normal(size=3 * 4 + 5)
    expected = optimize.approx_fprime(w, lambda z: kept["loss"](z)[0], 1e-6)
    np.testing.assert_allclose(kept["loss"](w)[1], expected, atol=1e-3)


def test_a_network_learns_what_no_line_separates(rng):
    x = rng.normal(size=(400, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(float)
    score = classifier.network(x[:300], y[:300], 0.3, 8, 1)
    assert np.mean((score(x[300:]) > 0) == (y[300:] > 0)) > 0.85
    w = classifier.logistic(x[:300], y[:300], 0.3)
    assert np.mean((w[0] + x[300:] @ w[1:] > 0) == (y[300:] > 0)) < 0.7


def test_the_ridge_is_the_one_that_predicts_other_groups_best(rng):
    x, y = rng.normal(size=(60, 20)), rng.integers(0, 2, 60).astype(float)

    def fitted(x, y, ridge):
        w = classifier.logistic(x, y, ridge)
        return lambda z: w[0] + z @ w[1:]

    assert classifier.best_ridge(x, y, np.arange(60), fitted) == 30.0  # nothing to be learnt
    x, y = data(rng, 900)
    assert classifier.best_ridge(x, y, np.arange(900), fitted) < 30.0
