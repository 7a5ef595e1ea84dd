import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import MatrixFactorisationRecommender
from tests.recommender_world import World
from tests.statistical import assert_covariance, must_catch

SETTINGS = {"num_factors": 4, "learning_rate": 0.3, "regularisation": 0.1, "usual_reward": 0.2}
NAMES = ("user_factors", "user_bias", "item_factors", "item_bias")


def start(world, rng):
    recommender = MatrixFactorisationRecommender(world.config(**SETTINGS))
    users, items = world.num_users, world.num_docs
    shapes = dict(zip(NAMES, [(users, 4), (users,), (items, 4), (items,)], strict=True))
    state = {name: rng.normal(0, 1, shape) for name, shape in shapes.items()}
    ranks = np.array([rng.permutation(items)[:3] for _ in range(users)], np.int32)
    choice = rng.integers(0, 4, users).astype(np.int32)
    reward = rng.normal(0, 1, users)
    return recommender, state, ranks, choice, reward


def pairs(world, ranks, choice, reward):
    """(user, item, y) of all that is observed."""
    for u, row in enumerate(ranks):
        for place, i in enumerate(row):
            if not world.has_reward:
                yield u, i, float(place == choice[u])
            elif place == choice[u]:
                yield u, i, reward[u]


def loss(state, u, i, y):
    p, a, q, b = (state[n][k] for n, k in zip(NAMES, (u, u, i, i), strict=True))
    e = y - 0.2 - a - b - p @ q
    return 0.5 * e * e + 0.05 * (p @ p + q @ q + a * a + b * b)


@pytest.mark.parametrize("has_reward", [True, False])
def test_a_step_descends_the_mean_gradient_of_the_loss(rng, has_reward):
    """Against finite differences of the loss of every observation, in double precision."""
    world = World(num_users=6, num_docs=5, has_reward=has_reward)
    recommender, state, ranks, choice, reward = start(world, rng)
    gradients = {name: np.zeros_like(x) for name, x in state.items()}
    counts = {"user": np.zeros(6), "item": np.zeros(5)}
    for u, i, y in pairs(world, ranks, choice, reward):
        counts["user"][u] += 1
        counts["item"][i] += 1
        for name, k in zip(NAMES, (u, u, i, i), strict=True):
            for index in np.ndindex(state[name].shape[1:]):
                sides = []
                for h in (1e-5, -1e-5):
                    moved = {n: x.copy() for n, x in state.items()}
                    moved[name][(k, *index)] += h
                    sides.append(loss(moved, u, i, y))
                gradients[name][(k, *index)] += (sides[0] - sides[1]) / 2e-5
    response = {"choice": choice}
    if has_reward:
        response["reward"] = reward.astype(np.float32)
    after = recommender.next_state(
        Value(**{name: tf.constant(x, tf.float32) for name, x in state.items()}),
        Value(**{name: tf.constant(x) for name, x in response.items()}),
        Value(doc_ranks=tf.constant(ranks)),
    )
    for name, x in state.items():
        count = np.maximum(counts[name.partition("_")[0]], 1)
        mean = gradients[name] / count.reshape(-1, *[1] * (x.ndim - 1))
        np.testing.assert_allclose(after.get(name), x - 0.3 * mean, rtol=1e-4, atol=1e-5)


def test_scores_are_the_predicted_rewards(rng):
    world = World(num_users=6, num_docs=5, has_candidates=False)
    recommender, state, *_ = start(world, rng)
    given = Value(**{name: tf.constant(x, tf.float32) for name, x in state.items()})
    p, a, q, b = (state[name] for name in NAMES)
    expected = p @ q.T + a[:, None] + b + 0.2
    scores = recommender.scores(given, Value(), world.docs(), Value())
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)


def test_factors_begin_as_normal_draws_of_the_seed(seed):
    config = World(num_users=20_000).config(num_factors=2, initial_scale=0.3)
    with Seed(seed), behaviour("state"):
        state = MatrixFactorisationRecommender(config).initial_state()
    drawn = state.get("user_factors").numpy()
    assert_covariance(drawn, 0.09 * np.eye(2), what="user factors")
    with must_catch():
        assert_covariance(drawn, 0.12 * np.eye(2), what="user factors of a wider start")
    assert state.get("item_factors").numpy().std() > 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_factors": 0}, "num_factors must be a whole number of at least 1, got 0"),
        ({"learning_rate": 2.0}, r"learning_rate must be a number within \[0.0, 1.0\], got 2.0"),
        ({"regularisation": -1.0}, "regularisation must be a number within"),
        ({"initial_scale": 0.0}, "initial_scale must be a number within"),
        ({"usual_reward": float("nan")}, "usual_reward must be a number within"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=f"MatrixFactorisationRecommender: {message}"):
        MatrixFactorisationRecommender(World().config(**setting))
