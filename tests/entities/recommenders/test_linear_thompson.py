import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import LinearThompsonRecommender
from tests.statistical import assert_covariance, must_catch

U, D, K, S = 5, 20, 3, 4
F = K + 3
CONFIG = {
    "num_users": U,
    "num_docs": D,
    "num_topics": K,
    "slate_size": S,
    "allow_repeats": True,
    "rating_noise": 0.5,
    "boredom_decay": 0.8,
    "exploration": 1.0,
    "prior_affinity_sd": 0.3,
    "prior_offset_sd": 0.4,
    "prior_quality_sd": 0.25,
    "prior_boredom_sd": 0.6,
}
PRIOR_MEAN = np.array([0, 0, 0, 1, 3.2, 0])
PRIOR_SD = np.array([0.3, 0.3, 0.3, 0.25, 0.4, 0.6])


def make_docs(rng):
    return Value(
        doc_id=tf.range(D),
        doc_genres=tf.constant(rng.integers(0, 2, (D, K)), tf.float32),
        doc_quality=tf.constant(rng.normal(0, 0.5, D), tf.float32),
    )


def features(docs, film, recent):
    """`[F]` features of a film for a person, as the docstring of the recommender has them."""
    genres = docs.get("doc_genres").numpy()[film]
    share = genres / max(1, genres.sum())
    return np.array([*genres, docs.get("doc_quality").numpy()[film], 1, recent @ share])


def slate_of(docs, ranks):
    return docs.map(lambda x: tf.gather(x, ranks)).union(Value(doc_ranks=tf.constant(ranks)))


def learn(recommender, docs, rng, steps):
    """A random run; returns the state, and what it saw: per person (features, rating)."""
    state = recommender.initial_state()
    seen, recent = [[] for _ in range(U)], np.zeros((U, K))
    for _ in range(steps):
        ranks = rng.integers(0, D, (U, S)).astype(np.int32)
        choice = rng.integers(0, S + 1, U).astype(np.int32)
        rating = rng.normal(3, 1, U).astype(np.float32)
        response = Value(choice=choice, is_chosen=choice < S, rating=tf.constant(rating))
        state = recommender.next_state(state, response, slate_of(docs, ranks))
        for u in range(U):
            recent_now = recent[u].copy()
            recent[u] *= 0.8
            if choice[u] < S:
                film = ranks[u, choice[u]]
                seen[u].append((features(docs, film, recent_now), rating[u]))
                recent[u] += docs.get("doc_genres").numpy()[film]
    return state, seen, recent


def test_the_posterior_is_that_of_bayesian_linear_regression(rng):
    docs = make_docs(rng)
    recommender = LinearThompsonRecommender(CONFIG, usual_rating=3.2)
    state, seen, recent = learn(recommender, docs, rng, 60)
    np.testing.assert_allclose(state.get("recent_genres"), recent, rtol=1e-4, atol=1e-5)
    for u in range(U):
        x, y = map(np.array, zip(*seen[u], strict=True))
        precision = np.diag(PRIOR_SD**-2.0) + x.T @ x / 0.25
        mean = np.linalg.solve(precision, PRIOR_MEAN * PRIOR_SD**-2.0 + x.T @ y / 0.25)
        root = state.get("root").numpy()[u].astype(np.float64)
        np.testing.assert_allclose(state.get("mean")[u], mean, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(root @ root.T, np.linalg.inv(precision), rtol=1e-3, atol=1e-4)


def test_nothing_is_learnt_where_nothing_is_chosen(rng):
    docs = make_docs(rng)
    recommender = LinearThompsonRecommender(CONFIG, usual_rating=3.2)
    before = recommender.initial_state()
    response = Value(
        choice=tf.fill([U], S), is_chosen=tf.zeros([U], tf.bool), rating=tf.fill([U], 5.0)
    )
    after = recommender.next_state(before, response, slate_of(docs, np.zeros((U, S), np.int32)))
    for name, field in before.as_dict.items():
        np.testing.assert_array_equal(after.get(name), field, err_msg=name)


@pytest.mark.parametrize("exploration", [0.0, 1.0, 2.0])
def test_the_slate_is_the_best_by_the_weights_drawn(rng, seed, exploration):
    docs = make_docs(rng)
    recommender = LinearThompsonRecommender({**CONFIG, "exploration": exploration}, 3.2)
    state, _, recent = learn(recommender, docs, rng, 20)
    with Seed(seed), behaviour("slate docs"):
        slate = recommender.slate_docs(state, Value(), docs)
    noise = slate.get("exploration").numpy()
    for u in range(U):
        weights = state.get("mean").numpy()[u]
        weights = weights + exploration * state.get("root").numpy()[u] @ noise[u]
        scores = np.array([features(docs, film, recent[u]) @ weights for film in range(D)])
        best = np.sort(scores)[::-1][:S]
        np.testing.assert_allclose(scores[slate.get("doc_ranks").numpy()[u]], best, atol=1e-4)


def test_drawn_weights_have_the_posterior_covariance(rng, seed):
    docs = make_docs(rng)
    state, _, _ = learn(LinearThompsonRecommender(CONFIG, 3.2), docs, rng, 20)
    many = 20_000
    crowd = LinearThompsonRecommender({**CONFIG, "num_users": many}, 3.2)
    state = state.map(lambda field: tf.repeat(field[:1], many, axis=0))
    with Seed(seed), behaviour("slate docs"):
        noise = crowd.slate_docs(state, Value(), docs).get("exploration").numpy()
    root = state.get("root").numpy()[0].astype(np.float64)
    weights = noise @ root.T  # about their mean
    assert_covariance(weights, root @ root.T, what="weights")
    with must_catch():
        assert_covariance(weights, 1.25 * root @ root.T, what="weights of a wider posterior")
