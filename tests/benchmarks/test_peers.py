import sys

import numpy as np
import pytest

from benchmarks import ecosystem_story
from benchmarks.peers import ecosystem_tensorflow

USERS, STEPS = 12, 6
FIELDS = {
    "provider_click_count": "corpus state",
    "provider_pulls": "recommender state",
    "utilities": "user state",
    "user_interests": "user state",
    "reward": "metrics state",
    "cumulative_reward": "metrics state",
}


@pytest.fixture(scope="module")
def means():
    return ecosystem_story.provider_means()


def test_the_tensorflow_program_draws_what_the_story_draws(means):
    runtime = ecosystem_story.runtime(USERS)
    program = ecosystem_tensorflow.program(means, USERS, STEPS)
    for seed in (3, 2**40 + 1):
        by_story, by_hand = runtime.execute(STEPS, seed=seed), program(seed)
        for field, variable in FIELDS.items():
            expected = by_story[variable].get(field).numpy()
            # A field of clicks or pulls differs by 1 if one decision does; rounding is far below.
            np.testing.assert_allclose(
                by_hand[field].numpy(), expected, rtol=1e-5, atol=1e-5, err_msg=field
            )


@pytest.fixture(scope="module")
def jax_peer():
    pytest.importorskip("jax")
    from benchmarks.peers import ecosystem_jax

    return ecosystem_jax


@pytest.mark.parametrize("name", ["run", "run_plain"])
def test_a_jax_program_counts_every_choice_once(jax_peer, means, name):
    state = getattr(jax_peer, name)(0, USERS, STEPS, means=means)
    assert state["provider_pulls"].shape == (USERS, 80)
    np.testing.assert_array_equal(np.sum(state["provider_pulls"], axis=1), STEPS)
    discounted = np.sum(USERS * 0.96 ** np.arange(STEPS))
    np.testing.assert_allclose(np.sum(state["provider_click_count"]), discounted, rtol=1e-4)


def test_blocks_of_users_all_get_served(jax_peer, means, monkeypatch):
    monkeypatch.setattr(jax_peer, "_BLOCK", 4)
    state = jax_peer.run(0, USERS, STEPS, means=means)
    np.testing.assert_array_equal(np.sum(state["provider_pulls"], axis=1), STEPS)
    assert len(np.unique(np.asarray(state["utilities"]))) == USERS


def test_the_best_documents_are_those_of_lax_top_k(jax_peer):
    from jax import lax

    scores = np.random.default_rng(0).normal(size=(50, 400)).round(1).astype(np.float32)  # ties
    _, expected = lax.top_k(scores, 3)
    np.testing.assert_array_equal(jax_peer._top_documents(np.ascontiguousarray(scores.T)), expected)
    found = ecosystem_tensorflow._best(scores)
    np.testing.assert_array_equal(found, expected)


def test_jax_and_the_story_are_the_same_model(jax_peer, means):
    # The mean first utility of 4,000 users: its standard error is about sqrt(1 + 3^2) / 63 = 0.05
    # on either side, and 0.5 is seven standard errors of the difference. Choosing at random among
    # all documents, not on the slate, moves it by more than 5.
    users = 4000
    expected = ecosystem_story.runtime(users).execute(1, seed=0)["user state"].get("utilities")
    for peer in (jax_peer.run, jax_peer.run_plain):
        found = peer(1, users, 1, means=means)["utilities"]
        assert abs(float(np.mean(found)) - float(np.mean(expected))) < 0.5


def test_without_jax_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delitem(sys.modules, "benchmarks.peers.ecosystem_jax", raising=False)
    with pytest.raises(ImportError, match=r"needs JAX.*pip install '\.\[benchmarks\]'"):
        import benchmarks.peers.ecosystem_jax  # noqa: F401
