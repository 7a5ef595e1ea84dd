"""Soft attributes: the formulas by hand, the laws of the draws, specs, and bad input."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora.soft_attribute import SoftAttributeCorpus
from recsim_ng.entities.users.concept_activation_vector import ConceptActivationVectorUser
from tests import statistical

U, D, A, G, R = 40, 12, 6, 3, 5
CONFIG = {
    "num_users": U,
    "num_docs": D,
    "num_topics": 2,
    "topic_means": np.linspace(0.2, 0.8, 2 * A).reshape(2, A),
    "item_spread": 0.5,
    "interest_spread": 0.5,
    "lowest_peak": 0.4,
    "rating_power": 1.35,
    "max_ratings": R,
    "rating_noise": 0.02,
    "round_ratings": False,
    "num_tags": G,
    "num_senses": 2,
    "shared_sense": False,
    "tagger_share": 0.6,
    "lowest_tag_rate": 0.4,
    "highest_tag_rate": 0.9,
    "tag_thresholds": (0.3, 0.7),
    "tag_noise": 0.01,
}


def everything(config=CONFIG, seed=0):
    """(docs, user state, response, sites) of one story."""
    corpus, user = SoftAttributeCorpus(config), ConceptActivationVectorUser(config)
    with Seed(seed), Record() as record:
        with behaviour("corpus state"):
            corpus_state = corpus.initial_state()
        docs = corpus.available_documents(corpus_state)
        with behaviour("user state"):
            state = user.initial_state()
        with behaviour("user response"):
            response = user.next_response(state, docs)
    for name, spec, x in (
        ("corpus state", corpus.specs().get("state"), corpus_state),
        ("available docs", corpus.specs().get("available_docs"), docs),
        ("user state", user.specs().get("state"), state),
        ("user response", user.specs().get("response"), response),
        ("user observation", user.specs().get("observation"), user.observation(state)),
    ):
        Variable(name, spec).typecheck(x)
    plain = [v.map(lambda x: np.asarray(tf.convert_to_tensor(x))) for v in (docs, state, response)]
    return (*plain, record.sites)


@pytest.mark.parametrize("shared", [False, True])
def test_every_field_follows_from_the_draws(shared, seed):
    docs, state, response, _ = everything({**CONFIG, "shared_sense": shared}, seed)
    v, w, p = docs["doc_features"], state["interest"], state["peaks"]
    np.testing.assert_array_equal(w, np.clip(state["draw"], 0, 1))
    assert v.min() >= 0 and v.max() <= 1
    affinity = np.sum(p[:, None] - np.abs(w[:, None] * v - p[:, None]), axis=-1)
    for u in range(U):
        n = min(max(state["zipf"][u], 1), R)
        assert n == state["num_ratings"][u] == response["is_rated"][u].sum()
        items = response["choice"][u]
        assert len(set(items)) == R and items.max() < D
        score = (affinity[u, items] + response["rating_noise"][u])[:n]
        width = score.max() - score.min()
        expected = 1 + 4 * (score - score.min()) / width if width > 0 else np.full(n, 3.0)
        np.testing.assert_allclose(response["rating"][u, :n], expected, atol=2e-4)
        assert not response["rating"][u, n:].any()
        senses = np.broadcast_to(state["sense"][u], G)
        for r in range(R):
            for g in range(G):
                threshold = (0.3, 0.7)[state["degree"][u, g]] + response["tag_noise"][u, r, g]
                applies = v[items[r], 2 * g + senses[g]] > threshold
                expected = r < n and response["is_tagged"][u, r] == 1 and applies
                assert response["tags"][u, r, g] == expected


def test_only_taggers_tag(seed):
    _, state, response, _ = everything(seed=seed)
    assert not response["is_tagged"][state["is_tagger"] == 0].any()
    assert response["is_tagged"][state["is_tagger"] == 1].any()


def test_rounded_ratings_are_whole_stars_from_one_to_five(seed):
    _, _, response, _ = everything({**CONFIG, "round_ratings": True}, seed)
    rating = response["rating"][response["is_rated"]]
    assert set(rating) <= {1.0, 2.0, 3.0, 4.0, 5.0}


def test_what_is_rated_follows_affinity_and_popularity(seed):
    num_users = 20_000
    config = {**CONFIG, "num_users": num_users, "num_docs": 4, "max_ratings": 1}
    docs, state, response, sites = everything(config, seed)
    logits = np.asarray(sites[("user response", "#0")].distribution.logits)
    v, w, p = docs["doc_features"], state["interest"], state["peaks"]
    affinity = np.sum(p[:, None] - np.abs(w[:, None] * v - p[:, None]), axis=-1)
    np.testing.assert_allclose(logits[:, :4], affinity + docs["doc_popularity"], atol=1e-4)
    weights = np.exp(affinity + docs["doc_popularity"])
    share = (weights / weights.sum(1, keepdims=True)).astype(np.float64)
    # A shift of 0.02 in a share is 6 standard errors of the mean of 20,000 indicators.
    hit = (response["choice"] == np.arange(4)).astype(float)
    sd = np.sqrt(np.mean(share * (1 - share), axis=0))
    statistical.assert_mean(hit - share, 0.0, sd, what="shares of rated items")
    with statistical.must_catch():
        statistical.assert_mean(hit - np.full(4, 0.25), 0.0, sd)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"num_tags": 4},
            "num_tags times num_senses must be at most the 6 attributes, got 4 times 2",
        ),
        ({"max_ratings": 13}, "max_ratings must be at most num_docs, 12, got 13"),
        ({"topic_means": np.zeros(3)}, "topic_means must be of shape [2, any], got [3]"),
        (
            {"topic_means": np.full((2, 6), np.nan)},
            "topic_means must be within (-inf, inf), got nan",
        ),
        ({"num_docs": 1.5}, "num_docs must be a whole number of at least 1, got 1.5"),
        ({"max_ratings": "x"}, "max_ratings must be a whole number of at least 1, got 'x'"),
        ({"num_tags": -1}, "num_tags must be a whole number of at least 0, got -1"),
        ({"num_senses": 0}, "num_senses must be a whole number of at least 1, got 0"),
        ({"tag_thresholds": ()}, "tag_thresholds must be of shape [any], got [0]"),
        ({"tag_thresholds": (np.nan,)}, "tag_thresholds must be within (-inf, inf), got nan"),
        ({"interest_spread": -1}, "interest_spread must be within [0, inf), got -1"),
        ({"rating_noise": np.nan}, "rating_noise must be within [0, inf), got nan"),
        ({"tag_noise": np.ones(7)}, "tag_noise must broadcast to the shape "),
        ({"rating_power": 1.0}, "rating_power must be a number within [1.000001, 1000.0], got 1.0"),
        ({"lowest_peak": 1.5}, "lowest_peak must be a number within [0.0, 1.0], got 1.5"),
        ({"tagger_share": "x"}, "tagger_share must be a number within [0.0, 1.0], got 'x'"),
        (
            {"lowest_tag_rate": 0.5, "highest_tag_rate": 0.4},
            "highest_tag_rate, from lowest_tag_rate on, must be a number within [0.5, 1.0]",
        ),
        ({"round_ratings": "no"}, "round_ratings must be True or False, got 'no'"),
        ({"shared_sense": 1}, "shared_sense must be True or False, got 1"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError) as error:
        ConceptActivationVectorUser({**CONFIG, **change})
    assert str(error.value).startswith(f"ConceptActivationVectorUser: {message}")
