"""Several agents in one story: PettingZoo's own tests, and that it is the story's run."""

import copy
import functools

import gymnasium
import numpy as np
import pytest
from pettingzoo.test import parallel_api_test, parallel_seed_test

from recsim_ng.core.errors import ConfigError
from recsim_ng.runtime import Seat, StoryParallelEnv, make_env, make_parallel_env
from recsim_ng.runtime.environment_action import ActionError
from recsim_ng.stories import ecosystem, interest_evolution

USERS, DOCS, SLATE = 3, 6, 4


@functools.cache
def two_recommenders():
    config = interest_evolution.Config(
        num_users=USERS, num_docs=DOCS, slate_size=SLATE, recommender="random"
    )
    seats = {"left": Seat(places=[0, 1]), "right": Seat(places=[3, 2])}
    return make_parallel_env(interest_evolution.story(config), seats, num_steps=5)


@functools.cache
def players():
    config = ecosystem.Config(
        num_users=USERS, num_provider_clusters=1, num_docs=DOCS, slate_size=2, recommender="random"
    )
    seats = {
        f"user {i}": Seat(
            "user response.choice",
            rows=[i],
            observation=["slate docs.doc_features", "user observation.user_interests"],
            reward="user state.utilities",
        )
        for i in range(USERS)
    }
    return make_parallel_env(ecosystem.story(config), seats, num_steps=5)


@functools.cache
def providers():
    """Two providers of three documents each choose where their documents are."""
    config = ecosystem.Config(
        num_users=USERS, num_provider_clusters=1, num_docs=DOCS, slate_size=2, recommender="random"
    )
    seats = {
        name: Seat(
            "available docs.doc_features",
            rows=rows,
            observation=["corpus state.provider_click_count", "available docs.provider_id"],
            reward=lambda moment: moment["corpus state"].get("provider_click_count")[0],
        )
        for name, rows in {"first": [0, 1, 2], "second": [3, 4, 5]}.items()
    }
    return make_parallel_env(ecosystem.story(config), seats, num_steps=5, action_range=(-20, 20))


MADE = {"recommenders": two_recommenders, "users": players, "providers": providers}


def another(env):
    """A second environment by the same compiled step, with spaces of its own."""
    return StoryParallelEnv(
        env._program, env._actions, copy.deepcopy(env._players), env._num_steps
    )  # fmt: skip


@pytest.fixture(scope="module", params=MADE)
def env(request):
    return MADE[request.param]()


def test_pettingzoos_tests_pass(env):
    parallel_api_test(env, num_cycles=12)
    parallel_seed_test(lambda: another(env))


def test_spaces_are_the_same_object_on_every_call(env):
    for name in env.possible_agents:
        assert env.action_space(name) is env.action_space(name)
        assert env.observation_space(name) is env.observation_space(name)


def test_recommenders_share_the_slates_and_are_paid_for_their_own_places():
    env = two_recommenders()
    config = interest_evolution.Config(
        num_users=USERS, num_docs=DOCS, slate_size=SLATE, recommender="random"
    )
    alone = make_env(
        interest_evolution.story(config), num_steps=5, repeats=True,
        observation=["user response", "slate docs.doc_id"],
    )  # fmt: skip
    env.reset(seed=4)
    alone.reset(seed=4)
    rng = np.random.default_rng(0)
    paid = 0.0
    for _ in range(5):
        left, right = (rng.integers(DOCS, size=[USERS, 2]) for _ in range(2))
        observed, rewards, terminated, truncated, _ = env.step({"left": left, "right": right})
        slates = np.concatenate([left, right[:, ::-1]], axis=1)
        seen, reward, *_ = alone.step(slates)
        choice = seen["user response/choice"]
        np.testing.assert_array_equal(observed["left"]["user response/choice"], choice)
        time = np.maximum(seen["user response/consumed_time"], 0.0)
        np.testing.assert_allclose(rewards["left"], np.mean(time * (choice < 2)), rtol=1e-5)
        np.testing.assert_allclose(sum(rewards.values()), reward, rtol=1e-5)
        paid += rewards["right"]
    assert paid > 0 and truncated == {"left": True, "right": True} and not any(terminated.values())
    assert env.agents == []
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step({"left": left, "right": right})


def test_users_as_players_see_and_earn_their_own():
    env = players()
    observed, infos = env.reset(seed=2)
    assert env.action_space("user 1") == gymnasium.spaces.Discrete(3)
    assert observed["user 1"]["user observation/user_interests"].shape == (1, 2)
    interests = [observed[f"user {i}"]["user observation/user_interests"][0] for i in range(USERS)]
    assert not np.allclose(interests[0], interests[1])
    assert infos["user 0"]["episode_seed"] == (2, 0)
    _, rewards, *_ = env.step({"user 0": 0, "user 1": 1, "user 2": 0})
    assert len(set(rewards.values())) == USERS


def test_seats_that_do_not_fit_are_refused():
    config = interest_evolution.Config(
        num_users=1, num_docs=DOCS, slate_size=2, recommender="random"
    )
    story = interest_evolution.story(config)
    for seats, message in [
        ({}, "seats must be .*, got {}"),
        ({"a": Seat(places=[0])}, r"must hold each of 0\.\.1 once, got \[0\]"),
        ({"a": Seat(places=[0, 1]), "b": Seat(places=[1])}, r"got \[0, 1, 1\]"),
        ({"a": Seat(places=[0, 7])}, r"different places within 0\.\.1, got \[0, 7\]"),
        ({"a": Seat(rows=[0])}, "places are of slates and rows of fields"),
        ({"a": Seat("dealer")}, "agent: must be one of"),
        ({"a": Seat(reward="x")}, "seat 'a': reward: must be a field"),
        ({"a": Seat(observation=["user state"])}, "is not what the agent's behaviour reads"),
    ]:
        with pytest.raises(ConfigError, match=message):
            make_parallel_env(story, seats)


def test_wrong_actions_name_their_agent():
    env = another(two_recommenders())
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step({})
    env.reset(seed=0)
    right = np.zeros([USERS, 2], int)
    with pytest.raises(
        ActionError, match=r"an action of each agent and of nobody else, got none of \['left'\]"
    ):
        env.step({"right": right})
    with pytest.raises(ActionError, match=r"agent 'left': its action must be of shape \(3, 2\)"):
        env.step({"left": right[0], "right": right})
    with pytest.raises(ActionError, match=r"agents \['left', 'right'\]: .* within 0\.\.5"):
        env.step({"left": right + 6, "right": right})
    with pytest.raises(ActionError, match="(?s)agent 'left': .* got float64"):
        env.step({"left": right + 0.5, "right": right})
