"""SessionModel: every history of one user, against the law of sessions and returns."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.given import Condition
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.entities.response_models import SessionModel, WaitingTime

DRAWS = ("ends", "churns", "returns")
WAIT = WaitingTime.of_probabilities([0.2, 0.5, 0.3])


def histories(model, steps):
    """(probability, who was active at steps 0 .. steps, whether churned) of each history."""
    paths = [(1.0, [True], model.initial_state())]
    for _ in range(steps):
        longer = []
        for p, active, state in paths:
            for draws in itertools.product([0, 1], repeat=3):
                given = {
                    ("it", f"SessionModel_{n}"): [x] for n, x in zip(DRAWS, draws, strict=True)
                }
                with Seed(0), Condition(given), behaviour("it"):
                    new = model.next_state(state)
                log_prob = sum(new.get(n).distribution.log_prob(new.get(n).value) for n in DRAWS)
                q = p * float(np.exp(log_prob[0]))
                if q:
                    here = bool(new.get("is_active")[0])
                    longer.append((q, [*active, here], new.map(tf.convert_to_tensor)))
        paths = longer
    return [(p, tuple(a), bool(s.get("has_churned")[0])) for p, a, s in paths]


def test_absences_have_the_law_of_the_return_time_and_sessions_that_of_their_end():
    found = histories(SessionModel((1,), 0.3, 0.4, WAIT), 4)
    np.testing.assert_allclose(sum(p for p, _, _ in found), 1.0, rtol=1e-5)

    def chance(*pattern):
        return sum(p for p, active, _ in found if active[: len(pattern)] == pattern)

    np.testing.assert_allclose(chance(True, True, True), 0.7**2, rtol=1e-5)
    for away, p in ((1, 0.2), (2, 0.5), (3, 0.3)):
        pattern = (True, *[False] * away, True)
        np.testing.assert_allclose(chance(*pattern), 0.3 * 0.6 * p, rtol=1e-5)
    # Whoever is away longer than any wait has churned.
    np.testing.assert_allclose(chance(True, *[False] * 4), 0.3 * 0.4, rtol=1e-5)
    assert all(gone for _, active, gone in found if active == (True, *[False] * 4))


def test_churn_is_for_good():
    found = histories(SessionModel((1,), 0.5, 1.0, WaitingTime.geometric(1.0)), 3)
    assert {active for _, active, _ in found} == {
        (True,) * n + (False,) * (4 - n) for n in (1, 2, 3, 4)
    }


def test_the_end_may_depend_on_what_happened_with_finite_gradients():
    model = SessionModel((3,), 0.5, tf.Variable(0.2))
    logits = tf.constant([-2.0, 0.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        given = {("it", "SessionModel_ends"): [1, 0, 1]}
        with Seed(0), Condition(given), behaviour("it"):
            state = model.next_state(model.initial_state(), logits)
        y = state.get("ends").distribution.log_prob([1, 0, 1])
        rest = state.get("churns").distribution.log_prob(state.get("churns").value)
    np.testing.assert_allclose(y, np.log(tf.sigmoid([-2.0, 0.0, 2.0]) * [1, -1, 1] + [0, 1, 0]))
    shares = tf.sigmoid(logits).numpy()
    np.testing.assert_allclose(tape.gradient([y, rest], logits), [1, 0, 1] - shares, rtol=1e-5)


def test_the_steps_away_are_counted_from_the_first():
    model = SessionModel((1,), 1.0, 0.0, WaitingTime.geometric(0.0))
    state = model.initial_state()
    counts = []
    for t in range(4):
        with Seed(1, t), behaviour("it"):
            state = model.next_state(state)
        counts.append(int(state.get("steps_away")[0]))
    assert counts == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"end_probability": 1.5}, "end_probability must be within [0, 1], got 1.5"),
        ({"churn_probability": [0.1, -0.1]}, "churn_probability must be within [0, 1], got -0.1"),
        (
            {"end_probability": np.zeros(3)},
            "end_probability must broadcast to the shape [2], got [3]",
        ),
        (
            {"return_time": 0.5},
            "return_time must be a WaitingTime, got 0.5; WaitingTime.geometric(0.5), say",
        ),
    ],
)
def test_settings_that_make_no_law_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        SessionModel((2,), **settings)
    assert str(error.value).startswith(f"SessionModel: {message}")
