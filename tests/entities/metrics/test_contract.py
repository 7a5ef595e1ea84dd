"""What every metrics entity keeps to, and what each counts."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities import metrics
from recsim_ng.entities.networks import SocialNetwork
from recsim_ng.entities.recommendation import RecsMetricsBase
from tests.agreement import assert_agree, in_graph_and_xla

U, D, K, S, P, STEPS = 5, 6, 2, 3, 4, 4
CONFIG = {"num_users": U, "num_docs": D, "num_topics": K, "slate_size": S, "num_providers": P}
NETWORK = SocialNetwork(U, [(0, 1), (1, 2), (3, 4)])
MEMBERS = {
    "CalibrationMetrics": metrics.CalibrationMetrics,
    "ConsumedTimeAsRewardMetrics": metrics.ConsumedTimeAsRewardMetrics,
    "ConsumptionMetrics": metrics.ConsumptionMetrics,
    "ExposureMetrics": metrics.ExposureMetrics,
    "HomogenisationMetrics": metrics.HomogenisationMetrics,
    "OpinionMetrics": functools.partial(metrics.OpinionMetrics, network=NETWORK),
    "ProviderMetrics": functools.partial(metrics.ProviderMetrics, memory=0.5),
    "RetentionMetrics": functools.partial(metrics.RetentionMetrics, window=2),
    "RewardMetrics": functools.partial(metrics.RewardMetrics, field="utility", discount=0.5),
    "SatisfactionMetrics": functools.partial(
        metrics.SatisfactionMetrics, keep=("step", "sum", "mean")
    ),
    "SlateDiversityMetrics": metrics.SlateDiversityMetrics,
    "SlateQualityMetrics": metrics.SlateQualityMetrics,
    "UtilityAsRewardMetrics": metrics.UtilityAsRewardMetrics,
    "WelfareMetrics": metrics.WelfareMetrics,
}
BASES = {"MeasuredMetrics", "CompositeMetrics"}  # abstract; and the one that holds all, below
NOTHING = Value()


def users():
    normal = ed.Normal(loc=tf.zeros([U, 5 + K]), scale=1.0, name="normal")
    x = tf.convert_to_tensor(normal)
    return Value(
        normal=normal,
        interest=x[:, 5:],
        satisfaction=x[:, 0],
        utilities=x[:, 1],
        is_active=x[:, 2] > 0,
    )


def slates():
    scores = ed.Uniform(low=tf.zeros([U, D]), high=tf.ones([U, D]), name="scores")
    ranks = tf.math.top_k(tf.convert_to_tensor(scores), S).indices
    return Value(
        scores=scores,
        doc_ranks=ranks,
        doc_topic=ranks % K,
        provider_id=ranks % P,
        doc_features=tf.stack([tf.cast(ranks, tf.float32), tf.ones([U, S])], axis=-1),
    )


def responses():
    choice = ed.Categorical(logits=tf.zeros([U, S + 1]), name="choice")
    place = tf.convert_to_tensor(choice)
    time = tf.cast(place, tf.float32)
    return Value(
        choice=choice,
        is_chosen=place < S,
        consumed_time=time - 1.0,
        utility=time,
        enjoyment=time,
        rating=time,
    )


def story():
    """All members side by side, so that they compile once."""
    made = []
    for name, function, fields in (
        ("user state", users, "normal interest satisfaction utilities is_active"),
        ("slate docs", slates, "scores doc_ranks doc_topic provider_id doc_features"),
        ("response", responses, "choice is_chosen consumed_time utility enjoyment rating"),
    ):
        variable = Variable(name, ValueSpec(**{field: FieldSpec() for field in fields.split()}))
        variable.value = value(function)
        made.append(variable)
    user, slate, response = made
    composite = metrics.CompositeMetrics(CONFIG, MEMBERS)
    kept = Variable("metrics state", composite.specs().get("state"))
    kept.initial_value = value(composite.initial_metrics)

    def following(previous, user_state, user_response, slate_docs):
        return composite.next_metrics(previous, NOTHING, user_state, user_response, slate_docs)

    happened = (user.previous, response.previous, slate.previous)
    kept.value = value(following, (kept.previous, *happened))
    return [*made, kept]


@pytest.fixture(scope="module")
def trajectory():
    return PythonRuntime(Network(story())).trajectory(STEPS, seed=5)


def numbers(trajectory, variable, field):
    return np.asarray(trajectory[variable].get(field))


def test_every_exported_metrics_entity_is_here():
    exported = {
        name
        for name in metrics.__all__
        if isinstance(getattr(metrics, name), type)
        and issubclass(getattr(metrics, name), RecsMetricsBase)
    }
    assert exported - BASES == set(MEMBERS)


@in_graph_and_xla
def test_all_runtimes_keep_every_metric_alike_and_to_its_specs(trajectory, jit_compile):
    runtime = TFRuntime(Network(story()), jit_compile=jit_compile)
    assert_agree(trajectory, runtime.trajectory(STEPS, seed=5))


def test_alone_a_member_keeps_what_it_keeps_in_company():
    for name, ctor in MEMBERS.items():
        alone = ctor(CONFIG)
        assert set(alone.initial_metrics()) == set(alone.specs().get("state")), name


def test_members_bear_their_names_and_the_nameless_its_own():
    both = metrics.CompositeMetrics(
        CONFIG, {"": metrics.UtilityAsRewardMetrics, "x": metrics.SatisfactionMetrics}
    )
    assert {"reward", "cumulative_reward", "x.satisfaction"} <= set(both.specs().get("state"))
    state = Value(utilities=tf.ones([U]), satisfaction=tf.fill([U], 2.0))
    after = both.next_metrics(both.initial_metrics(), NOTHING, state, NOTHING, NOTHING)
    np.testing.assert_array_equal(after.get("reward"), 1)
    np.testing.assert_array_equal(after.get("x.mean_satisfaction"), 2)
    with pytest.raises(ConfigError, match="members must name at least one metrics, got none"):
        metrics.CompositeMetrics(CONFIG, {})
    with pytest.raises(ConfigError, match=r"must not bear other members' names, got \['reward'\]"):
        metrics.CompositeMetrics(
            CONFIG, {"": metrics.UtilityAsRewardMetrics, "reward": metrics.SatisfactionMetrics}
        )


def test_measures_are_kept_summed_and_averaged(trajectory):
    x = numbers(trajectory, "user state", "satisfaction")
    name = "SatisfactionMetrics"
    for t in range(1, STEPS):
        for field, expected in (
            ("satisfaction", x[t - 1]),
            ("cumulative_satisfaction", x[:t].sum(axis=0)),
            ("mean_satisfaction", x[:t].mean(axis=0)),
        ):
            found = numbers(trajectory, "metrics state", f"{name}.{field}")[t]
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_the_place_of_the_choice_is_all_of_the_slates_quality(trajectory):
    choice = numbers(trajectory, "response", "choice")[:-1]
    gain = np.where(choice < S, 1.0, 0.0)
    for field, expected in (
        ("hit", gain),
        ("reciprocal_rank", gain / (choice + 1)),
        ("ndcg", gain / np.log2(choice + 2)),
    ):
        found = numbers(trajectory, "metrics state", f"SlateQualityMetrics.{field}")[1:]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_quality_can_be_judged_by_relevance_of_ones_own_and_several_choices():
    worth = np.arange(U * D, dtype=np.float32).reshape(U, D) % 5
    ranks = np.tile([2, 0, 1], (U, 1))
    judged = metrics.SlateQualityMetrics(
        CONFIG,
        lambda user, response, slate: tf.gather(
            tf.constant(worth), slate.get("doc_ranks"), batch_dims=1
        ),
        lambda corpus, user: tf.constant(worth),
        k=2,
    )
    measured = judged.measures(NOTHING, NOTHING, NOTHING, Value(doc_ranks=tf.constant(ranks)))
    expected = metrics.ndcg(np.take_along_axis(worth, ranks, axis=1), worth, 2)
    np.testing.assert_allclose(measured.get("ndcg"), expected)
    several = metrics.SlateQualityMetrics(CONFIG)
    picks = tf.constant([[3, 3], [0, 3], [2, 1], [1, 3], [3, 2]])
    measured = several.measures(NOTHING, NOTHING, Value(choice=picks), NOTHING)
    np.testing.assert_allclose(measured.get("reciprocal_rank"), [0, 1, 1 / 2, 1 / 2, 1 / 3])


def test_exposure_coverage_and_novelty_follow_what_was_shown(trajectory):
    ranks = numbers(trajectory, "slate docs", "doc_ranks")
    for t in range(1, STEPS):
        before = np.bincount(ranks[: t - 1].ravel(), minlength=D)
        count = np.bincount(ranks[:t].ravel(), minlength=D)
        surprise = -np.log2((before + 1) / (before.sum() + D))
        for field, expected in (
            ("exposure", count),
            ("coverage", np.mean(count > 0)),
            ("novelty", surprise[ranks[t - 1]].mean(axis=1)),
        ):
            found = numbers(trajectory, "metrics state", f"ExposureMetrics.{field}")[t]
            np.testing.assert_allclose(found, expected, rtol=1e-5)


def chosen(trajectory, field, nothing):
    """`[T, U]` that field of the documents chosen."""
    x, choice = numbers(trajectory, "slate docs", field), numbers(trajectory, "response", "choice")
    picked = np.take_along_axis(x, np.minimum(choice, S - 1)[..., None], axis=2)[..., 0]
    return np.where(choice < S, picked, nothing)


def test_providers_are_counted_with_a_fading_memory(trajectory):
    shown = numbers(trajectory, "slate docs", "provider_id")
    clicked = chosen(trajectory, "provider_id", P)
    exposures, clicks = np.zeros(P), np.zeros(P)
    for t in range(1, STEPS):
        exposures = 0.5 * exposures + np.bincount(shown[t - 1].ravel(), minlength=P)
        clicks = 0.5 * clicks + np.bincount(clicked[t - 1], minlength=P + 1)[:P]
        for field, expected in (
            ("exposures", exposures),
            ("clicks", clicks),
            ("exposure_share", exposures / exposures.sum()),
        ):
            found = numbers(trajectory, "metrics state", f"ProviderMetrics.{field}")[t]
            np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_calibration_compares_topics_shown_with_topics_chosen(trajectory):
    topics = np.eye(K)[numbers(trajectory, "slate docs", "doc_topic")]
    liked = np.eye(K + 1)[chosen(trajectory, "doc_topic", K)][..., :K]
    shown, taste = topics.mean(axis=2)[:-1].sum(axis=0), liked[:-1].sum(axis=0)
    found = numbers(trajectory, "metrics state", "CalibrationMetrics.miscalibration")[-1]
    np.testing.assert_allclose(found, metrics.miscalibration(taste, shown), rtol=1e-4, atol=1e-6)


def test_calibration_can_go_by_a_taste_that_is_known():
    entity = metrics.CalibrationMetrics(CONFIG, topics="weights", taste="taste")
    weights = np.linspace(0, 1, U * S * K, dtype=np.float32).reshape(U, S, K)
    taste = np.linspace(1, 2, U * K, dtype=np.float32).reshape(U, K)
    after = entity.next_metrics(
        entity.initial_metrics(),
        NOTHING,
        Value(taste=tf.constant(taste)),
        Value(choice=tf.zeros([U], tf.int32)),
        Value(weights=tf.constant(weights)),
    )
    expected = metrics.miscalibration(taste, weights.mean(axis=1))
    np.testing.assert_allclose(after.get("miscalibration"), expected, rtol=1e-5)


def test_retention_counts_who_is_there_and_forgives_a_pause(trajectory):
    active = numbers(trajectory, "user state", "is_active")
    for field, first in (("retention", 1.0), ("window_retention", 1.0)):
        assert numbers(trajectory, "metrics state", f"RetentionMetrics.{field}")[0] == first
    for t in range(2, STEPS):
        window = active[t - 2 : t].any(axis=0)
        for field, expected in (
            ("retention", active[t - 1].mean()),
            ("window_retention", window.mean()),
            ("num_active_steps", active[:t].sum(axis=0)),
        ):
            found = numbers(trajectory, "metrics state", f"RetentionMetrics.{field}")[t]
            np.testing.assert_allclose(found, expected)


def test_welfare_is_summed_and_its_quantiles_are_over_users(trajectory):
    welfare = numbers(trajectory, "response", "utility")[:-1].sum(axis=0)
    found = numbers(trajectory, "metrics state", "WelfareMetrics.welfare_quantiles")[-1]
    expected = np.quantile(welfare, [0.05, 0.25, 0.5, 0.75, 0.95])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_opinions_and_homogeneity_follow_the_formulas(trajectory):
    interest = numbers(trajectory, "user state", "interest")[-2]
    for field, expected in (
        ("polarisation", metrics.polarisation(interest)),
        ("disagreement", metrics.disagreement(interest, NETWORK)),
    ):
        found = numbers(trajectory, "metrics state", f"OpinionMetrics.{field}")[-1]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    item = chosen(trajectory, "doc_ranks", D)[:-1]
    consumed = np.stack([np.isin(np.arange(D), item[:, u]) for u in range(U)])
    found = numbers(trajectory, "metrics state", "HomogenisationMetrics.homogeneity")[-1]
    np.testing.assert_allclose(found, metrics.mean_pairwise_jaccard(consumed), rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.SatisfactionMetrics(CONFIG, keep=("last",)), "keep must be one of"),
        (
            lambda: metrics.SatisfactionMetrics(CONFIG, keep=()),
            r"keep must be a list of .*got \(\)",
        ),
        (lambda: metrics.SlateQualityMetrics(CONFIG, k=4), "k must be a whole number within 0..3"),
        (lambda: metrics.SlateDiversityMetrics(CONFIG, distance="x"), "distance must be one of"),
        (lambda: metrics.ExposureMetrics(CONFIG, num_items=-1), "num_items must be a whole number"),
        (
            lambda: metrics.ExposureMetrics(CONFIG, num_items=1.5),
            "num_items must be a whole number",
        ),
        (
            lambda: metrics.HomogenisationMetrics(CONFIG, num_items=-1),
            "HomogenisationMetrics: num_items must be a whole number of at least 0, got -1",
        ),
        (lambda: metrics.HomogenisationMetrics(CONFIG, num_items="x"), "num_items must be a whole"),
        (
            lambda: metrics.ExposureMetrics({"num_users": U, "num_docs": "x"}),
            "num_docs must be a whole number of at least 1, got 'x'",
        ),
        (
            lambda: metrics.ConsumptionMetrics({"num_users": U, "num_docs": 0}),
            "num_docs must be a whole number of at least 1, got 0",
        ),
        (
            lambda: metrics.CalibrationMetrics({"num_users": U, "num_topics": 1.5}),
            "num_topics must be a whole number of at least 1, got 1.5",
        ),
        (
            lambda: metrics.ProviderMetrics(CONFIG, num_providers=-1),
            "num_providers must be a whole",
        ),
        (
            lambda: metrics.SlateQualityMetrics(CONFIG, relevance="x"),
            "SlateQualityMetrics: relevance must be a function or None, got 'x'",
        ),
        (
            lambda: metrics.SlateQualityMetrics(CONFIG, None, 3),
            "SlateQualityMetrics: ideal_relevance must be a function or None, got 3",
        ),
        (lambda: metrics.SatisfactionMetrics(CONFIG, keep=None), "keep must be a list .*got None"),
        (lambda: metrics.SatisfactionMetrics(CONFIG, keep=3), "keep must be a list .*got 3"),
        (lambda: metrics.SatisfactionMetrics(CONFIG, keep="step"), "keep must be a list .*'step'"),
        (lambda: metrics.SatisfactionMetrics(CONFIG, keep=(3,)), "keep must be one of .*got 3"),
        (
            lambda: metrics.WelfareMetrics(CONFIG, probabilities="x"),
            "WelfareMetrics: probabilities must be an array of real numbers, got 'x'",
        ),
        (
            lambda: metrics.WelfareMetrics(CONFIG, probabilities=()),
            r"probabilities must be of shape \[any\], got \[0\]",
        ),
        (
            lambda: metrics.CompositeMetrics(CONFIG, [metrics.SatisfactionMetrics]),
            "CompositeMetrics: members must be constructors by name, such as .*, got",
        ),
        (
            lambda: metrics.CompositeMetrics(CONFIG, {3: metrics.SatisfactionMetrics}),
            "CompositeMetrics: members must be constructors by name, such as .*, got",
        ),
        (
            lambda: metrics.CompositeMetrics(CONFIG, {"a": None}),
            r"CompositeMetrics: members\['a'\] must be a function, got None",
        ),
        (
            lambda: metrics.CompositeMetrics(CONFIG, {"a": lambda config: None}),
            r"what members\['a'\] makes must be a RecsMetricsBase, got None",
        ),
        (
            lambda: metrics.OpinionMetrics(CONFIG, "x"),
            "OpinionMetrics: network must be a SocialNetwork, got 'x'; pass None for none",
        ),
        (lambda: metrics.CalibrationMetrics(CONFIG, mix=2), "mix must be a number within"),
        (lambda: metrics.RetentionMetrics(CONFIG, window=0), "window must be a whole number"),
        (lambda: metrics.RetentionMetrics(CONFIG, source="x"), "source must be one of"),
        (lambda: metrics.ProviderMetrics({"num_users": 1}), "config must have 'num_providers'"),
        (lambda: metrics.ProviderMetrics(CONFIG, memory=2), "memory must be a number within"),
        (
            lambda: metrics.WelfareMetrics(CONFIG, probabilities=[0.5, 0.1]),
            r"probabilities must ascend, got \[0.5, 0.1\]",
        ),
        (
            lambda: metrics.WelfareMetrics(CONFIG, probabilities=[1.5]),
            r"probabilities must be within \[0, 1\], got 1.5",
        ),
        (
            lambda: metrics.OpinionMetrics(CONFIG, SocialNetwork(3, [(0, 1)])),
            "network must be of the 5 users of num_users, got one of 3",
        ),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


FIELDS = [
    ("CalibrationMetrics", "topics", "slate_docs"),
    ("CalibrationMetrics", "taste", "user_state"),
    ("ExposureMetrics", "item", "slate_docs"),
    ("HomogenisationMetrics", "item", "slate_docs"),
    ("OpinionMetrics", "field", "user_state"),
    ("ProviderMetrics", "field", "slate_docs"),
    ("RetentionMetrics", "field", "user_state"),
    ("RewardMetrics", "field", "user_response"),
    ("SatisfactionMetrics", "field", "user_state"),
    ("SlateDiversityMetrics", "field", "slate_docs"),
    ("WelfareMetrics", "field", "user_response"),
]


@pytest.mark.parametrize(("name", "argument", "source"), FIELDS)
def test_a_field_that_is_not_there_is_named_with_who_asked_for_it(name, argument, source):
    for x in (3, None, *([""] if argument != "taste" else [])):
        with pytest.raises(ConfigError) as error:
            getattr(metrics, name)(CONFIG, **{argument: x})
        assert str(error.value) == (
            f"{name}: {argument} must be the name of a field of {source}, got {x!r}"
        )
    kept = getattr(metrics, name)(CONFIG, **{argument: "utilty"})
    happened = {
        "corpus_state": Value(),
        "user_state": Value(a=tf.zeros([U])),
        "user_response": Value(a=tf.zeros([U]), choice=tf.zeros([U], tf.int32)),
        "slate_docs": Value(a=tf.zeros([U, S]), doc_topic=tf.zeros([U, S], tf.int32)),
    }
    with pytest.raises(ConfigError) as error:
        kept.next_metrics(kept.initial_metrics(), **happened)
    assert str(error.value) == (
        f"{name}: {argument} must be a field of {source}, one of {list(happened[source])}, got "
        "'utilty'"
    )


def test_the_argument_is_named_in_compiled_stories_too():
    variables = story()
    kept = metrics.RewardMetrics(CONFIG, "utilty")
    state = Variable("reward state", kept.specs().get("state"))
    state.initial_value = value(kept.initial_metrics)
    state.value = value(
        lambda previous, response: kept.next_metrics(previous, NOTHING, NOTHING, response, NOTHING),
        (state.previous, variables[2].previous),
    )
    with pytest.raises(ConfigError, match="RewardMetrics: field must be a field of user_response"):
        TFRuntime(Network([variables[2], state])).execute(1, seed=1)


@pytest.mark.parametrize(
    ("name", "argument"),
    [("ExposureMetrics", "item"), ("HomogenisationMetrics", "item"), ("ProviderMetrics", "field")],
)
def test_a_field_of_no_whole_numbers_says_nothing_of_items(name, argument):
    kept = getattr(metrics, name)(CONFIG, **{argument: "score"})
    slate = Value(score=tf.zeros([U, S]))
    with pytest.raises(ConfigError) as error:
        kept.next_metrics(kept.initial_metrics(), NOTHING, NOTHING, NOTHING, slate)
    assert str(error.value) == (
        f"{name}: {argument} must name a field of whole numbers, got 'score', which is float32"
    )


COUNTING = {
    "ExposureMetrics": (("coverage", "exposure_gini", "novelty"), 0, D),
    "HomogenisationMetrics": (("homogeneity",), -1, D),
    "ProviderMetrics": (("exposures", "exposure_gini", "effective_exposed"), -1, P),
    "ConsumptionMetrics": (("coverage", "consumption_gini"), -1, D),
    "CalibrationMetrics": (("shown_topics", "miscalibration"), -1, K),
}


def counted(name, number, dtype, decorate):
    """The metrics after a step with `number` shown and chosen, and after another without."""
    kept = getattr(metrics, name)(CONFIG)
    fields = ("doc_ranks", "provider_id", "doc_topic")
    choice = tf.zeros([U], tf.int32)
    ones = tf.ones([U])
    response = Value(choice=choice, is_chosen=choice == 0, enjoyment=ones, rating=ones)

    def step(previous, numbers):
        slate = Value(**{field: numbers for field in fields})
        return kept.next_metrics(previous, NOTHING, NOTHING, response, slate)

    step = decorate(step)
    first = step(kept.initial_metrics(), tf.fill([U, S], tf.constant(number, dtype)))
    return first, step(first, tf.zeros([U, S], dtype))


@pytest.mark.parametrize("dtype", [tf.int32, pytest.param(tf.int64, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", COUNTING)
def test_numbers_out_of_range_spoil_what_is_counted_by_them_alike_everywhere(name, dtype):
    measures, least, size = COUNTING[name]
    for decorate in (lambda f: f, tf.function, functools.partial(tf.function, jit_compile=True)):
        for number in (least - 1, size, size + 7):
            for after in counted(name, number, dtype, decorate):
                for measure in measures:
                    assert np.isnan(after.get(measure)).all(), (number, measure)
        for number in (0, size - 1):
            for after in counted(name, number, dtype, decorate):
                for measure, x in after.as_dict.items():
                    assert np.isfinite(x).all(), (number, measure)


def test_small_integers_count_as_well():
    exposure = counted("ExposureMetrics", D - 1, tf.uint8, lambda f: f)[0].get("exposure")
    np.testing.assert_array_equal(exposure, [0] * (D - 1) + [U * S])
