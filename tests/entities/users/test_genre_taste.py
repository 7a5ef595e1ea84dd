import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.users import GenreTasteUser
from recsim_ng.entities.users.genre_taste import genre_shares
from tests.statistical import assert_frequencies, assert_mean, must_catch

CONFIG = {
    "num_topics": 3,
    "slate_size": 4,
    "nochoice_logit": 0.3,
    "rating_noise": 0.5,
    "drift_rate": 0.1,
    "boredom_penalty": 0.5,
    "boredom_decay": 0.8,
}
# Films on the slate: of two genres, of one, of one, of none.
GENRES = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], np.float32)
QUALITY = np.array([0.2, -0.1, 0.5, 0.0], np.float32)
AFFINITY = np.array([0.4, -0.3, 0.1], np.float32)


def make_user(num_users=1, affinity=AFFINITY, offset=0.0, **settings):
    config = {**CONFIG, "num_users": num_users}
    affinity = np.tile(affinity, [num_users, 1])
    return GenreTasteUser(config, affinity, np.full(num_users, offset), 3.2, **settings)


def slate(num_users=1):
    return Value(
        doc_genres=tf.tile(GENRES[None], [num_users, 1, 1]),
        doc_quality=tf.tile(QUALITY[None], [num_users, 1]),
    )


def choosing(choice):
    choice = tf.constant([choice])
    return Value(choice=choice, is_chosen=choice < 4)


def after(user, choices):
    state = user.initial_state()
    for choice in choices:
        state = user.next_state(state, choosing(choice), slate())
    return state.map(lambda field: field.numpy()[0])


def respond(user, state, num_users, seed):
    with Seed(seed), behaviour("user response"):
        return user.next_response(state, slate(num_users))


@pytest.mark.parametrize("observe_taste", [False, True])
def test_values_are_as_specified(observe_taste, seed):
    user = make_user(7, observe_taste=observe_taste)
    specs, state = user.specs(), user.initial_state()
    response = respond(user, state, 7, seed)
    for part, made in (
        ("state", state),
        ("state", user.next_state(state, response, slate(7))),
        ("observation", user.observation(state)),
        ("response", response),
    ):
        checked = Variable(part, specs.get(part)).typecheck(made)
        assert list(checked) == list(specs.get(part))


def test_taste_is_observed_only_where_it_is_shown():
    state = make_user().initial_state()
    assert list(make_user().observation(state)) == ["user_id"]
    shown = make_user(observe_taste=True).observation(state)
    np.testing.assert_array_equal(shown.get("affinity"), state.get("affinity"))
    assert set(shown) == {"user_id", "affinity", "recent_genres"}


def test_enjoyment_adds_quality_affinity_and_boredom():
    user = make_user()
    recent = tf.constant([[1.0, 2.0, 3.0]])
    state = Value(affinity=AFFINITY[None], recent_genres=recent)
    # By hand: q + g.affinity - 0.5 (mean of recent over the film's genres).
    expected = [0.2 + 0.1 - 0.75, -0.1 - 0.3 - 1.0, 0.5 + 0.1 - 1.5, 0.0]
    np.testing.assert_allclose(user.enjoyment(state, slate())[0], expected, rtol=1e-5, atol=1e-6)


def test_a_film_without_genres_has_no_shares():
    shares = genre_shares(tf.constant(GENRES))
    np.testing.assert_array_equal(shares, [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_choices_follow_the_logit_of_enjoyment(seed):
    num_users = 200_000
    user = make_user(num_users)
    state = user.initial_state()
    recent = tf.constant([[0.5, 0.0, 1.0]])
    state = Value(affinity=state.get("affinity"), recent_genres=tf.tile(recent, [num_users, 1]))
    response = respond(user, state, num_users, seed)
    counts = np.bincount(response.get("choice").numpy(), minlength=5)

    def shares(penalty):
        enjoyment = QUALITY + GENRES @ AFFINITY
        enjoyment = enjoyment - penalty * np.array([0.25, 0, 1.0, 0])
        weights = np.exp([*enjoyment, 0.3])
        return weights / weights.sum()

    assert_frequencies(counts, shares(0.5), what="choices")
    with must_catch():
        assert_frequencies(counts, shares(0.4), what="choices of people less easily bored")


def test_ratings_are_the_expected_enjoyment_with_noise(seed):
    num_users = 100_000
    user = make_user(num_users, offset=0.25)
    response = respond(user, user.initial_state(), num_users, seed)
    choice, rating = response.get("choice").numpy(), response.get("rating").numpy()
    enjoyment = np.append(QUALITY + GENRES @ AFFINITY, 0)[choice]
    np.testing.assert_allclose(response.get("enjoyment"), enjoyment, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(response.get("is_chosen"), choice < 4)
    assert_mean(rating - enjoyment, 3.45, 0.5, what="ratings beyond enjoyment")
    with must_catch():
        assert_mean(rating - enjoyment, 3.43, 0.5, what="ratings of others")
    deviation = (rating - enjoyment - 3.45) ** 2
    assert_mean(deviation, 0.25, 0.25 * 2**0.5, skewness=8**0.5, what="variance of ratings")


@pytest.mark.parametrize("steps", [1, 7, 40])
def test_affinities_drift_towards_the_genres_that_are_consumed(steps):
    affinity = after(make_user(), [0] * steps).get("affinity")
    kept = 0.9**steps
    expected = kept * AFFINITY + (1 - kept) * np.array([0.5, 0.5, 0])
    np.testing.assert_allclose(affinity, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 5, 30])
def test_boredom_builds_up_geometrically_and_fades(steps):
    user = make_user()
    recent = after(user, [1] * steps).get("recent_genres")
    expected = (1 - 0.8**steps) / (1 - 0.8)
    np.testing.assert_allclose(recent, [0, expected, 0], rtol=1e-5)
    rested = after(user, [1] * steps + [4] * 3).get("recent_genres")
    np.testing.assert_allclose(rested, [0, expected * 0.8**3, 0], rtol=1e-5)
    state = user.initial_state()
    bored = Value(affinity=state.get("affinity"), recent_genres=recent[None])
    loss = user.enjoyment(state, slate()) - user.enjoyment(bored, slate())
    np.testing.assert_allclose(loss[0], [expected / 4, expected / 2, 0, 0], rtol=1e-5, atol=1e-6)


def test_who_chooses_nothing_keeps_their_taste():
    state = after(make_user(), [4, 4])
    np.testing.assert_array_equal(state.get("affinity"), AFFINITY)
    np.testing.assert_array_equal(state.get("recent_genres"), np.zeros(3))


NAN = float("nan")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"slate_size": 0}, "slate_size must be a whole number of at least 1, got 0"),
        ({"rating_noise": NAN}, "rating_noise must be within [0, inf), got nan"),
        ({"rating_noise": -1.0}, "rating_noise must be within [0, inf), got -1.0"),
        ({"drift_rate": 1.5}, "drift_rate must be within [0, 1], got 1.5"),
        ({"drift_rate": "x"}, "drift_rate must be an array of real numbers, got 'x'"),
        ({"boredom_penalty": NAN}, "boredom_penalty must be within (-inf, inf), got nan"),
        ({"boredom_decay": [0.5] * 2}, "boredom_decay must broadcast to the shape [4, 3]"),
        ({"nochoice_logit": np.inf}, "nochoice_logit must be within [-inf, "),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError) as error:
        GenreTasteUser({**CONFIG, "num_users": 4, **setting}, np.ones((4, 3)), np.ones(4), 3.0)
    assert str(error.value).startswith(f"GenreTasteUser: {message}")
    (name,) = setting
    config = {k: v for k, v in CONFIG.items() if k != name}
    with pytest.raises(ConfigError, match=f"GenreTasteUser: config must have '{name}'"):
        GenreTasteUser({**config, "num_users": 4}, np.ones((4, 3)), np.ones(4), 3.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"affinity": np.ones((3, 2))}, "affinity must be of shape [4, 3], got [3, 2]"),
        ({"affinity": np.full((4, 3), NAN)}, "affinity must be within (-inf, inf), got nan"),
        ({"offset": np.ones(3)}, "offset must broadcast to the shape [4], got [3]"),
        ({"offset": NAN}, "offset must be within (-inf, inf), got nan"),
        ({"usual_rating": NAN}, "usual_rating must be within (-inf, inf), got nan"),
        ({"usual_rating": None}, "usual_rating must be an array of real numbers, got None"),
        ({"observe_taste": "no"}, "observe_taste must be True or False, got 'no'"),
    ],
)
def test_tastes_out_of_range_are_refused(change, message):
    given = {"affinity": np.ones((4, 3)), "offset": np.ones(4), "usual_rating": 3.0, **change}
    with pytest.raises(ConfigError) as error:
        GenreTasteUser({**CONFIG, "num_users": 4}, **given)
    assert str(error.value) == f"GenreTasteUser: {message}"


def test_drift_and_boredom_can_be_trained():
    trained = {x: tf.Variable(CONFIG[x]) for x in ("drift_rate", "boredom_decay", "rating_noise")}
    user = GenreTasteUser({**CONFIG, "num_users": 1, **trained}, AFFINITY[None], [0.0], 3.2)
    state = Value(affinity=tf.constant(AFFINITY[None]), recent_genres=tf.ones([1, 3]))
    with tf.GradientTape() as tape:
        following = user.next_state(state, choosing(1), slate())
        total = tf.reduce_sum(following.get("affinity")) + tf.reduce_sum(
            following.get("recent_genres")
        )
    drift, decay = tape.gradient(total, [trained["drift_rate"], trained["boredom_decay"]])
    np.testing.assert_allclose(drift, np.sum([0, 1, 0] - AFFINITY), rtol=1e-6)
    np.testing.assert_allclose(decay, 3.0)
