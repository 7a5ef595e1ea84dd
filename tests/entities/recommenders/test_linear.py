import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import LinearThompsonRecommender, LinUCBRecommender
from tests.recommender_world import World
from tests.statistical import assert_covariance, must_catch

MEAN = np.array([0.1, 0.0, -0.2, 1.0, 0.4, 0.0])
SD = np.array([0.3, 0.3, 0.3, 0.25, 0.4, 0.6])
S, NOISE, DECAY = 3, 0.7, 0.8


def config(*, has_reward=True, **settings):
    world = World(num_users=4, has_reward=has_reward, has_candidates=False)
    made = world.config(
        prior_mean=MEAN, prior_sd=SD, reward_noise=NOISE, repetition="doc_features",
        repetition_decay=DECAY, **settings
    )  # fmt: skip
    return world, made


def features(docs, doc, recent):
    """`[F]` features of a document for a user, as the docstring has them."""
    x = docs.get("doc_features").numpy()[doc].astype(float)
    return np.array([*x, 1.0, recent @ x / max(1.0, x.sum())])


def learn(recommender, world, rng, steps):
    """A random run; returns the state, per user what was observed, and what they chose lately."""
    docs, state, users = world.docs(), recommender.initial_state(), world.num_users
    observed, recent = [[] for _ in range(users)], np.zeros((users, 4))
    for _ in range(steps):
        ranks = np.array([rng.permutation(world.num_docs)[:S] for _ in range(users)], np.int32)
        choice = rng.integers(0, S + 1, users).astype(np.int32)
        response = Value(choice=tf.constant(choice))
        reward = rng.normal(1, 1, users).astype(np.float32)
        if world.has_reward:
            response = response.union(Value(reward=tf.constant(reward)))
        slate = docs.map(lambda x, ranks=ranks: tf.gather(x, ranks))
        state = recommender.next_state(state, response, slate.union(Value(doc_ranks=ranks)))
        for u in range(users):
            for place, doc in enumerate(ranks[u]):
                x, chosen = features(docs, doc, recent[u]), place == choice[u]
                if chosen or not world.has_reward:
                    observed[u].append((x, reward[u] if world.has_reward else float(chosen)))
            recent[u] *= DECAY
            if choice[u] < S:
                recent[u] += docs.get("doc_features").numpy()[ranks[u, choice[u]]]
    return state, observed, recent


@pytest.mark.parametrize("has_reward", [True, False])
def test_the_posterior_is_that_of_ridge_regression(rng, has_reward):
    world, made = config(has_reward=has_reward)
    state, observed, recent = learn(LinUCBRecommender(made), world, rng, 40)
    np.testing.assert_allclose(state.get("recent"), recent, rtol=1e-4, atol=1e-5)
    for u in range(world.num_users):
        x, y = map(np.array, zip(*observed[u], strict=True))
        precision = np.diag(SD**-2.0) + x.T @ x / NOISE**2
        mean = np.linalg.solve(precision, MEAN * SD**-2.0 + x.T @ y / NOISE**2)
        root = state.get("root").numpy()[u].astype(np.float64)
        np.testing.assert_allclose(state.get("mean")[u], mean, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(root @ root.T, np.linalg.inv(precision), rtol=2e-3, atol=2e-4)


def test_where_there_is_a_reward_nothing_is_learnt_from_no_choice():
    world, made = config()
    recommender = LinUCBRecommender(made)
    before = recommender.initial_state()
    response = Value(choice=tf.fill([4], S), reward=tf.fill([4], 5.0))
    ranks = tf.tile([[0, 1, 2]], [4, 1])
    slate = world.docs().map(lambda x: tf.gather(x, ranks)).union(Value(doc_ranks=ranks))
    after = recommender.next_state(before, response, slate)
    for name, field in before.as_dict.items():
        np.testing.assert_array_equal(after.get(name), field, err_msg=name)


def bounds(state, recent, docs, u, exploration):
    root, mean = state.get("root").numpy()[u], state.get("mean").numpy()[u]
    x = np.array([features(docs, d, recent[u]) for d in range(docs.get("doc_id").shape[0])])
    return x @ mean + exploration * np.linalg.norm(x @ root, axis=1)


@pytest.mark.parametrize("exploration", [0.0, 1.5])
def test_lin_ucb_shows_the_highest_upper_bounds(rng, exploration):
    world, made = config(exploration=exploration)
    recommender, docs = LinUCBRecommender(made), world.docs()
    state, _, recent = learn(recommender, world, rng, 15)
    slate = recommender.slate_docs(state, Value(), docs)
    for u in range(world.num_users):
        scores = bounds(state, recent, docs, u, exploration)
        shown = scores[slate.get("doc_ranks").numpy()[u]]
        np.testing.assert_allclose(shown, np.sort(scores)[::-1][:S], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("exploration", [0.0, 1.0, 2.0])
def test_thompson_shows_the_best_by_the_weights_drawn(rng, seed, exploration):
    world, made = config(exploration=exploration)
    recommender, docs = LinearThompsonRecommender(made), world.docs()
    state, _, recent = learn(recommender, world, rng, 15)
    with Seed(seed), behaviour("slate docs"):
        slate = recommender.slate_docs(state, Value(), docs)
    for u in range(world.num_users):
        weights = state.get("root").numpy()[u] @ slate.get("exploration").numpy()[u]
        weights = state.get("mean").numpy()[u] + exploration * weights
        scores = np.array([features(docs, d, recent[u]) @ weights for d in range(world.num_docs)])
        shown = scores[slate.get("doc_ranks").numpy()[u]]
        np.testing.assert_allclose(shown, np.sort(scores)[::-1][:S], rtol=1e-3, atol=1e-3)


def test_drawn_weights_have_the_posterior_covariance(rng, seed):
    world, made = config()
    state, _, _ = learn(LinearThompsonRecommender(made), world, rng, 15)
    many = 20_000
    _, made = config()
    crowd = LinearThompsonRecommender({**made, "num_users": many})
    state = state.map(lambda field: tf.repeat(field[:1], many, axis=0))
    with Seed(seed), behaviour("slate docs"):
        noise = crowd.draws(state, Value(), Value()).get("exploration").numpy()
    root = state.get("root").numpy()[0].astype(np.float64)
    weights = noise @ root.T  # about their mean
    assert_covariance(weights, root @ root.T, what="weights")
    with must_catch():
        assert_covariance(weights, 1.25 * root @ root.T, what="weights of a wider posterior")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prior_mean": [0.0, 1.0]}, r"prior_mean must broadcast to .*\[6\], got \[2\]"),
        ({"prior_sd": -1.0}, r"prior_sd must be within \[0, inf\), got -1"),
        ({"reward_noise": 0.0}, "reward_noise must be a number within"),
        ({"repetition_decay": 1.5}, r"repetition_decay must be a number within \[0.0, 1.0\]"),
        ({"exploration": -1.0}, "exploration must be a number within"),
        ({"repetition": "doc_colour"}, "repetition must be one of"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    _, made = config()
    with pytest.raises(ConfigError, match=f"LinUCBRecommender: {message}"):
        LinUCBRecommender({**made, **settings})


def test_the_kinds_that_repeat_must_be_many():
    _, made = config()
    with pytest.raises(ConfigError, match="repetition must name a field of kinds"):
        LinUCBRecommender({**made, "repetition": "doc_id"})
