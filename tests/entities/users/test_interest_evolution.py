"""Users whose interests move: every formula by hand, and the law of the interests."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.users.interest_evolution import InterestEvolutionUser, squashed
from tests import statistical

U, K, S = 5, 2, 3
CONFIG = {"num_users": U, "num_topics": K, "slate_size": S}


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("user"):
        return fn(*args), record.sites


@pytest.fixture
def slates(rng):
    return Value(
        doc_features=tf.constant(rng.normal(size=(U, S, K)), tf.float32),
        doc_quality=tf.constant(rng.uniform(-1, 1, size=(U, S)), tf.float32),
        doc_length=tf.constant(rng.uniform(1, 3, size=(U, S)), tf.float32),
    )


@pytest.fixture
def interest(rng):
    return (3 * rng.normal(size=(U, K))).astype(np.float32)


def state(interest):
    x = tf.constant(interest)
    return Value(interest=Value(state=x, linear_update=Value(state=x)))


def by_hand(interest, slates, choice, step=0.1):
    """(the interests before squashing, and after), user by user."""
    before, after = np.empty((U, K)), np.empty((U, K))
    for u in range(U):
        before[u] = interest[u]
        if choice[u] < S:
            doc = slates.get("doc_features").numpy()[u, choice[u]]
            quality = slates.get("doc_quality").numpy()[u, choice[u]]
            before[u] += step * quality * (doc - interest[u])
        after[u] = 40 * (1 / (1 + np.exp(-before[u] / 10)) - 0.5)
    return before, after


@pytest.mark.parametrize("step", [None, 0.5])
def test_interests_move_with_the_quality_of_what_was_consumed(step, interest, slates):
    user = InterestEvolutionUser(CONFIG if step is None else {**CONFIG, "interest_step_size": step})
    choice = np.array([0, 1, 2, S, S])  # the last two consume nothing: squashed all the same
    response = Value(choice=tf.constant(choice, tf.int32))
    following, sites = run(user.next_state, state(interest), response, slates)
    before, after = by_hand(interest, slates, choice, step or 0.1)
    found = following.get("interest")
    np.testing.assert_allclose(found.get("linear_update.state"), before, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.get("state"), after, rtol=1e-4, atol=1e-6)
    assert np.abs(found.get("state").numpy()[3:] - interest[3:]).max() > 1e-4
    assert not sites


def test_squashing_keeps_small_interests_and_bounds_large_ones():
    found = squashed(tf.constant([-1e6, -0.01, 0.0, 0.01, 10.0, 1e6])).numpy()
    middle = 40 * (1 / (1 + np.exp(-1)) - 0.5)
    np.testing.assert_allclose(found, [-20, -0.01, 0, 0.01, middle, 20], rtol=1e-6)


def test_choice_is_a_logit_on_distance(interest, slates):
    for config, mass in ((CONFIG, 0.0), ({**CONFIG, "no_click_mass": -0.7}, -0.7)):
        user = InterestEvolutionUser(config)
        _, sites = run(user.next_response, state(interest), slates)
        (site,) = sites.values()
        away = np.linalg.norm(interest[:, None] - slates.get("doc_features").numpy(), axis=-1)
        weights = np.exp(np.concatenate([2 - away, np.full((U, 1), mass)], axis=1))
        expected = weights / weights.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(site.distribution.probs_parameter(), expected, rtol=1e-5)


def test_junk_takes_longer_and_nothing_takes_minus_one(interest, slates):
    seen = set()
    for seed in range(8):
        user = InterestEvolutionUser({**CONFIG, "no_click_mass": -1.5})
        response, _ = run(user.next_response, state(interest), slates, seed=seed)
        choice, time = response.get("choice").value.numpy(), response.get("consumed_time").numpy()
        for u in range(U):
            quality, length = slates.get("doc_quality").numpy(), slates.get("doc_length").numpy()
            at = u, min(choice[u], S - 1)
            expected = -1 if choice[u] == S else length[at] / (1 + np.exp(quality[at]))
            np.testing.assert_allclose(time[u], expected, rtol=1e-5)
        seen |= set(choice.tolist())
    assert seen == {0, 1, 2, S}
    assert set(response) == {"choice", "consumed_time"}


def test_first_interests_are_standard_normal(seed):
    user = InterestEvolutionUser({**CONFIG, "num_users": 20_000})
    first, _ = run(user.initial_state, seed=seed)
    interest = first.get("interest.state").numpy()
    np.testing.assert_array_equal(interest, first.get("interest.linear_update.state").value)
    statistical.assert_covariance(interest, np.eye(K), what="interests")
    statistical.assert_mean(interest, np.zeros(K), 1.0, what="interests")
    with statistical.must_catch():  # squashed at once, or of another scale
        statistical.assert_covariance(1.1 * interest, np.eye(K))


def test_interests_show_only_if_asked_for(interest):
    hidden = InterestEvolutionUser(CONFIG).observation(state(interest))
    assert set(hidden) == {"user_id"}
    shown = InterestEvolutionUser({**CONFIG, "observe_interest": True}).observation(state(interest))
    np.testing.assert_array_equal(shown.get("interest"), interest)


@pytest.mark.parametrize("observe", [False, True])
def test_values_are_as_specified(observe, slates):
    user = InterestEvolutionUser({**CONFIG, "observe_interest": observe})
    first, _ = run(user.initial_state)
    response, _ = run(user.next_response, first, slates)
    following, _ = run(user.next_state, first, response, slates)
    specs = user.specs()
    pairs = (("state", first), ("state", following), ("response", response))
    for name, x in (*pairs, ("observation", user.observation(following))):
        assert list(Variable(name, specs.get(name)).typecheck(x)) == list(specs.get(name))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"interest_step_size": 2.0}, "interest_step_size must be a number within [0.0, 1.0]"),
        ({"slate_size": 0}, "slate_size must be a whole number of at least 1"),
        ({"observe_interest": "no"}, "observe_interest must be True or False"),
        ({"no_click_mass": np.inf}, "no_click_mass must be a number within [-inf, 1000000000.0]"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    (value,) = change.values()
    with pytest.raises(ValueError) as error:
        InterestEvolutionUser({**CONFIG, **change})
    assert str(error.value) == f"InterestEvolutionUser: {message}, got {value!r}"
