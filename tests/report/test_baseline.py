"""Comparisons with baselines: on the same interactions, paired, with a verdict."""

import numpy as np
import pytest

from recsim_ng.report.baseline import Comparison, compare
from recsim_ng.report.difference import Difference
from recsim_ng.report.interaction import Interactions
from recsim_ng.report.prediction import Prediction


def prediction(x, log_prob, probabilities=None):
    return Prediction("a.x", x, log_prob, probabilities, None, 1, 0)


def some(rng, size, is_choice, with_items=False):
    user = rng.integers(12, size=size)
    outcome = rng.integers(3, size=size) if is_choice else rng.normal(size=size)
    item = rng.integers(5, size=size) if with_items else None
    return Interactions(outcome, user, np.arange(size), item)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ((True,), ["popularity", "per-user frequency", "matrix factorisation"]),
        ((False,), ["global mean", "mean by user", "biased matrix factorisation"]),
        (
            (False, True),
            ["global mean", "mean by user", "mean by item", "biased matrix factorisation"],
        ),
    ],
)
def test_baselines_are_those_of_the_kind_of_outcome(kind, names, rng):
    test = some(rng, 60, *kind)
    story = np.full(60, -0.5)
    found = compare(some(rng, 150, *kind), prediction(test, story), rank=1)
    wanted = [n for n in names if n != "biased matrix factorisation" or len(kind) > 1]
    assert [c.name for c in found] == (wanted if kind == (False,) else names)
    for c in found:
        assert c.advantage.mean == pytest.approx(-0.5 - c.log_prob)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.3, "beaten"), (-0.1, 0.3, "no clear difference"), (-0.3, -0.1, "better than the")],
)
def test_verdicts_go_by_the_whole_interval(low, high, verdict):
    found = Comparison("x", -1.0, Difference((low + high) / 2, low, high))
    assert found.verdict.startswith(verdict) and found.is_beaten == (verdict == "beaten")


def test_a_story_that_is_the_truth_beats_what_does_not_know_users(rng):
    tastes = 2.0 * rng.normal(size=(60, 3))
    p = np.exp(tastes) / np.exp(tastes).sum(axis=1, keepdims=True)

    def drawn(size):
        user = rng.integers(60, size=size)
        return Interactions(
            (rng.random((size, 1)) > p[user].cumsum(axis=1)).sum(axis=1), user, user
        )

    test = drawn(1500)
    truth = prediction(test, np.log(p[test.user, test.outcome]), p[test.user])
    popularity, frequency, _ = compare(drawn(300), truth, rank=1)
    assert popularity.is_beaten and frequency.advantage.mean > 0
    wrong = prediction(test, np.log(p[::-1][test.user, test.outcome]), p[test.user])
    assert compare(drawn(300), wrong, rank=1)[0].verdict == "better than the story"
