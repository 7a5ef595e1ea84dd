"""Features of trajectories, against a plain loop."""

import numpy as np

from recsim_ng.report.feature import summary_features


def test_numbers_are_summed_up_user_by_user_over_the_steps_that_count(rng):
    x, seen = rng.normal(size=(9, 3)), rng.random((9, 3)) < 0.7
    seen[:3] = True
    (found,), names = summary_features([{"a.x": x}], {"a.x": seen})
    for u in range(3):
        y, both = x[seen[:, u], u], seen[1:, u] & seen[:-1, u]
        d = x[:, u] - y.mean()
        lagged = (d[1:] * d[:-1])[both].mean() / y.var()
        expected = [y.mean(), y.std(), y.min(), y.max(), lagged]
        np.testing.assert_allclose(found[u], expected)
    assert names[0] == "a.x: mean" and names[-1] == "a.x: correlation with the step before"


def test_few_whole_numbers_are_counted_in_all_runs_alike():
    one, two = np.array([[0], [2], [2]]), np.array([[1], [1], [1]])
    (a, b), names = summary_features([{"a.x": one}, {"a.x": two}])
    assert names == [f"a.x: share of {k}" for k in range(3)] + [
        "a.x: share of steps without a change"
    ]
    np.testing.assert_allclose(a, [[1 / 3, 0, 2 / 3, 0.5]])
    np.testing.assert_allclose(b, [[0, 1, 0, 1]])


def test_components_are_named_and_many_are_taken_together(rng):
    _, names = summary_features([{"a.x": rng.normal(size=(4, 2, 2))}])
    assert {"a.x[0]: mean", "a.x[1]: mean"} <= set(names)
    (found,), names = summary_features([{"a.x": rng.normal(size=(4, 2, 9))}])
    assert names[0] == "a.x (mean of 9): mean" and found.shape == (2, 10)


def test_what_is_constant_or_has_no_users_makes_no_trouble():
    (found,), _ = summary_features([{"a.x": np.ones((4, 2)), "b.y": np.arange(4)}])
    assert np.isfinite(found).all() and found.shape == (2, 5)
