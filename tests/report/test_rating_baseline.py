"""Baselines of numbers, against closed forms and data that each of them describes."""

import numpy as np
import pytest
from scipy import optimize, stats

from recsim_ng.report import rating_baseline as baseline
from recsim_ng.report.interaction import Interactions

USERS, ITEMS, SIGMA = 30, 20, 0.5


def logged(rng, by_user=0.0, by_item=0.0, by_both=0.0):
    """Ratings 3 + a + b + p . q + noise, and their training and test parts."""
    size = 1800
    user, item = rng.integers(USERS, size=size), rng.integers(ITEMS, size=size)
    a, b = by_user * rng.normal(size=USERS), by_item * rng.normal(size=ITEMS)
    p, q = rng.normal(size=(USERS, 1)), rng.normal(size=(ITEMS, 1))
    y = 3.0 + a[user] + b[item] + by_both * (p[user] * q[item]).sum(axis=1)
    y = y + SIGMA * rng.normal(size=size)
    rows = (slice(0, 1300), slice(1300, size))
    return baseline.numbers(*(Interactions(y[r], user[r], user[r], item[r]) for r in rows))


def mean_log_prob(train, test, by_user, by_item, rank):
    return baseline.mean_log_prob(
        train, test, by_user=by_user, by_item=by_item, rank=rank, seed=0
    ).mean()


MEMBERS = {"global": (False, False, 0), "user": (True, False, 0), "item": (False, True, 0)}
MEMBERS["both"] = (True, True, 1)
TRUTH = stats.norm(0, SIGMA).entropy()  # minus what the truth itself gets, nats


@pytest.mark.parametrize(
    ("world", "best"),
    [({}, "global"), ({"by_user": 1.0}, "user"), ({"by_item": 1.0}, "item"),
     ({"by_user": 0.5, "by_item": 0.5, "by_both": 1.0}, "both")],
)  # fmt: skip
def test_the_member_that_describes_the_data_comes_near_the_truth(world, best, rng):
    train, test = logged(rng, **world)
    found = {name: mean_log_prob(train, test, *m) for name, m in MEMBERS.items()}
    # 500 test numbers: the mean of log densities is off by 0.03 at one standard error.
    assert found[best] == pytest.approx(-TRUTH, abs=0.22)
    for name, x in found.items():
        nested = best == "global" or name == "both" and best in ("user", "item")
        assert nested or name == best or x < found[best] - 0.1


def test_the_global_mean_is_a_normal_law_with_the_error_of_the_inner_split(rng):
    train, test = logged(rng, by_user=1.0)
    found = baseline.mean_log_prob(train, test, by_user=False, by_item=False, rank=0, seed=3)
    inner = baseline.split_by_user(train.user, 0.2, 3)
    sigma = np.sqrt(np.mean((train.y[inner] - train.y[~inner].mean()) ** 2))
    np.testing.assert_allclose(found, stats.norm.logpdf(test.y, train.y.mean(), sigma))


def test_means_by_user_are_shrunk(rng):
    train, _ = logged(rng, by_user=1.0)
    terms = baseline._Terms(USERS, ITEMS, True, False, 0)
    mean, x = baseline._fitted(terms, train, 3.0, terms.start(0))
    sums = np.bincount(train.user, train.y - train.y.mean(), minlength=USERS)
    expected = sums / (np.bincount(train.user, minlength=USERS) + 3.0)
    assert mean == train.y.mean()
    np.testing.assert_allclose(x, expected, atol=1e-2)


def test_the_gradient_is_that_of_the_loss(rng, monkeypatch):
    train, _ = logged(rng)
    kept = {}

    def minimize(loss, start, **_):
        kept["loss"] = loss
        return optimize.OptimizeResult(x=start)

    monkeypatch.setattr(baseline.optimize, "minimize", minimize)
    terms = baseline._Terms(USERS, ITEMS, True, True, 2)
    start = terms.start(0)
    baseline._fitted(terms, train, 0.7, start)
    x = rng.normal(size=start.shape)
    expected = optimize.approx_fprime(x, lambda z: kept["loss"](z)[0], 1e-6)
    np.testing.assert_allclose(kept["loss"](x)[1], expected, atol=0.02, rtol=1e-3)


def test_logs_that_do_not_say_what_is_rated_have_one_item(rng):
    x = Interactions(rng.normal(size=4), np.array([3, 3, 9, 9]), np.arange(4))
    train, test = baseline.numbers(x, x)
    assert (train.num_items, train.num_users, test.user.tolist()) == (1, 2, [0, 0, 1, 1])
    assert np.isfinite(mean_log_prob(train, test, True, False, 0))
