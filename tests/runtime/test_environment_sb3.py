"""The adapter for Stable-Baselines3, which is no part of the test extra: `pip install '.[rl]'`."""

import gymnasium
import numpy as np
import pytest

import recsim_ng  # noqa: F401 (registers)
from recsim_ng.core.errors import ConfigError
from recsim_ng.runtime import SB3VecEnv
from recsim_ng.runtime.environment_action import ActionError

pytestmark = pytest.mark.slow


def made(mode="SameStep", **options):
    return gymnasium.make_vec(
        "recsim_ng/InterestEvolution-v0", num_envs=4, num_steps=3, autoreset_mode=mode, **options
    )


def test_it_is_a_vec_env_that_a_learner_takes():
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    env = SB3VecEnv(made(repeats=True), seed=5)
    model = stable_baselines3.PPO("MultiInputPolicy", env, n_steps=16, batch_size=32)
    model.learn(128)
    assert model.num_timesteps == 128


def test_the_end_of_an_episode_is_told():
    pytest.importorskip("stable_baselines3")
    env, plain = SB3VecEnv(made(), seed=5), made()
    observed, other = env.reset(), plain.reset(seed=5)[0]
    slates = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    for t in range(3):
        env.step_async(slates)
        observed, rewards, ended, infos = env.step_wait()
        other, expected, *_ = plain.step(slates)
        np.testing.assert_allclose(rewards, expected, rtol=1e-6)
        assert ended.all() == (t == 2)
        for key, x in other.items():
            np.testing.assert_array_equal(observed[key].reshape(x.shape), x)
    for i, info in enumerate(infos):
        assert info["TimeLimit.truncated"] and "episode_seed" in info
        last = info["terminal_observation"]["user response/choice"]
        assert last.shape == (1,) and 0 <= last[0] <= 2
        assert info["metrics state/reward"] == pytest.approx(rewards[i])


def test_what_does_not_fit_is_refused():
    pytest.importorskip("stable_baselines3")
    with pytest.raises(ConfigError, match="must be made with autoreset_mode='SameStep'"):
        SB3VecEnv(made("NextStep"))
    with pytest.raises(ConfigError, match="env must be what make_vec_env"):
        SB3VecEnv(gymnasium.make("recsim_ng/InterestEvolution-v0"))


def test_seeds_are_set_and_drawn_and_episodes_that_begin_are_told():
    pytest.importorskip("stable_baselines3")
    env = SB3VecEnv(made())
    assert env.seed(7) == [7, 8, 9, 10]
    first = env.reset()
    assert [info["episode_seed"].tolist() for info in env.reset_infos] == [
        [s, 0] for s in range(7, 11)
    ]
    drawn = env.seed(None)
    assert drawn != env.seed(None) and drawn[3] == drawn[0] + 3
    env.seed(7)
    again = env.reset()
    for key, x in first.items():
        np.testing.assert_array_equal(again[key], x)
    for _ in range(3):
        env.step(np.tile([0, 1], [4, 1]))
    assert env.reset_infos[0]["episode_seed"].tolist() != [7, 0]
    assert "terminal_observation" not in env.reset_infos[0]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("InterestEvolution", {"repeats": True}),
        ("LongTermSatisfaction", {}),
        ("LatentSatisfaction", {}),
        ("Bandits", {}),
    ],
)
def test_learners_take_what_gymnasium_makes(name, options):
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env

    env = gymnasium.make(f"recsim_ng/{name}-v0", num_steps=8, **options)
    check_env(env, warn=False)  # it recommends flat arrays, and takes others
    policy = (
        "MultiInputPolicy"
        if isinstance(env.observation_space, gymnasium.spaces.Dict)
        else "MlpPolicy"
    )
    model = stable_baselines3.PPO(policy, env, n_steps=16, batch_size=16, n_epochs=1)
    model.learn(32)
    assert model.num_timesteps == 32


@pytest.mark.parametrize("action", ["slate", "scores"])
def test_learners_take_slates_of_several_users(action):
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    worlds = gymnasium.make_vec(
        "recsim_ng/Ecosystem-v0",
        num_envs=2,
        num_users=3,
        num_steps=4,
        repeats=True,
        action=action,
        autoreset_mode="SameStep",
    )
    env = SB3VecEnv(worlds)
    stable_baselines3.PPO("MultiInputPolicy", env, n_steps=8, batch_size=8, n_epochs=1).learn(16)
    env.reset()
    with pytest.raises(ActionError, match="action: must be of shape"):
        env.step(np.zeros([2, 5], int))
    assert worlds.single_action_space.shape == ((3, 3) if action == "slate" else (3, 10))
