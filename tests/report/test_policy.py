"""Agreement of policy ranking: estimates against enumeration, rankings right and wrong."""

import numpy as np
import pytest
from scipy import stats

from recsim_ng.core.errors import DataError
from recsim_ng.report.policy import PolicyLog, policy_agreement
from tests.statistical import assert_mean, must_catch

REWARD = np.array([0.2, 0.5, 0.9])
LOGGING = np.array([0.5, 0.3, 0.2])
POLICIES = {
    "first": np.array([0.8, 0.1, 0.1]),
    "even": np.array([1 / 3, 1 / 3, 1 / 3]),
    "last": np.array([0.1, 0.1, 0.8]),
}
VALUES = {name: float(p @ REWARD) for name, p in POLICIES.items()}


def logged(rng, size=3000, simulated=None, model=None):
    action = rng.choice(3, size=size, p=LOGGING)
    reward = (rng.random(size) < REWARD[action]).astype(float)
    model = REWARD if model is None else model
    return PolicyLog(
        reward,
        LOGGING[action],
        {name: p[action] for name, p in POLICIES.items()},
        simulated or VALUES,
        np.arange(size) // 3,
        model[action],
        {name: np.full(size, p @ model) for name, p in POLICIES.items()},
    )


def test_estimates_are_unbiased_and_agree_with_the_right_simulator(rng):
    log = logged(rng)
    found = policy_agreement(log)
    assert found.is_agreed
    assert [r.estimator for r in found.rankings] == [
        "inverse propensity",
        "self-normalised",
        "doubly robust",
    ]
    for ranking in found.rankings:
        assert ranking.tau == 1.0
        for name, value in ranking.values.items():
            assert abs(value.mean - VALUES[name]) < 3.5 * (value.high - value.low)
    for name, p in POLICIES.items():
        # Weighted rewards: mean the policy's value, deviation by enumeration.
        w = p / LOGGING
        sd = np.sqrt(LOGGING @ (w**2 * REWARD) - VALUES[name] ** 2)
        weighted = log.targets[name] / log.propensities * log.rewards
        np.testing.assert_allclose(found.rankings[0].values[name].mean, weighted.mean(), rtol=1e-12)
        # 0.17 deviations off would be found; with the propensities forgotten it is more.
        assert_mean(weighted, VALUES[name], sd, what=name)
    with must_catch():
        assert_mean(log.targets["last"] * log.rewards, VALUES["last"], 0.3, what="no weights")


def test_a_simulator_that_ranks_the_other_way_round_is_found(rng):
    other = {name: -x for name, x in VALUES.items()}
    found = policy_agreement(logged(rng, simulated=other))
    assert not found.is_agreed
    assert all(ranking.tau == -1.0 and ranking.interval[1] < 0 for ranking in found.rankings)


def test_self_normalised_and_doubly_robust_are_their_formulas(rng):
    model = np.array([0.1, 0.4, 0.3])
    log = logged(rng, 300, model=model)
    _, normalised, robust = policy_agreement(log).rankings
    w = log.targets["last"] / log.propensities
    assert normalised.values["last"].mean == pytest.approx(w @ log.rewards / w.sum())
    terms = POLICIES["last"] @ model + w * (log.rewards - log.model_of_logged)
    assert robust.values["last"].mean == pytest.approx(terms.mean())
    blocks = terms.reshape(100, 3).mean(axis=1)
    low, high = stats.t.interval(0.95, 99, terms.mean(), stats.sem(blocks))
    assert robust.values["last"].low == pytest.approx(low)
    assert robust.values["last"].high == pytest.approx(high)


def test_effective_sizes_are_all_where_the_policy_is_the_logging_one(rng):
    log = logged(rng, 90)
    targets = {"a": log.propensities, "b": log.targets["last"]}
    same = PolicyLog(log.rewards, log.propensities, targets, {"a": 1.0, "b": 2.0})
    found = policy_agreement(same)
    assert found.effective_sizes["a"] == pytest.approx(90)
    assert found.effective_sizes["b"] < 90 and len(found.rankings) == 2


ONES = np.ones(3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"propensities": np.ones(2)}, r"as long as rewards, 3, got {'propensities': \[2\]}"),
        ({"propensities": np.array([0.0, 1, 1])}, r"propensities must be within \(0, 1\], got 0.0"),
        ({"simulated": {"a": 1.0}}, "of the same policies, two at least, got"),
        ({"model_of_logged": ONES, "model_of_targets": {"a": ONES}}, r"policies \['a', 'b'\], got"),
    ],
)  # fmt: skip
def test_logs_that_do_not_fit_are_refused(change, message):
    settings = {"rewards": ONES, "propensities": ONES, "targets": {"a": ONES, "b": ONES}}
    settings = {**settings, "simulated": {"a": 1.0, "b": 2.0}, **change}
    with pytest.raises(DataError, match=message):
        PolicyLog(**settings)
