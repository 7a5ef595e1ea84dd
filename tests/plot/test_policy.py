"""Policies: estimates with their intervals over the simulator's values, with their names."""

import numpy as np

from recsim_ng.plot.policy import plot_policies
from recsim_ng.report.difference import Difference


def test_every_policy_is_named_and_has_a_point_for_each_estimator():
    values = {"a": 1.0, "b": 2.0}
    found = {"a": Difference(1.1, 1.0, 1.2), "b": Difference(1.9, 1.5, 2.3)}
    axes = plot_policies(values, {"one": found, "two": found}).axes[0]
    assert {"a", "b"} <= {text.get_text() for text in axes.texts}
    for line in axes.lines:
        np.testing.assert_allclose(line.get_ydata(), [1.1, 1.9])
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["one", "two"]


def test_policies_of_one_value_can_be_drawn():
    same = {"a": Difference(1.0, 0.0, 2.0), "b": Difference(1.0, 0.0, 2.0)}
    assert plot_policies({"a": 1.0, "b": 1.0}, {"one": same}).axes
