"""DelayedFeedback: every history of arrivals, against the law of the delay."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models import DelayedFeedback, WaitingTime

LAWS = {
    "geometric": WaitingTime.geometric(0.3),
    "weibull": WaitingTime.weibull(0.7, 2.0),
    "finite": WaitingTime.of_probabilities([0.2, 0.5, 0.3]),
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
STEPS = 4


def score(model, begins, arrivals):
    """Log-probability of the steps at which the conversions that begin at `begins` arrive."""
    state, total = model.initial_state(), 0.0
    ages = model.initial_state().get("pending").shape[1]
    for t in range(STEPS):
        begun = np.array([t in begins])
        arrived = np.zeros([1, ages], np.int32)
        for start, end in zip(begins, arrivals, strict=True):
            if end == t and t - start >= ages:
                return -np.inf
            if end == t:
                arrived[0, t - start] = 1
        distribution = model.arrivals(state, begun).get("arrived").distribution
        total += float(tf.reduce_sum(distribution.log_prob(arrived)))
        state = model.next_state(state, begun, arrived)
    return total


@every_law
def test_a_conversion_arrives_by_the_law_of_its_delay(law):
    model = DelayedFeedback((1,), law)
    for arrival in range(1, STEPS):
        found = np.exp(score(model, [1], [arrival]))
        np.testing.assert_allclose(found, law.probabilities(STEPS)[arrival - 1], rtol=1e-5)
    # Not seen yet: all that is known is that the delay is longer.
    never = np.exp(score(model, [1], [None]))
    np.testing.assert_allclose(never, law.survival(STEPS)[STEPS - 1], rtol=1e-5, atol=1e-7)


@every_law
def test_several_conversions_are_delayed_each_on_its_own(law):
    model, total = DelayedFeedback((1,), law), 0.0
    for first, second in itertools.product([0, 1, 2, 3, None], [1, 2, 3, None]):
        found = np.exp(score(model, [0, 1], [first, second]))
        expected = 1.0
        for start, end in ((0, first), (1, second)):
            p, left = law.probabilities(STEPS), law.survival(STEPS + 1)
            expected *= left[STEPS - start] if end is None else p[end - start]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
        total += found
    np.testing.assert_allclose(total, 1.0, rtol=1e-5)


def test_what_begins_arrives_once_or_is_pending(seed):
    model = DelayedFeedback((50,), WaitingTime.geometric(0.2), window=9)
    state, begun, arrived = model.initial_state(), np.zeros(50), np.zeros(50)
    for t in range(10):
        begins = np.arange(50) % (t + 2) == 0
        with Seed(seed, t), behaviour("response"):
            response = model.arrivals(state, begins)
        state = model.next_state(state, begins, response.get("arrived"))
        begun, arrived = begun + begins, arrived + response.get("conversions").numpy()
        if t < 9:
            pending = np.sum(state.get("pending").numpy(), axis=1)
            np.testing.assert_array_equal(begun, arrived + pending)
    assert 0 < arrived.sum() < begun.sum()


def test_what_is_older_than_the_window_is_never_counted():
    model = DelayedFeedback((1,), WaitingTime.geometric(0.0), window=2)
    state = model.initial_state()
    counts = []
    for t in range(4):
        arrived = np.zeros([1, 3], np.int32)
        state = model.next_state(state, [t == 0], arrived)
        counts.append(int(np.sum(state.get("pending").numpy())))
    assert counts == [1, 1, 0, 0]


def test_a_bounded_delay_needs_no_longer_window():
    model = DelayedFeedback((1,), LAWS["finite"], window=30)
    assert model.initial_state().get("pending").shape == (1, 3)
    assert isinstance(model.specs(), Value)


def test_settings_that_make_no_law_are_refused():
    with pytest.raises(ValueError) as error:
        DelayedFeedback((1,), 0.3)
    assert str(error.value) == (
        "DelayedFeedback: delay must be a WaitingTime, got 0.3; WaitingTime.geometric(0.2), say"
    )
    with pytest.raises(ValueError, match="window must be a whole number of at least 0, got -1"):
        DelayedFeedback((1,), LAWS["finite"], window=-1)
