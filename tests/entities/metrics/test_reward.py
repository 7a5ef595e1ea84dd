"""Rewards at each step, cumulated and discounted, against the sums by hand."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.metrics import (
    ConsumedTimeAsRewardMetrics,
    RewardMetrics,
    UtilityAsRewardMetrics,
)

CONFIG = {"num_users": 2}
SERIES = np.array([[1.0, -1.0], [-2.0, 3.0], [0.5, 4.0]], np.float32)


def run(metrics, source, field):
    """The metrics after each step of `SERIES`."""
    variable = Variable("metrics state", metrics.specs().get("state"))
    states = [variable.typecheck(metrics.initial_metrics())]
    for row in SERIES:
        happened = {name: Value() for name in ("user_state", "user_response")}
        happened[source] = Value(**{field: tf.constant(row)})
        state = metrics.next_metrics(states[-1], Value(), **happened, slate_docs=Value())
        states.append(variable.typecheck(state))
    return states


@pytest.mark.parametrize(
    ("ctor", "source", "field", "rewards"),
    [
        (UtilityAsRewardMetrics, "user_state", "utilities", SERIES),
        (
            ConsumedTimeAsRewardMetrics,
            "user_response",
            "consumed_time",
            np.maximum(SERIES, 0),
        ),
        (
            functools.partial(RewardMetrics, field="engagement", least=-1.0),
            "user_response",
            "engagement",
            np.maximum(SERIES, -1),
        ),
    ],
)
def test_rewards_are_those_of_the_step_before_and_add_up(ctor, source, field, rewards):
    states = run(ctor(CONFIG), source, field)
    assert set(states[0]) == {"reward", "cumulative_reward"}
    assert not any(np.any(x) for x in states[0].as_dict.values())
    for t, state in enumerate(states[1:]):
        np.testing.assert_array_equal(state.get("reward"), rewards[t])
        np.testing.assert_allclose(state.get("cumulative_reward"), rewards[: t + 1].sum(axis=0))


@pytest.mark.parametrize("discount", [0.0, 0.5, 1.0])
def test_the_first_reward_counts_in_full_and_later_ones_less(discount):
    metrics = RewardMetrics(CONFIG, "x", source="user_state", discount=discount)
    states = run(metrics, "user_state", "x")
    weights = float(discount) ** np.arange(3)
    for t in range(4):
        expected = weights[:t] @ SERIES[:t]
        np.testing.assert_allclose(states[t].get("discounted_reward"), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"source": "users"}, "source must be one of .*, got 'users'"),
        ({"discount": 1.5}, r"discount must be a number within \[0.0, 1.0\], got 1.5"),
        ({"least": "none"}, "least must be a number within"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=f"RewardMetrics: {message}"):
        RewardMetrics(CONFIG, "x", **setting)
