"""The registered environments: the checker, the runs of their stories, vectors of worlds."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.utils.env_checker import check_env

import recsim_ng
from recsim_ng import TFRuntime, environments
from recsim_ng.core.data import TimeSteps, data_variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.core.variable import value
from tests import synthetic_ratings
from tests.source import ROOT

# The action's variable and how small each is made here, but for what is registered.
SMALL = {
    "Bandits": ("algorithm choice", {"problem": "gaussian", "algorithm": "epsilon_greedy"}),
    "Ecosystem": ("slate docs", {"num_users": 3}),
    "InterestEvolution": ("slate docs", {"slate_size": 3}),
    "LatentSatisfaction": ("slate docs", {}),
    "LongTermSatisfaction": ("slate docs", {"sensitivity": 0.3}),
    "MovieLens": ("slate docs", {}),
    "Social": ("slate docs", {"num_users": 6}),
}
QUICK = ("Bandits", "InterestEvolution", "LongTermSatisfaction")  # CI has no time for the others
STEPS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    truth = synthetic_ratings.simulate(np.random.default_rng(0))
    return str(synthetic_ratings.write_atomic(tmp_path_factory.mktemp("ml"), truth))


def options_of(name, folder):
    options = {**SMALL[name][1], "num_steps": STEPS}
    return {**options, "ratings": folder} if name == "MovieLens" else options


def test_all_ids_are_registered_and_are_these():
    found = {x.removeprefix("recsim_ng/") for x in gymnasium.registry if "recsim_ng" in x}
    assert found == {f"{name}-v0" for name in SMALL}


@pytest.mark.parametrize("is_quick", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_checker_has_nothing_to_say_in_a_new_process(folder, is_quick):
    every = {name: options_of(name, folder) for name in (QUICK if is_quick else SMALL)}
    code = f"""
import warnings
import recsim_ng
import gymnasium
from gymnasium.utils.env_checker import check_env
for name, options in {every!r}.items():
    env = gymnasium.make(f"recsim_ng/{{name}}-v0", **options).unwrapped
    env.action_space.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env, skip_render_check={is_quick})
    print(name)
"""
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == list(every)


@pytest.fixture(
    scope="module",
    params=[x if x in QUICK else pytest.param(x, marks=pytest.mark.slow) for x in SMALL],
)
def name(request):
    """The tests of one environment follow each other, and share what is compiled."""
    return request.param


def forced(name, options, actions):
    """The story in which these actions are taken, written without the environments."""
    story, rest = environments._story(name, options)
    story = list(story)
    variables = {v.name: v for v in story}
    agent = variables[SMALL[name][0]]
    clock = data_variable("clock", ValueSpec(t=FieldSpec()), TimeSteps(), lambda t: Value(t=t))
    taken = tf.constant(np.stack(actions))
    specs = recsim_ng.Network(story).initial_step()[agent.name].as_dict
    docs = [variables["available docs"]] if "available docs" in variables else []

    def act(now, *docs):
        x = tf.gather(taken, tf.minimum(now.get("t"), len(actions) - 1))
        fields = {n: tf.zeros_like(tf.convert_to_tensor(s)) for n, s in specs.items()}
        if not docs:
            (field,) = {"arm", "features"} & set(specs)
            fields[field] = tf.cast(tf.reshape(x, fields[field].shape), fields[field].dtype)
            return Value(**fields)
        known = docs[0].as_dict
        users = fields[next(n for n in fields if n in known)].shape[0]
        x = tf.reshape(x, [users, -1])
        fields.update({n: tf.gather(known[n], x) for n in fields if n in known})
        if "doc_ranks" in fields:
            fields["doc_ranks"] = tf.cast(x, tf.int32)
        return Value(**fields)

    agent.value = agent.initial_value = value(act, (clock, *docs))
    return [clock, *story], rest


def shown(trajectory, f, t):
    x = np.asarray(trajectory[f.variable].get(f.field))[t]
    return x[0] if f.has_lone_user else x


def test_an_episode_is_the_run_of_the_story_with_these_actions_forced(name, folder):
    options = options_of(name, folder)
    env = gymnasium.make(f"recsim_ng/{name}-v0", **options)
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(STEPS)]
    variables, rest = forced(name, options, actions)
    runtime, design = TFRuntime(variables), env.unwrapped.design
    for seed in (5, None):  # an episode, and the next
        observation, info = env.reset(seed=seed)
        run_seed = info["episode_seed"] if seed is None else seed
        observations, infos, rewards = [observation], [info], []
        for action in actions:
            observation, reward, terminated, truncated, info = env.step(action)
            observations.append(observation)
            infos.append(info)
            rewards.append(reward)
        assert truncated and not terminated
        trajectory = runtime.trajectory(STEPS + 1, seed=run_seed)
        require_episode(design, trajectory, observations, infos)
        variable, _, field = rest.get("reward", "metrics state.reward").partition(".")
        series = np.asarray(trajectory[variable].get(field), float)
        series = series.reshape(STEPS + 1, -1).mean(-1)
        lag = 0 if variable in design.world.after else 1
        np.testing.assert_allclose(rewards, series[lag : lag + STEPS], rtol=1e-5, atol=1e-5)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(actions[0])


def require_episode(design, trajectory, observations, infos):
    checked = 0
    for f in (*design.observation, *design.info):
        which = observations if f in design.observation else infos
        is_after = f.variable in design.world.after
        for t in range(STEPS + 1):
            if is_after and t == 0:
                continue  # nothing has been done yet
            want = shown(trajectory, f, t - 1 if is_after else t)
            np.testing.assert_allclose(which[t][f.key], want, rtol=1e-5, atol=1e-5)
            checked += 1
    assert checked >= STEPS


def test_worlds_of_a_vector_are_the_single_environments_of_their_seeds(name, folder):
    options = options_of(name, folder)
    single = gymnasium.make(f"recsim_ng/{name}-v0", **options)
    worlds = gymnasium.make_vec(f"recsim_ng/{name}-v0", num_envs=2, **options)
    worlds.action_space.seed(2)
    observed, infos = worlds.reset(seed=7)
    # The end of the first episode, the reset at the next step, and two steps of the second one.
    actions = [worlds.action_space.sample() for _ in range(STEPS + 3)]
    history = [(observed, None, None, None, infos), *(worlds.step(a) for a in actions)]
    for i in range(2):
        observation, info = single.reset(seed=7 + i)
        over = False
        for t, (observed, rewards, _, truncated, infos) in enumerate(history):
            if t and over:
                observation, info = single.reset()
                over = False
            elif t:
                observation, reward, _, over, info = single.step(actions[t - 1][i])
                np.testing.assert_allclose(rewards[i], reward, rtol=1e-5, atol=1e-5)
                assert truncated[i] == over
            for key, x in observation.items():
                np.testing.assert_allclose(observed[key][i], x, rtol=1e-5, atol=1e-5)
            for key, x in info.items():
                np.testing.assert_allclose(infos[key][i], x, rtol=1e-5, atol=1e-5)


def test_an_unknown_option_and_a_missing_one_are_told():
    with pytest.raises(ConfigError, match=r"options must be settings .* got \['num_user'\]"):
        gymnasium.make("recsim_ng/InterestEvolution-v0", num_user=3)
    with pytest.raises(ConfigError, match=r"needs the settings \['ratings'\]"):
        gymnasium.make("recsim_ng/MovieLens-v0")


def test_a_bandit_pays_what_is_drawn_and_not_its_mean():
    env = gymnasium.make("recsim_ng/Bandits-v0", num_steps=20)
    observation, _ = env.reset(seed=0)
    rewards = []
    for t in range(20):
        observation, reward, *_ = env.step(t % 3)
        np.testing.assert_allclose(observation["bandit rewards/reward"], reward)
        rewards.append(reward)
    assert set(rewards) == {0.0, 1.0}


def test_a_vector_may_be_cut_as_a_single_one_is():
    name, steps = "recsim_ng/LongTermSatisfaction-v0", []
    for most in (2, 100, -1):
        single = gymnasium.make(name, num_steps=3, max_episode_steps=most)
        worlds = gymnasium.make_vec(name, 2, num_steps=3, max_episode_steps=most)
        for env, action in ((single, 0), (worlds, [0, 0])):
            env.reset(seed=0)
            count = 1
            while not np.all(env.step(action)[3]):
                count += 1
            steps.append(count)
    assert steps == [2, 2, 3, 3, 3, 3]


def test_gymnasium_finds_what_can_be_shown():
    env = gymnasium.make("recsim_ng/LongTermSatisfaction-v0", render_mode="ansi_list", num_steps=3)
    env.reset(seed=0)
    env.step(1)
    assert len(env.render()) == 2


def test_what_a_person_expects_to_enjoy_is_not_shown(folder):
    env = gymnasium.make("recsim_ng/MovieLens-v0", **options_of("MovieLens", folder))
    assert "user response/rating" in env.observation_space.spaces
    assert "user response/enjoyment" not in env.observation_space.spaces


def test_the_same_options_compile_once():
    first, second = (gymnasium.make("recsim_ng/LongTermSatisfaction-v0") for _ in range(2))
    assert first.unwrapped.design is second.unwrapped.design
    other = gymnasium.make("recsim_ng/LongTermSatisfaction-v0", num_docs=5)
    assert other.unwrapped.design is not first.unwrapped.design
    seen = [["user response"], ("user response",)]
    one, same = (gymnasium.make("recsim_ng/LongTermSatisfaction-v0", observation=x) for x in seen)
    assert one.unwrapped.design is same.unwrapped.design is not first.unwrapped.design
    with pytest.raises(ConfigError, match=r"num_docs must be a whole number .* got 5\.0"):
        gymnasium.make("recsim_ng/LongTermSatisfaction-v0", num_docs=5.0)


def test_a_fork_of_a_process_that_has_compiled_is_refused():
    # It would wait for TensorFlow's threads, which are not there.
    code = """
import multiprocessing, gymnasium, recsim_ng
from recsim_ng.core.errors import ConfigError
gymnasium.make("recsim_ng/LongTermSatisfaction-v0", num_steps=2).reset(seed=0)

def work(said):
    try:
        gymnasium.make("recsim_ng/LongTermSatisfaction-v0", num_docs=4)
    except ConfigError as error:
        said.put(str(error))

context = multiprocessing.get_context("fork")
said = context.Queue()
process = context.Process(target=work, args=(said,))
process.start()
print(said.get(timeout=60))
"""
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "must be compiled in a process of its own" in done.stdout


def test_check_env_passes_on_a_vector_of_them_in_gymnasiums_own_wrapper():
    env = gymnasium.make("recsim_ng/LongTermSatisfaction-v0", num_steps=3)
    wrapped = gymnasium.wrappers.FlattenObservation(env)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(wrapped.unwrapped, skip_render_check=True)
    observation, _ = wrapped.reset(seed=0)
    assert observation in wrapped.observation_space
