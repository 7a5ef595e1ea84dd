"""The ecosystem: its formulas recomputed in NumPy, whose draws depend on what, `run_simulation`.

The statistical checks have 1,800 draws of utilities and more than 300 of each other quantity: by
`smallest_detectable` they catch 0.53 standard deviations of a mean, a distance of 0.11 between
distribution functions (of utilities and scores), and 35 % and, of documents, 90 % of a variance.
"""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import FieldSpec, Network, PythonRuntime, TFRuntime, Value, ValueSpec, Variable, ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.variable import value
from recsim_ng.entities.users import ClusteredNormalUser, ClusteredNormalUserCoreDispersion
from recsim_ng.stories import ecosystem
from tests import statistical
from tests.agreement import assert_agree
from tests.runtime.test_tf_runtime import random_ops

CONFIG = ecosystem.Config(num_users=300, num_provider_clusters=6, provider_disp=400.0)
SMALL = ecosystem.Config(num_users=6, num_provider_clusters=3, provider_disp=16.0)
LENGTH = 7


@pytest.fixture(scope="module")
def means():
    return ecosystem.init_random_provider_clusters(400.0, 2, 6, 2).astype(np.float64)


@pytest.fixture(scope="module")
def run(request):
    """One run of the story, as {variable: {field: [T, ...] array}}."""
    runtime = TFRuntime(Network(ecosystem.story(CONFIG)), jit_compile=False)
    seed = request.config.getoption("--shift-seed")
    trajectory = runtime.trajectory(LENGTH, seed=seed)
    return {
        name: {field: np.asarray(x) for field, x in v.as_dict.items()}
        for name, v in trajectory.items()
    }


@pytest.fixture(scope="module")
def small():
    """A compiled runtime of the small story, for all that needs one."""
    return TFRuntime(Network(ecosystem.story(SMALL)))


def affinity(u, d):
    return 2.0 - np.linalg.norm(u - d, axis=-1)


def chosen(run, field):
    """`[T, U, ...]` what each user chose."""
    choice = run["user response"]["choice"]
    docs = run["slate docs"][field]
    index = choice.reshape(choice.shape + (1,) * (docs.ndim - 2))
    return np.take_along_axis(docs, index, axis=2)[:, :, 0]


def test_the_first_state_is_empty(run):
    for name, field in (
        ("user state", "utilities"),
        ("corpus state", "provider_click_count"),
        ("recommender state", "provider_pulls"),
        ("metrics state", "reward"),
        ("metrics state", "cumulative_reward"),
    ):
        assert not run[name][field][0].any()


def test_clicks_fade_and_count_what_was_chosen(run):
    clicks = run["corpus state"]["provider_click_count"]
    for t in range(LENGTH - 1):
        new = np.bincount(chosen(run, "provider_id")[t], minlength=12)
        np.testing.assert_allclose(clicks[t + 1], 0.96 * clicks[t] + new, rtol=1e-5)


def test_pulls_count_each_users_choices(run):
    pulls = run["recommender state"]["provider_pulls"]
    picked = np.eye(12)[chosen(run, "provider_id")]
    np.testing.assert_array_equal(pulls[1:], np.cumsum(picked, axis=0)[:-1])


def test_metrics_are_the_utilities_of_the_step_before(run):
    utilities, metrics = run["user state"]["utilities"], run["metrics state"]
    np.testing.assert_array_equal(metrics["reward"][1:], utilities[:-1])
    np.testing.assert_allclose(
        metrics["cumulative_reward"][1:], np.cumsum(utilities, axis=0)[:-1], rtol=1e-4, atol=1e-4
    )


def test_interests_stay_and_are_what_is_observed(run):
    interests = run["user state"]["user_interests"]
    np.testing.assert_array_equal(interests, np.broadcast_to(interests[0], interests.shape))
    np.testing.assert_array_equal(run["user observation"]["user_interests"], interests)


def supports(run):
    """Lower and upper ends of the scores' supports, `[T, U, D]`."""
    pulls = run["recommender state"]["provider_pulls"].astype(np.float64)
    n = pulls.sum(axis=1)
    boost = np.clip(n.mean(axis=1, keepdims=True) - n, -1.2, 1.2)
    docs = run["available docs"]
    a = affinity(run["user state"]["user_interests"][:, :, None], docs["doc_features"][:, None])
    other = a + np.take_along_axis(boost, docs["provider_id"], axis=1)[:, None] + 1e-4
    return np.minimum(a, other), np.maximum(a, other)


def test_scores_are_uniform_between_affinity_and_boosted_affinity(run):
    low, high = supports(run)
    scores = run["slate docs"]["doc_scores"]
    rounding = 1e-5 * np.abs(low) + 1e-5
    assert (scores > low - rounding).all() and (scores < high + rounding).all()
    wide = high - low > 0.5
    assert wide[1:].any(axis=(1, 2)).all() and not wide[0].any()
    share = ((scores - low) / (high - low))[wide]
    statistical.assert_same_distribution(share[::17], lambda x: np.clip(x, 0, 1), what="scores")
    with statistical.must_catch():  # as if the boost were added in full
        statistical.assert_same_distribution(share[::17], lambda x: np.clip(x, 0, 1) ** 2)


def test_slates_hold_the_documents_of_highest_score(run):
    slate, docs = run["slate docs"], run["available docs"]
    best = np.argsort(-slate["doc_scores"], axis=-1, kind="stable")[..., :3]
    for field in ("provider_id", "doc_features"):
        for t in range(LENGTH):
            np.testing.assert_array_equal(slate[field][t], docs[field][t][best[t]])


def test_choices_follow_the_logit_of_affinity(run):
    u, d = run["user state"]["user_interests"], run["slate docs"]["doc_features"]
    weights = np.exp(affinity(u[:, :, None], d))
    p = weights / weights.sum(axis=-1, keepdims=True)
    choice = run["user response"]["choice"]
    assert choice.min() >= 0 and choice.max() <= 2  # something is always chosen
    for place in range(3):
        q = p[..., place]
        clear = (q > 0.2) & (q < 0.8)
        assert clear.sum() > 300
        z = ((choice == place) - q)[clear] / np.sqrt(q * (1 - q))[clear]
        statistical.assert_mean(z, 0.0, 1.0, what="choices")
    with statistical.must_catch():  # as if choices did not look at affinity
        liked = p.max(axis=-1) > 0.5
        assert liked.sum() > 300
        statistical.assert_mean((choice == p.argmax(axis=-1))[liked] - 1 / 3, 0.0, 0.47)


def test_utilities_are_normal_around_the_affinity_of_what_was_chosen(run):
    u = run["user state"]["user_interests"][:-1]
    around = affinity(u, chosen(run, "doc_features")[:-1])
    z = (run["user state"]["utilities"][1:] - around).ravel()
    statistical.assert_same_distribution(z, stats.norm.cdf, what="utilities")
    statistical.assert_covariance(z[:, None], [[1.0]], what="utilities")
    with statistical.must_catch():
        statistical.assert_covariance(1.5 * z[:, None], [[1.0]])


def test_documents_come_from_providers_by_their_squared_clicks(run, means):
    docs = run["available docs"]
    clicks = run["corpus state"]["provider_click_count"].astype(np.float64)
    weights = (1.0 + clicks) ** 2
    law = weights / weights.sum(axis=1, keepdims=True)
    for t in (0, LENGTH - 1):
        counts = np.bincount(docs["provider_id"][t], minlength=12)
        statistical.assert_frequencies(counts, law[t], what="providers of documents")
    z = docs["doc_features"] - means[docs["provider_id"]]
    statistical.assert_covariance(z.reshape(-1, 2), np.eye(2), what="documents")
    with statistical.must_catch():
        statistical.assert_covariance(1.7 * z.reshape(-1, 2), np.eye(2))


FAR = np.array([[300, 0], [0, 300], [-600, 0], [0, -600], [900, 900], [-900, 900]], np.float64)


@pytest.mark.parametrize("core", [True, False], ids=["core dispersion", "plain"])
def test_users_gather_around_providers(core, seed):
    size = 4000
    config = {"num_users": size, "num_topics": 2, "slate_size": 3, "provider_means": FAR}
    user = (ClusteredNormalUserCoreDispersion if core else ClusteredNormalUser)(config)
    v = Variable("user state", user.specs().get("state"))
    v.initial_value = value(user.initial_state)
    x = TFRuntime([v], jit_compile=False).execute(0, seed=seed)["user state"]
    u = x.get("user_interests").numpy().astype(np.float64)
    whose = np.linalg.norm(u[:, None] - FAR, axis=-1).argmin(axis=1)
    length = np.linalg.norm(FAR, axis=1)
    law = 1 / (1 + length)
    # Would catch 0.02 nats and 25 % of a variance.
    counts = np.bincount(whose, minlength=6)
    statistical.assert_frequencies(counts, law / law.sum(), what="users of providers")
    deviation = 20.5 / (1 + length) if core else np.full(6, 20.5)
    z = (u - FAR[whose]) / deviation[whose, None]
    statistical.assert_covariance(z, np.eye(2), what="interests")
    with statistical.must_catch():
        statistical.assert_covariance(1.3 * z, np.eye(2))
    with statistical.must_catch():
        statistical.assert_frequencies(counts, np.full(6, 1 / 6))


def test_a_positive_step_size_moves_interests_away():
    config = dataclasses.replace(SMALL, interest_step_size=0.25)
    trajectory = PythonRuntime(ecosystem.story(config)).trajectory(3, seed=0)
    run = {n: {f: np.asarray(x) for f, x in v.as_dict.items()} for n, v in trajectory.items()}
    u = run["user state"]["user_interests"]
    moved = u[:-1] + 0.25 * (u[:-1] - chosen(run, "doc_features")[:-1])
    np.testing.assert_allclose(u[1:], moved, rtol=1e-5)


def test_a_cap_of_zero_is_myopic():
    variables = ecosystem.story(dataclasses.replace(SMALL, provider_boost_cap=0.0))
    trajectory = PythonRuntime(variables).trajectory(3, seed=0)
    run = {n: {f: np.asarray(x) for f, x in v.as_dict.items()} for n, v in trajectory.items()}
    u, docs = run["user state"]["user_interests"], run["available docs"]["doc_features"]
    a = affinity(u[:, :, None], docs[:, None])
    best = np.sort(a, axis=-1)[..., ::-1][..., :3]
    shown = affinity(u[:, :, None], run["slate docs"]["doc_features"])
    np.testing.assert_allclose(shown, best, atol=2e-4)  # the scores spread by 1e-4


# Who depends on what.


def test_all_runtimes_agree(small, seed):
    expected = PythonRuntime(ecosystem.story(SMALL)).trajectory(4, seed=seed)
    assert_agree(expected, small.trajectory(4, seed=seed))
    graph = TFRuntime(ecosystem.story(SMALL), jit_compile=False)
    assert_agree(expected, graph.trajectory(4, seed=seed))
    eager = TFRuntime(ecosystem.story(SMALL), graph_compile=False)
    assert_agree(expected.at_step(3), eager.execute(3, seed=seed))


def test_no_traced_graph_holds_a_stateful_random_op(small):
    @tf.function
    def whole(seed):
        return small.trajectory(4, seed=seed)

    graph = whole.get_concrete_function(tf.TensorSpec([2], tf.int32)).graph
    assert random_ops(graph) == []


def sites(num_users, step, extra=(), before=()):
    """The sites of a step of the small story with so many users: address -> Site."""
    variables = ecosystem.story(dataclasses.replace(SMALL, num_users=num_users))
    network = Network([*before, *variables, *extra])
    with Seed(5, 0):
        x = network.initial_step()
    with Seed(5, step), Record() as record:
        if step:
            network.step({n: v.map(tf.convert_to_tensor) for n, v in x.items()})
        else:
            network.initial_step()
    return record.sites


def noise_of(site):
    return [np.asarray(x) for x in tf.nest.flatten(site.noise)]


OF_USERS = [("user state", "user_interests"), ("slate docs", "doc_scores"), ("user response", "#0")]


@pytest.mark.parametrize("step", [0, 1])
def test_more_users_at_the_end_change_nobodys_noise(step):
    few, many = sites(6, step), sites(9, step)
    assert set(few) == set(many) and len(few) == 5
    of_users = [("user state", "utilities"), *OF_USERS[1:]] if step else OF_USERS
    for address, site in few.items():
        for x, y in zip(noise_of(site), noise_of(many[address]), strict=True):
            np.testing.assert_allclose(y[: len(x)], x, rtol=1e-6, err_msg=str(address))
            assert (len(y) > len(x)) == (address in of_users)


def test_more_users_change_nobodys_first_step():
    few, many = (
        PythonRuntime(ecosystem.story(dataclasses.replace(SMALL, num_users=n))).execute(0, seed=3)
        for n in (6, 9)
    )
    for name in ("user state", "user observation", "slate docs", "user response"):
        for field, x in few[name].as_dict.items():
            np.testing.assert_allclose(many[name].get(field)[:6], x, rtol=1e-6)
    for field, x in few["available docs"].as_dict.items():
        np.testing.assert_array_equal(many["available docs"].get(field), x)


def weather(name):
    v = Variable(name, ValueSpec(x=FieldSpec()))
    v.value = value(lambda: Value(x=ed.Normal(loc=tf.zeros([6]), scale=1.0, name="doc_scores")))
    return v


def test_another_variable_changes_nobodys_draws():
    runs = [
        PythonRuntime([*before, *ecosystem.story(SMALL), *after]).trajectory(3, seed=3)
        for before, after in (((), ()), ((weather("weather"),), (weather("a"), weather("z"))))
    ]
    for name, v in runs[0].items():
        for field, x in v.as_dict.items():
            np.testing.assert_array_equal(x, runs[1][name].get(field))


def test_a_shard_draws_what_the_whole_would_have(small):
    whole = small.trajectory(4, seed=8).at_step(0)
    config = dataclasses.replace(SMALL, num_users=4)
    for runtime in (
        TFRuntime(ecosystem.story(config), jit_compile=False, first_user=2),
        PythonRuntime(ecosystem.story(config), first_user=2),
    ):
        shard = runtime.execute(0, seed=8)
        for name in ("user state", "slate docs", "user response"):
            for field, x in shard[name].as_dict.items():
                np.testing.assert_allclose(x, whole[name].get(field)[2:], rtol=1e-5, atol=1e-6)
        for field, x in shard["available docs"].as_dict.items():
            np.testing.assert_allclose(x, whole["available docs"].get(field), rtol=1e-5)


@pytest.mark.slow
def test_worlds_mapped_over_seeds_are_the_runs_of_each(small):
    network = Network(ecosystem.story(SMALL))

    def tensors(x):
        return {name: v.map(tf.convert_to_tensor) for name, v in x.items()}

    def first(seed):
        with Seed(seed, 0):
            return tensors(network.initial_step())

    def later(seed_and_x):
        seed, x = seed_and_x
        with Seed(seed, 1):
            return tensors(network.step(x))

    seeds = tf.constant([3, 4, 5])
    worlds = [tf.vectorized_map(first, seeds)]
    worlds.append(tf.vectorized_map(later, (seeds, worlds[0])))
    for i, seed in enumerate(seeds):
        alone = small.trajectory(4, seed=seed)
        for t, x in enumerate(worlds):
            of_this = {name: v.map(lambda field, i=i: field[i]) for name, v in x.items()}
            assert_agree({name: alone.at_step(t)[name] for name in of_this}, of_this)


# Settings, providers and what is reported.


def test_the_story_is_published_under_its_name(means):
    variables = ecosystem.create_viable_provider_simulation_network(means)
    shapes = {v.name: v.spec for v in variables}
    assert sorted(shapes) == [
        "available docs",
        "corpus state",
        "metrics state",
        "recommender state",
        "slate docs",
        "user observation",
        "user response",
        "user state",
    ]
    fields = {
        f"{n}.{f}": s.space.shape for n, spec in shapes.items() for f, s in spec.as_dict.items()
    }
    assert fields == {
        "available docs.provider_id": (60,),
        "available docs.doc_features": (60, 2),
        "corpus state.provider_click_count": (12,),
        "metrics state.reward": (2000,),
        "metrics state.cumulative_reward": (2000,),
        "recommender state.provider_pulls": (2000, 12),
        "slate docs.doc_scores": (2000, 60),
        "slate docs.provider_id": (2000, 3),
        "slate docs.doc_features": (2000, 3, 2),
        "user observation.user_interests": (2000, 2),
        "user response.choice": (2000,),
        "user state.utilities": (2000,),
        "user state.user_interests": (2000, 2),
    }
    fewer = ecosystem.create_viable_provider_simulation_network(means, 10, 0.0)
    assert {v.name: v.spec for v in fewer}["user state"]["utilities"].space.shape == (10,)


def test_the_default_size_is_the_published_one():
    config = ecosystem.Config()
    assert (config.num_users, config.num_providers, config.documents) == (2000, 80, 400)
    assert (config.slate_size, config.num_topics, config.provider_boost_cap) == (3, 2, 1.2)


def test_providers_come_in_clusters():
    # Would catch 10 % of a variance.
    means = ecosystem.init_random_provider_clusters(64.0, 2, 20_000, 1, seed=4)
    assert means.shape == (40_000, 1) and means.dtype == np.float32
    pairs = means.reshape(20_000, 2)
    covariance = [[64.5, 64.0], [64.0, 64.5]]
    statistical.assert_covariance(pairs, covariance, what="providers of a cluster")
    with statistical.must_catch():
        statistical.assert_covariance(pairs, [[65.0, 64.0], [64.0, 65.0]])


def test_providers_are_those_of_their_seed_not_of_a_runs():
    draw = ecosystem.init_random_provider_clusters
    one = draw(64.0, 2, 5, 3)
    np.testing.assert_array_equal(one, draw(64.0, 2, 5, 3, seed=0))
    np.testing.assert_allclose(one[:6], draw(64.0, 2, 3, 3), rtol=1e-6)  # more clusters at the end
    assert np.abs(one - draw(64.0, 2, 5, 3, seed=1)).min() > 0
    np.testing.assert_array_equal(one, tf.function(lambda: draw(64.0, 2, 5, 3))())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_users": 0}, "ecosystem: num_users must be a whole number of at least 1, got 0"),
        (
            {"num_topics": 1.5},
            "ecosystem: num_topics must be a whole number of at least 1, got 1.5",
        ),
        (
            {"slate_size": 401},
            "ecosystem: slate_size must be a whole number within 1..400, got 401",
        ),
        ({"num_docs": 2}, "ecosystem: slate_size must be a whole number within 1..2, got 3"),
        ({"num_docs": None}, "ecosystem: num_docs must be a whole number of at least 0, got None"),
        ({"num_docs": []}, "ecosystem: num_docs must be a whole number of at least 0, got []"),
        (
            {"provider_boost_cap": -1.0},
            "ecosystem: provider_boost_cap must be a number within [0.0, 1000000.0], got -1.0",
        ),
        (
            {"provider_disp": math.nan},
            "ecosystem: provider_disp must be a number within [0.0, 1000000000000.0], got nan",
        ),
        (
            {"interest_step_size": 1.1},
            "ecosystem: interest_step_size must be a number within [-1.0, 1.0], got 1.1",
        ),
        ({"provider_seed": -1}, "ecosystem: provider_seed must be a whole number within 0.."),
    ],
)
def test_a_setting_out_of_range_is_refused(setting, message):
    with pytest.raises(ConfigError) as error:
        ecosystem.Config(**setting)
    assert str(error.value).startswith(message)


MEANS = np.zeros([3, 2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_docs": 2}, "slate_size must be a whole number within 1..2, got 3"),
        ({"num_users": 0}, "num_users must be a whole number of at least 1, got 0"),
        ({"num_docs": []}, "num_docs must be a whole number of at least 0, got []"),
        ({"slate_size": 16}, "slate_size must be a whole number within 1..15, got 16"),
        ({"provider_means": MEANS * np.nan}, "provider_means must be within (-inf, inf), got nan"),
        ({"provider_means": [0.0, 1.0]}, "provider_means must be [P, K], got shape [2]"),
        ({"provider_means": MEANS[:0]}, "provider_means must be [P, K], got shape [0, 2]"),
        ({"provider_means": "x"}, "provider_means must be an array of real numbers, got 'x'"),
        ({"recommender": "nope"}, "recommender must be one of ["),
    ],
)
def test_a_network_for_wrong_arguments_is_refused(changes, message):
    with pytest.raises(ConfigError) as error:
        ecosystem.create_viable_provider_simulation_network(**{"provider_means": MEANS, **changes})
    where = "create_viable_provider_simulation_network"
    assert str(error.value).startswith(f"{where}: {message}")


@pytest.mark.parametrize("cap", [math.nan, "x", None])
def test_the_recommender_names_a_wrong_cap(cap):
    with pytest.raises(ConfigError, match="provider_boost_cap must be a number within"):
        ecosystem.create_viable_provider_simulation_network(MEANS, 5, cap)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 2, 3, 2), "provider_disp must be a number within [0.0, 1000000000000.0], got -1.0"),
        ((1.0, 0, 3, 2), "provider_fan_out must be a whole number of at least 1, got 0"),
        ((1.0, 2, 0.5, 2), "num_provider_clusters must be a whole number of at least 1, got 0.5"),
        ((1.0, 2, 3, None), "num_topics must be a whole number of at least 1, got None"),
    ],
)
def test_providers_for_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ConfigError) as error:
        ecosystem.init_random_provider_clusters(*arguments)
    assert str(error.value) == f"init_random_provider_clusters: {message}"


def test_distances_grow_by_the_step_size():
    config = dataclasses.replace(SMALL, interest_step_size=0.25)
    run = PythonRuntime(ecosystem.story(config)).trajectory(60, seed=77)
    interests = np.asarray(run["user state"].get("user_interests"))
    # Documents stay where providers are, so that far out the distance is that from the origin.
    ratio = np.linalg.norm(interests[-1], axis=-1) / np.linalg.norm(interests[-2], axis=-1)
    np.testing.assert_allclose(ratio, 1.25, rtol=1e-3)
    # So after 12 / log(1.25) steps it is exp(12) times what it was; there the rounding of float32
    # comes near the distance of one document from the other.
    reach = np.exp(12.0) * np.linalg.norm(interests[0], axis=-1).mean()
    assert 0.01 < np.spacing(np.float32(reach)) < 1.0


def test_interests_that_ran_away_stay_finite():
    config = ecosystem.Config(
        num_users=6, num_provider_clusters=2, interest_step_size=0.1, recommender="ucb1"
    )
    runtime = TFRuntime(ecosystem.story(config), jit_compile=False, check_finite=True)
    last = runtime.execute(460, seed=77)
    utilities = np.asarray(last["user state"].get("utilities"))
    # They have run away, by some powers of ten, and are numbers still.
    assert np.all(np.isfinite(utilities)) and np.abs(utilities).max() > 1e6


def test_a_negative_step_size_draws_interests_near():
    config = dataclasses.replace(SMALL, interest_step_size=-0.5)
    run = PythonRuntime(ecosystem.story(config)).trajectory(8, seed=3)
    utilities = np.asarray(run["user state"].get("utilities"))
    assert utilities[-1].mean() > utilities[1].mean()


def test_providers_health_in_closed_form():
    clicks = tf.constant([[0.0, 0.0, 0.0, 0.0], [5.0, 5.0, 0.0, 0.0], [8.0, 0.0, 0.0, 0.0]])
    run = {"corpus state": Value(provider_click_count=clicks)}
    metrics = {m.name: m.compute for m in ecosystem.STUDY.metrics}
    np.testing.assert_allclose(metrics["effective_providers"](run), [4.0, 2.0, 1.0])
    np.testing.assert_allclose(metrics["provider_gini"](run), [0.0, 0.5, 0.75], atol=1e-12)
    np.testing.assert_allclose(metrics["viable_providers"](run), [1.0, 0.5, 0.25])


def test_headline_metrics_read_what_they_record(small):
    record = sorted({name for metric in ecosystem.STUDY.metrics for name in metric.record})
    whole = small.trajectory(4, seed=0)
    run = {n: whole[n] for n in {name.split(".")[0] for name in record}}
    assert all(field in run[n] for n, field in (name.split(".") for name in record))
    for metric in ecosystem.STUDY.metrics:
        found = np.asarray(metric.compute(run))
        assert found.shape == (4,) and np.isfinite(found).all()
    utility = {m.name: m.compute for m in ecosystem.STUDY.metrics}
    np.testing.assert_allclose(
        utility["cumulative_utility"](run), np.cumsum(utility["utility"](run)), rtol=1e-4
    )


def rewards(runtime, seeds, horizon):
    ends = [runtime.execute(horizon - 1, seed=s)["metrics state"] for s in seeds]
    return [float(tf.reduce_mean(end.get("cumulative_reward"))) for end in ends]


def test_run_simulation_gives_mean_and_standard_error():
    means = ecosystem.init_random_provider_clusters(16.0, 2, 3, 2)
    expected = rewards(PythonRuntime(ecosystem.story(SMALL)), range(4), 4)
    mean, error = ecosystem.run_simulation(1.2, 2, 2, means, 6, 4, runtime=PythonRuntime)
    assert mean == pytest.approx(np.mean(expected), rel=1e-4)
    assert error == pytest.approx(np.std(expected, ddof=1) / 2, rel=1e-4)
    myopic = ecosystem.run_simulation(0.0, 2, 2, means, 6, 4, runtime=PythonRuntime)
    assert myopic[0] != mean


def test_run_simulation_takes_a_function_or_the_replicas_of_a_strategy():
    means = ecosystem.init_random_provider_clusters(16.0, 2, 3, 2)
    calls = []

    def cautious(provider_means, num_users):
        calls.append((provider_means is means, num_users))
        return ecosystem.create_viable_provider_simulation_network(provider_means, num_users, 0.5)

    own = ecosystem.run_simulation(cautious, 1, 1, means, 6, 4, seed=3, runtime=PythonRuntime)
    assert calls == [(True, 6)] and np.isnan(own[1])
    published = ecosystem.run_simulation(None, 1, 2, means, 6, 3, runtime=PythonRuntime)
    replicas = tf.distribute.MirroredStrategy(["/cpu:0"])
    distributed = ecosystem.run_simulation(replicas, 1, 2, means, 6, 3)  # by TFRuntime
    np.testing.assert_allclose(distributed, published, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (1.2, 0, 1, 3),
            "run_simulation: num_replicas must be a whole number of at least 1, got 0",
        ),
        ((1.2, 1, 0, 3), "run_simulation: num_runs must be a whole number of at least 1, got 0"),
        ((1.2, 1, 1, 0), "run_simulation: horizon must be a whole number of at least 1, got 0"),
        (
            (-1.0, 1, 1, 3),
            "run_simulation: strategy, as the cap, must be a number within [0.0, inf]",
        ),
        (
            (tf.distribute.OneDeviceStrategy("/cpu:0"), 2, 1, 3),
            "run_simulation: num_replicas must be that of the strategy, 1, got 2",
        ),
    ],
)
def test_a_wrong_simulation_is_refused(arguments, message):
    strategy, num_replicas, num_runs, horizon = arguments
    with pytest.raises(ConfigError) as error:
        ecosystem.run_simulation(strategy, num_replicas, num_runs, np.zeros([4, 2]), 6, horizon)
    assert str(error.value).startswith(message)
