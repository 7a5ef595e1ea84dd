"""Environments of any story: what the agent sees and does, rewards, ends, and what is refused."""

import copy
import pickle
import warnings

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.vector.utils import batch_space

from recsim_ng import ed
from recsim_ng.core.errors import ConfigError, NetworkError
from recsim_ng.core.field_spec import DynamicFieldSpec, FieldSpec, Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.runtime.environment import StoryEnv, make_env
from recsim_ng.runtime.environment_action import ActionError
from recsim_ng.runtime.environment_slate_space import SlateSpace
from recsim_ng.runtime.environment_vector import StoryVectorEnv, make_vec_env
from recsim_ng.runtime.environment_worlds import Worlds, seeds_of
from recsim_ng.stories import interest_evolution

DOCS, SLATE, TOPICS = 6, 2, 2


def story(num_users=1, blocked=None, first_user_leaves=False):
    """Users whose mood rises by the value of what they choose; documents drift."""
    users = ("user",)
    docs = Variable(
        "available docs",
        ValueSpec(
            doc_features=Space.box(-9, 9, (DOCS, TOPICS), dims=("doc", "topic")),
            doc_value=Space.box(-np.inf, np.inf, (DOCS,), dims=("doc",)),
            **({} if blocked is None else {"is_candidate": FieldSpec()}),
        ),
    )
    mood = Variable(
        "user state", ValueSpec(mood=Space.box(-np.inf, np.inf, (num_users,), dims=users))
    )
    sight = Variable("user observation", ValueSpec(is_glad=FieldSpec()))
    slate = Variable(
        "slate docs",
        ValueSpec(
            doc_ranks=Space.box(0, DOCS - 1, (num_users, SLATE), np.int32, dims=("user", "slate")),
            doc_value=Space.box(-np.inf, np.inf, (num_users, SLATE), dims=("user", "slate")),
        ),
    )
    response = Variable(
        "user response", ValueSpec(choice=Space.box(0, SLATE, (num_users,), np.int32, dims=users))
    )

    def first_docs():
        worth = ed.Normal(tf.zeros([DOCS]), 1.0, name="value")
        masks = (
            {} if blocked is None else {"is_candidate": tf.constant(~np.isin(range(DOCS), blocked))}
        )
        features = tf.random.stateless_normal([DOCS, TOPICS], [1, 2])
        return Value(doc_features=tf.clip_by_value(features, -9.0, 9.0), doc_value=worth, **masks)

    def next_docs(before):
        return Value(**{**before.as_dict, "doc_value": ed.Normal(before.get("doc_value"), 0.1)})

    def next_mood(before, shown, answer):
        worth = tf.concat([shown.get("doc_value"), tf.zeros([num_users, 1])], axis=1)
        gain = tf.gather(worth, answer.get("choice"), batch_dims=1)
        return Value(mood=before.get("mood") + gain)

    def respond(shown):
        logits = tf.concat([shown.get("doc_value"), tf.zeros([num_users, 1])], axis=1)
        return Value(choice=ed.Categorical(logits=logits, name="choice"))

    docs.initial_value, docs.value = value(first_docs), value(next_docs, (docs.previous,))
    mood.initial_value = value(lambda: Value(mood=tf.zeros([num_users])))
    mood.value = value(next_mood, (mood.previous, slate.previous, response.previous))
    sight.value = value(lambda x: Value(is_glad=x.get("mood") > 0), (mood,))

    def show(seen, docs):
        del seen
        ranks = tf.tile([[0, 1]], [num_users, 1])
        return Value(doc_ranks=ranks, doc_value=tf.gather(docs.get("doc_value"), ranks))

    slate.value = value(show, (sight, docs))
    response.value = value(respond, (slate,))
    return [docs, mood, sight, slate, response]


def environment(num_users=1, blocked=None, **options):
    options = {"reward": "user state.mood", **options}
    return make_env(story(num_users, blocked), **options)


@pytest.fixture(scope="module")
def env():
    return environment(num_steps=3)


@pytest.fixture(scope="module")
def many():
    return environment(num_users=3, num_steps=3)


@pytest.fixture(scope="module")
def three(env):
    return Worlds(env.design, 3)


def test_the_agent_sees_what_its_behaviour_in_the_story_would_read(env, many):
    assert set(env.observation_space) == {
        "available docs/doc_features",
        "available docs/doc_value",
        "user observation/is_glad",
    }
    assert env.observation_space["user observation/is_glad"].shape == (
        1,
    )  # axes without names stay
    assert many.observation_space["user observation/is_glad"].shape == (3,)


def test_one_user_alone_has_no_axis_and_many_have(env, many):
    assert env.action_space.shape == (SLATE,) and many.action_space.shape == (3, SLATE)
    env.reset(seed=0)
    assert isinstance(env.step([3, 1])[1], float)


def test_a_slate_that_is_sampled_shows_no_document_twice(many):
    many.action_space.seed(0)
    for _ in range(200):
        slates = many.action_space.sample()
        assert many.action_space.contains(slates)
        assert np.all(slates[:, 0] != slates[:, 1])
    assert not many.action_space.contains(np.zeros([3, SLATE], np.int64))


def test_the_reward_is_the_mean_of_a_field_over_users_or_what_a_function_makes(many):
    _, info = many.reset(seed=3)
    assert info["episode_seed"] == (3, 0)
    slates = np.array([[0, 1], [2, 3], [4, 5]])
    _, reward, *_ = many.step(slates)
    own = environment(
        num_users=3, reward=lambda moment: tf.reduce_max(moment["user state"].get("mood")),
        observation=["user state.mood", "user response.choice"],
    )  # fmt: skip
    own.reset(seed=3)
    seen, highest, *_ = own.step(slates)
    np.testing.assert_allclose(seen["user state/mood"].mean(), reward, rtol=1e-6)
    np.testing.assert_allclose(seen["user state/mood"].max(), highest, rtol=1e-6)


def test_the_probabilities_of_choices_are_those_of_their_law(env):
    observed, _ = env.reset(seed=4)
    *_, info = env.step([2, 5])
    worth = np.append(observed["available docs/doc_value"][[2, 5]], 0.0)
    want = np.exp(worth) / np.exp(worth).sum()
    np.testing.assert_allclose(info["user response/choice probabilities"], want, rtol=1e-5)


def test_scores_show_the_highest_and_a_proto_item_the_nearest():
    made = {
        kind: environment(action=kind, observation="slate docs.doc_ranks", action_range=(-9, 9))
        for kind in ("slate", "scores", "proto")
    }
    for env in made.values():
        env.reset(seed=0)
    scores = np.array([0.1, 0.9, -0.3, 0.9, 0.2, 0.0], np.float32)
    assert made["scores"].step(scores)[0].tolist() == [1, 3]  # of equal ones the first comes first
    features = np.asarray(tf.random.stateless_normal([DOCS, TOPICS], [1, 2]))
    for proto in (features[4], np.array([0.3, -2.0], np.float32)):
        nearest = np.argsort(np.linalg.norm(features - proto, axis=1))[:SLATE]
        assert made["proto"].step(proto)[0].tolist() == nearest.tolist()
    assert made["slate"].step([4, 2])[0].tolist() == [4, 2]


def test_whoever_is_not_downstream_of_the_action_keeps_the_draws(env):
    values = []
    for slate in ([0, 1], [5, 3]):
        env.reset(seed=8)
        values.append(env.step(slate)[0]["available docs/doc_value"])
    np.testing.assert_array_equal(*values)


def test_later_episodes_differ_and_a_seed_begins_the_series_anew(env):
    series = [
        [env.reset(seed=seed)[0]["available docs/doc_value"] for seed in (6, None, None)]
        for _ in range(2)
    ]
    np.testing.assert_array_equal(series[0], series[1])
    first, second, third = series[0]
    assert not np.allclose(first, second) and not np.allclose(second, third)


def test_an_episode_ends_where_the_rule_says_and_is_truncated_at_its_length():
    ends = environment(
        terminated=lambda moment: tf.reduce_all(moment["available docs"].get("doc_value")[0] > 0),
        num_steps=5,
    )
    lengths = []
    for seed in range(20):
        observed, _ = ends.reset(seed=seed)
        for t in range(1, 6):
            observed, _, terminated, truncated, _ = ends.step([0, 1])
            assert terminated == (observed["available docs/doc_value"][0] > 0)
            assert truncated == (t == 5)
            if terminated or truncated:
                break
        lengths.append(t)
        with pytest.raises(gymnasium.error.ResetNeeded, match="after the end of an episode"):
            ends.step([0, 1])
    assert {1, 5} <= set(lengths)


def test_an_action_on_any_field_is_the_field_itself():
    env = environment(agent="user response.choice", observation=["slate docs.doc_value"], docs=None)
    assert env.action_space == gymnasium.spaces.Discrete(SLATE + 1)
    env.reset(seed=0)
    observed, *_ = env.step(2)
    assert observed["slate docs/doc_value"].shape == (SLATE,)
    assert env.step(0)[1] != 0.0


WRONG = {
    "shape": ([1, 2, 3], r"shape \(2,\), got \(3,\)"),
    "dtype": (np.array([0.0, 1.0]), "whole numbers, the places of documents, got float64"),
    "range": ([1, 6], r"within 0\.\.5, got \[1, 6\]"),
    "below": ([-1, 2], r"within 0\.\.5, got \[-1, 2\]"),
    "twice": ([3, 3], r"not show a document twice, got \[3, 3\]; repeats=True"),
    "NaN": (np.array([np.nan, 1.0]), "whole numbers"),
    "text": (["a", "b"], "whole numbers"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_action_is_refused_and_changes_nothing(env, wrong):
    action, message = WRONG[wrong]
    env.reset(seed=1)
    with pytest.raises(ActionError, match=message) as caught:
        env.step(action)
    assert isinstance(caught.value, gymnasium.error.InvalidAction | ValueError)
    after = env.step([0, 1])[0]["available docs/doc_value"]
    env.reset(seed=1)
    np.testing.assert_array_equal(env.step([0, 1])[0]["available docs/doc_value"], after)


def test_scores_must_be_finite_and_in_range():
    env = environment(action="scores")
    env.reset(seed=0)
    with pytest.raises(ActionError, match="must be finite"):
        env.step(np.full(DOCS, np.nan, np.float32))
    with pytest.raises(ActionError, match=r"within -1\.\.1, got \[2\.0, .*action_range="):
        env.step(np.full(DOCS, 2.0, np.float32))
    with pytest.raises(ActionError, match="must be numbers"):
        env.step(np.full(DOCS, "x"))


def test_what_may_not_be_shown_is_masked_and_refused():
    env = environment(blocked=[2])
    _, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [i != 2 for i in range(DOCS)]
    env.step([0, 1])
    with pytest.raises(ActionError, match=r"only documents that may be shown, got \[2\]"):
        env.step([0, 2])
    scores = environment(blocked=[2], action="scores", observation="slate docs.doc_ranks")
    scores.reset(seed=0)
    ranks = scores.step(np.array([0, 0.1, 1, 0.2, 0, 0], np.float32))[0]
    assert ranks.tolist() == [3, 1]


def test_repeats_may_be_allowed():
    env = environment(repeats=True, observation="slate docs.doc_ranks")
    env.reset(seed=0)
    assert env.step([3, 3])[0].tolist() == [3, 3]


def test_a_step_before_the_first_reset_is_refused():
    with pytest.raises(gymnasium.error.ResetNeeded, match="before the first step"):
        environment().step([0, 1])


REFUSED = {
    "agent": ({"agent": "dealer"}, r"agent: must be one of \['recommender'\], or a variable"),
    "observation": ({"observation": ["user response.choise"]}, "must name variables or fields"),
    "latent": (
        {"observation": ["user state"]},
        r"'user state' is not what the agent's.*'user state\.mood'",
    ),
    "reward": ({"reward": "user state.moo"}, "reward: must be a field of the story or a function"),
    "none": ({"reward": None}, "reward: the story has none of"),
    "vector": ({"reward": lambda m: m["user state"].get("mood")}, "must return a scalar"),
    "kind": ({"action": "slates"}, "action: must be one of"),
    "document": ({"action": "document"}, "for slates of one, got slates of 2"),
    "features": ({"action": "proto", "features": "x"}, "needs the documents' field 'x'"),
    "docs": ({"docs": "user observation"}, "no more documents than 'user observation' has"),
    "later": ({"docs": "user response"}, "which an agent acts on, or which follows"),
    "other": (
        {"docs": "user state", "agent": "user observation"},
        "docs: must be of documents, got 'user state', which is of users",
    ),
    "steps": ({"num_steps": 0}, "num_steps"),
    "render": ({"render_mode": "human"}, "render_mode: must be one of"),
    "range": ({"action": "scores", "action_range": (1.0, -1.0)}, "action_range"),
    "info": ({"info": ["x"]}, "info: must name"),
    "mask": ({"mask": "choice"}, r"mask: must be a field of 'available docs', .* got 'choice'"),
    "not of slates": (
        {"agent": "user response.choice", "action": "proto"},
        "action: is for slates of documents, got 'proto' for the agent 'user response.choice'",
    ),
    "repeats": ({"agent": "user response.choice", "repeats": True}, "repeats: is for slates"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_an_argument_that_does_not_fit_is_refused(wrong):
    options, message = REFUSED[wrong]
    with pytest.raises(ConfigError, match=message):
        environment(**options)


def test_a_latent_field_is_shown_when_it_is_named(env):
    shown = environment(observation="user state.mood")
    assert isinstance(shown.observation_space, gymnasium.spaces.Box)
    assert shown.reset(seed=0)[0].shape == (1,)


def test_the_step_may_be_observed():
    env = environment(observation=["environment.step"], num_steps=3)
    assert env.reset(seed=0)[0]["environment/step"] == 0.0
    assert [env.step([0, 1])[0]["environment/step"].item() for _ in range(3)] == [1.0, 2.0, 3.0]
    assert env.reset()[0]["environment/step"] == 0.0


def test_a_static_variable_is_nothing_to_act_on():
    fixed = Variable("taste", ValueSpec(x=FieldSpec()))
    fixed.initial_value = value(lambda: Value(x=tf.zeros([])))
    with pytest.raises(NetworkError, match="'taste', which is static"):
        make_env([*story(), fixed], agent="taste", reward="user state.mood")


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_worlds_begin_anew_as_the_autoreset_mode_says(env, three, mode):
    worlds = StoryVectorEnv(three, mode)
    worlds.reset(seed=[5, 9, 1])
    # One world is ahead of the others.
    if mode == "Disabled":
        ahead = np.array([True, False, False])
        worlds.step([[0, 1]] * 3)
        worlds.reset(options={"reset_mask": ahead}, seed=[5, 0, 0])
    slates = np.array([[0, 1], [2, 3], [4, 5]])
    over = np.zeros(3, bool)
    history = []
    for _ in range(5):
        if mode == "Disabled" and over.any():
            with pytest.raises(gymnasium.error.ResetNeeded, match="must be reset, got"):
                worlds.step(slates)
            worlds.reset(options={"reset_mask": over})
        history.append(worlds.step(slates))
        over = history[-1][2] | history[-1][3]
    for i, seed in enumerate([5, 9, 1]):
        env.reset(seed=seed)
        if mode == "Disabled" and i > 0:
            env.step([0, 1])
        ended = False
        for observed, rewards, terminated, truncated, infos in history:
            if ended and mode != "SameStep":
                seen, _ = env.reset()
                ended = False
                if mode == "NextStep":
                    assert (rewards[i], terminated[i], truncated[i]) == (0.0, False, False)
                    key = "available docs/doc_value"
                    np.testing.assert_allclose(observed[key][i], seen[key], rtol=1e-5)
                    continue
            seen, reward, _, ended, _ = env.step(slates[i])
            np.testing.assert_allclose(rewards[i], reward, rtol=1e-5)
            assert truncated[i] == ended
            if ended and mode == "SameStep":
                last = infos["final_obs"][i]
                np.testing.assert_allclose(
                    last["available docs/doc_value"], seen["available docs/doc_value"], rtol=1e-5
                )
                seen, _ = env.reset()
                ended = False
            np.testing.assert_allclose(
                observed["available docs/doc_value"][i], seen["available docs/doc_value"], rtol=1e-5
            )


def test_a_vector_refuses_what_does_not_fit():
    worlds = make_vec_env(story(), 2, num_steps=3, reward="user state.mood")
    with pytest.raises(gymnasium.error.ResetNeeded):
        worlds.step([[0, 1], [0, 1]])
    with pytest.raises(ConfigError, match="one for each of 2 worlds, got 3"):
        worlds.reset(seed=[1, 2, 3])
    worlds.reset(seed=0)
    with pytest.raises(ActionError, match=r"shape \(2, 2\), got \(2,\)"):
        worlds.step([0, 1])
    with pytest.raises(ActionError, match=r"twice"):
        worlds.step([[0, 1], [4, 4]])
    with pytest.raises(ConfigError, match="reset_mask: must be bool of shape"):
        worlds.reset(options={"reset_mask": np.zeros(2, bool)})
    with pytest.raises(ConfigError, match="autoreset_mode: must be one of"):
        make_vec_env(story(), 2, reward="user state.mood", autoreset_mode="now")
    with pytest.raises(ConfigError, match="num_worlds"):
        make_vec_env(story(), 0, reward="user state.mood")


def test_worlds_are_pure_functions(env):
    worlds = Worlds(environment(action="proto", reward="user state.mood", num_steps=3).design, 4)

    @tf.function
    def total(series):
        state, shown = worlds.reset(series)
        rewards = []
        for _ in range(3):
            state, shown = worlds.step(state, tf.zeros([4, TOPICS]))
            rewards.append(shown["reward"])
        return tf.stack(rewards, 1), shown["truncated"]

    rewards, truncated = total(seeds_of([3, 4, 5, 6]))
    again, _ = total(seeds_of([3, 4, 5, 6]))
    np.testing.assert_array_equal(rewards, again)
    assert rewards.shape == (4, 3) and bool(tf.reduce_all(truncated))


def test_rewards_have_gradients_by_actions():
    worlds = Worlds(environment(agent="user state.mood", reward="user state.mood").design, 2)
    state, _ = worlds.reset(seeds_of([3, 4]))

    def reward(x):
        return worlds.step(state, x)[1]["reward"]

    x = tf.constant([0.5, -1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(reward(x) ** 2)
    now = reward(x).numpy()
    slope = (reward(x + 0.01).numpy() - reward(x - 0.01).numpy()) / 0.02
    assert np.all(slope != 0)
    np.testing.assert_allclose(tape.gradient(total, x), 2 * now * slope, rtol=1e-2)


def test_what_a_learner_writes_into_is_not_what_is_drawn():
    env = environment(render_mode="ansi", observation=["user response.choice"])
    env.reset(seed=0)
    observed, *_ = env.step([0, 1])
    before = env.render()
    observed["user response/choice"][...] = 99
    assert env.render() == before


def test_slates_of_a_space_keep_to_a_mask_with_repeats_and_without(rng):
    for repeats in (False, True):
        space = SlateSpace(np.full([3, 2], 5), repeats, seed=1)
        mask = np.ones([3, 5], np.int8)
        mask[1, [0, 2, 3]] = 0
        drawn = np.array([space.sample(mask=mask) for _ in range(300)])
        assert all(space.contains(x) for x in drawn)
        assert set(drawn[:, 1].ravel()) == {1, 4} and set(drawn[:, 0].ravel()) == set(range(5))
        assert np.any(drawn[..., 0] == drawn[..., 1]) == repeats
        many = batch_space(space, 4)
        assert isinstance(many, SlateSpace) and many.sample(mask=np.tile(mask, [4, 1, 1])) in many
        assert many == batch_space(space, 4) != batch_space(SlateSpace(space.nvec, not repeats), 4)
    ones = SlateSpace(np.full([3], 5), repeats=True, seed=2)  # a document for each of three users
    drawn = np.array([ones.sample(mask=mask) for _ in range(300)])
    assert drawn.shape == (300, 3) and set(drawn[:, 1]) == {1, 4}


def test_masks_are_taken_by_vectors_of_every_action_on_places():
    for slate in ({}, {"repeats": True}):
        worlds = make_vec_env(story(2, blocked=[2]), 3, reward="user state.mood", **slate)
        _, info = worlds.reset(seed=0)
        worlds.action_space.seed(0)
        for _ in range(20):
            slates = worlds.action_space.sample(mask=info["action_mask"])
            assert not np.any(slates == 2)
            worlds.step(slates)


def test_final_observations_are_in_the_space_of_one_world(three):
    worlds = StoryVectorEnv(three, "SameStep")
    worlds.reset(seed=0)
    for _ in range(3):
        *_, info = worlds.step([[0, 1]] * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(x in worlds.single_observation_space for x in info["final_obs"])
    info["_final_obs"][:] = False
    assert info["_final_info"].all()


def test_rendering_shows_the_first_user_as_text_and_as_a_picture():
    env = environment(num_users=3, render_mode="ansi")
    env.reset(seed=0)
    env.step([[0, 1], [2, 3], [4, 5]])
    text = env.render()
    assert "slate" in text and "mood" in text and "0 1" in text and "return" in text
    picture = StoryEnv(env.design, render_mode="rgb_array")
    picture.reset(seed=0)
    picture.step([[0, 1], [2, 3], [4, 5]])
    frame = picture.render()
    assert frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3
    worlds = make_vec_env(story(), 2, reward="user state.mood", render_mode="ansi")
    worlds.reset(seed=0)
    worlds.step([[0, 1], [2, 3]])
    assert len(worlds.render()) == 2 and "2 3" in worlds.render()[1]


def test_environments_of_one_design_share_no_buffer_and_no_space(env):
    one, other = StoryEnv(env.design), StoryEnv(env.design)
    assert one.action_space is not other.action_space
    one.reset(seed=0)
    other.reset(seed=0)
    first = one._argument(np.array([1, 2], np.int32))
    other._argument(np.array([4, 5], np.int32))
    np.testing.assert_array_equal(first, [1, 2])


def test_arrays_that_are_handed_out_may_be_written_to(env, three):
    worlds = StoryVectorEnv(three)
    for observed, info in (env.reset(seed=0), worlds.reset(seed=0)):
        for key, x in [*observed.items(), *info.items()]:
            if isinstance(x, np.ndarray):
                assert x.flags.writeable, key
    info["_episode_seed"][:] = False
    _, info = worlds.reset()
    assert info["_episode_seed"].all()


def test_masks_are_each_worlds_and_each_users():
    worlds = make_vec_env(story(3, blocked=[2]), 3, reward="user state.mood", num_steps=2)
    _, info = worlds.reset(seed=0)
    assert info["action_mask"].shape == (3, 3, DOCS) and info["action_mask"].dtype == np.int8
    assert not info["action_mask"][..., 2].any() and info["action_mask"].sum() == 3 * 3 * (DOCS - 1)
    slates = np.tile([[[0, 1], [3, 4], [5, 0]]], [3, 1, 1])
    worlds.step(slates)
    slates[1, 2] = [2, 0]
    with pytest.raises(ActionError, match=r"got \[2\] among them"):
        worlds.step(slates)
    worlds.action_space.seed(0)
    single = worlds.single_action_space
    single.seed(0)
    for _ in range(50):
        slate = single.sample(mask=info["action_mask"][0])
        assert single.contains(slate) and not np.any(slate == 2)
    assert worlds.action_masks().shape == (3, 3 * SLATE * DOCS)


def test_what_is_read_from_a_variable_is_not_taken_for_a_constant():
    weight = tf.Variable(1.0)
    extra = Variable("weight", ValueSpec(w=FieldSpec()))
    extra.initial_value = value(lambda: Value(w=weight * 1.0))
    env = make_env(
        [*story(), extra], reward="weight.w", observation=["weight.w", "user observation"]
    )  # fmt: skip
    env.reset(seed=0)
    assert env.step([0, 1])[1] == 1.0
    assert ("weight", "w") in env.design.functions.carried
    worlds = Worlds(env.design, 2)

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            state, _ = worlds.reset(seeds_of([0, 1]))
            _, shown = worlds.step(state, tf.constant([[0, 1], [2, 3]]))
            total = tf.reduce_sum(shown["reward"])
        return tape.gradient(total, weight)

    assert float(gradient()) == 2.0


def test_who_is_the_user_decides_what_follows():
    config = interest_evolution.Config(num_users=1, num_docs=4, recommender="random")
    env = make_env(
        interest_evolution.story(config),
        agent="user response.choice",
        observation=["user response.consumed_time"],
    )
    env.reset(seed=0)
    for choice in (2, 0, 1, 2):
        observed, reward, *_ = env.step(choice)
        time = observed["user response/consumed_time"].item()
        assert (time == -1.0) == (choice == 2) and reward == max(time, 0.0)


def test_seeds_may_be_given_to_some_worlds_and_actions_after_the_end_are_not_read(env, three):
    worlds = StoryVectorEnv(three)
    key = "available docs/doc_value"
    chance = [worlds.reset(seed=[1, None, 2])[0][key], StoryVectorEnv(three).reset()[0][key]]
    worlds = StoryVectorEnv(three)
    chance.append(worlds.reset(seed=[1, None, 2])[0][key])
    np.testing.assert_array_equal(chance[0][[0, 2]], chance[2][[0, 2]])
    assert not np.allclose(chance[0][1], chance[2][1])  # at first a seed is drawn
    first = worlds.reset(seed=[1, 5, 2])[0][key]
    again, info = worlds.reset(seed=[1, None, 9])
    np.testing.assert_array_equal(again[key][0], first[0])
    assert not np.allclose(again[key][1], first[1])
    env.reset(seed=5)
    np.testing.assert_array_equal(again[key][1], env.reset()[0][key])
    assert info["episode_seed"][2].tolist() == [9, 0]
    for _ in range(3):
        worlds.step([[0, 1]] * 3)
    worlds.step(np.full([3, 2], 7, np.uint64))
    with pytest.raises(ActionError):
        worlds.step([[7, 7]] * 3)


def test_a_field_with_bounds_of_its_own_has_them_in_its_space():
    levels = Variable(
        "levels",
        ValueSpec(
            x=Space.box(np.array([0, 2]), np.array([1, 5]), (2,), np.int32),
            on=Space.box(0, 1, (2,), np.bool_),
        ),
    )
    levels.value = value(lambda: Value(x=tf.constant([0, 2]), on=tf.constant([True, False])))
    for field, high in (("x", [2, 4]), ("on", [2, 2])):
        env = make_env(
            [*story(), levels], agent=f"levels.{field}", docs=None, reward=f"levels.{field}",
            observation=f"levels.{field}",
        )  # fmt: skip
        assert env.action_space.nvec.tolist() == high
        env.reset(seed=0)
        x = env.action_space.start + env.action_space.nvec - 1
        seen, reward, *_ = env.step(x)
        assert seen.tolist() == x.tolist() and reward == x.mean()
        with pytest.raises(ActionError, match="as the space says of each number"):
            env.step(x + 1)


def test_what_is_asked_for_as_info_is_there_though_it_is_observed():
    env = environment(observation=["user response.choice"], info=["user response", "user state"])
    _, info = env.reset(seed=0)
    assert {"user response/choice", "user state/mood"} <= set(info)


def test_a_field_that_ends_an_episode_holds_bools():
    with pytest.raises(ConfigError, match="terminated: must be a field of bools.*which is float32"):
        environment(terminated="user state.mood")


def test_worlds_refuse_what_does_not_fit(env, three):
    with pytest.raises(ConfigError, match="design must be that of an environment.*got list"):
        Worlds(story(), 3)
    state, _ = three.reset(5)
    np.testing.assert_array_equal(state.words, seeds_of([5, 6, 7]))
    with pytest.raises(
        ActionError, match=r"must be int32 of shape \(3, 2\), got int32 of .*\(2, 2"
    ):
        three.step(state, tf.zeros([2, 2], tf.int32))
    with pytest.raises(ActionError, match="must be int32 of shape .* got float32"):
        three.step(state, tf.zeros([3, 2]))


def test_a_function_is_no_story():
    with pytest.raises(ConfigError, match="must be a Network or a list of its variables.*call it"):
        make_env(story)


def test_a_reward_in_numpy_is_refused():
    with pytest.raises(ConfigError, match="reward: the function must be written in TensorFlow"):
        environment(reward=lambda moment: np.mean(moment["user state"].get("mood")))


def test_pictures_of_numbers_and_of_other_names_than_users():
    env = environment(num_users=40, agent="user state.mood", render_mode="ansi")
    env.reset(seed=0)
    env.step(np.zeros(40, np.float32))
    assert "action" in env.render() and max(map(len, env.render().splitlines())) < 100
    picture = StoryEnv(env.design, render_mode="rgb_array")
    picture.reset(seed=0)
    picture.step(np.zeros(40, np.float32))
    assert picture.render().std() > 1


def toy(dtype=tf.float32, first=None, after=None):
    """What an action adds to, and a field of its own that goes on, whatever it is."""
    a = Variable("act", ValueSpec(a=FieldSpec()))
    x = Variable("x", ValueSpec(x=FieldSpec()))
    y = Variable("y", ValueSpec(y=DynamicFieldSpec(1, [0])))
    a.initial_value = a.value = value(lambda: Value(a=tf.zeros([])))
    x.initial_value = value(lambda: Value(x=tf.zeros([])))
    x.value = value(lambda x, a: Value(x=x.get("x") + a.get("a")), (x.previous, a.previous))
    first = tf.zeros([1], dtype) if first is None else first
    y.initial_value = value(lambda: Value(y=tf.identity(first)))
    y.value = value(lambda y: Value(y=(after or tf.identity)(y.get("y"))), (y.previous,))
    z = Variable("z", ValueSpec(z=FieldSpec()))
    z.initial_value = z.value = value(
        lambda y: Value(z=tf.reduce_sum(tf.cast(tf.abs(y.get("y")), tf.float32))), (y,)
    )
    return [a, x, y, z]


@pytest.mark.parametrize(
    ("parts", "names", "message"),
    [
        ({"after": lambda y: tf.concat([y, [1.0]], 0)}, "z.z", "must keep its shape and type"),
        (
            {"first": tf.constant([1 + 2j]), "after": lambda y: y * (0.9 + 0.3j)},
            "z.z",
            "must be real numbers or bools, got complex",
        ),
        ({"dtype": tf.bfloat16}, "y.y", "must be real numbers or bools, got bfloat16"),
    ],
)
def test_what_cannot_be_carried_or_shown_is_refused(parts, names, message):
    with pytest.raises((ConfigError, NetworkError), match=message):
        make_env(toy(**parts), agent="act.a", observation=[names], reward="x.x").reset(seed=0)


def test_names_that_are_one_key_are_refused():
    odd = Variable("v/a", ValueSpec(b=FieldSpec()))
    same = Variable("v.a", ValueSpec(b=FieldSpec()))
    for v in (odd, same):
        v.initial_value = v.value = value(lambda: Value(b=tf.zeros([])))
    with pytest.raises(ConfigError, match=r"must differ with '/' for '.', got \['v/a/b'\]"):
        make_env([*toy(), odd, same], agent="act.a", observation=["v.a.b", "v/a.b"], reward="x.x")
    clock = Variable("environment", ValueSpec(step=FieldSpec()))
    clock.initial_value = clock.value = value(lambda: Value(step=tf.zeros([])))
    with pytest.raises(ConfigError, match="number of actions taken, got a story with a field"):
        make_env([*toy(), clock], agent="act.a", observation=["environment.step"], reward="x.x")


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True, "x"])
def test_seeds_are_whole_numbers_of_64_bits(env, three, seed):
    for made in (StoryEnv(env.design), StoryVectorEnv(three)):
        with pytest.raises((ConfigError, gymnasium.error.Error), match=r"seed|Seed"):
            made.reset(seed=seed)
    with pytest.raises(ConfigError, match="seed must be a whole number"):
        StoryVectorEnv(three).reset(seed=[0, seed, 1])


def test_what_is_wrong_in_a_call_says_so(env, three):
    worlds = StoryVectorEnv(three, render_mode="ansi")
    with pytest.raises(gymnasium.error.ResetNeeded, match="render: .* must be reset first"):
        worlds.render()
    with pytest.raises(ConfigError, match="options: must be a dictionary, got 5"):
        worlds.reset(options=5)

    class Learnt:
        def __array__(self, *_):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")

    env.reset(seed=0)
    with pytest.raises(ActionError, match="must be an array, .* requires grad"):
        env.step(Learnt())
    space = SlateSpace(np.full([2], 6))
    with pytest.raises(ValueError, match="at least 2 documents in each row"):
        space.sample(mask=np.array([0, 0, 0, 0, 0, 1]))
    for options, message in (
        ({"repeats": "no"}, "repeats must be True or False"),
        ({"mask": "doc_value"}, "mask: 'available docs.doc_value' must be bool"),
        ({"docs": "user state"}, "must be of documents, got 'user state'"),
        ({"action": "scores", "action_range": (0.0, 1e-50)}, "action_range"),
        ({"action": "scores", "action_range": ("0", "1")}, "action_range"),
        ({"terminated": lambda moment: 0.3}, "terminated: the function must return a bool"),
        ({"reward": ["x"]}, r"reward: must be a field of the story or a function, got \['x'\]"),
        ({"reward": lambda moment: moment["respons"]}, "return a scalar, got KeyError"),
        ({"reward": lambda moment: None}, "written in TensorFlow and return a scalar"),
        ({"docs": 5}, "docs: must be a name"),
    ):
        with pytest.raises(ConfigError, match=message):
            environment(**options)


def test_a_copy_goes_on_by_itself_and_nothing_is_pickled(env):
    first = StoryEnv(env.design, render_mode="ansi")
    first.reset(seed=3)
    first.step([0, 1])
    copied = copy.deepcopy(first)
    after = [first.step([2, 3]) for _ in range(2)]
    again = [copied.step([2, 3]) for _ in range(2)]
    for one, other in zip(after, again, strict=True):
        assert one[1:4] == other[1:4]
        for key, x in one[0].items():
            np.testing.assert_array_equal(x, other[0][key])
    assert copied.render() == first.render()
    with pytest.raises(TypeError, match="cannot be pickled; make it where it is used"):
        pickle.dumps(env)


def test_worlds_of_one_design_and_number_are_compiled_once(env):
    first, second = Worlds(env.design, 5), Worlds(env.design, 5)
    first.reset(0)
    assert second._compiled is first._compiled != {}
