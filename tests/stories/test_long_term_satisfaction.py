"""The long-term satisfaction story against its dynamic programme, and in all runtimes."""

import dataclasses
from typing import get_args

import numpy as np
import pytest

from recsim_ng import PythonRuntime, TFRuntime
from recsim_ng.entities.recommenders import RecommenderName
from recsim_ng.stories import long_term_satisfaction
from recsim_ng.stories.long_term_satisfaction import Config, optimum, story
from tests import statistical
from tests.agreement import assert_agree, in_graph_and_xla

NAMES = sorted(["optimal", *get_args(RecommenderName)])
HARD = Config(num_users=4000, sensitivity=0.3, horizon=20)


@pytest.mark.parametrize("slate_size", [pytest.param(1, marks=pytest.mark.slow), 3])
@in_graph_and_xla
def test_all_runtimes_agree(slate_size, jit_compile, seed):
    config = Config(num_users=3, slate_size=slate_size, num_docs=4, horizon=3)
    expected = PythonRuntime(story(config)).trajectory(4, seed=seed)
    got = TFRuntime(story(config), jit_compile=jit_compile).trajectory(4, seed=seed)
    assert_agree(expected, got)


@pytest.fixture(scope="module")
def totals():
    """Seed -> {recommender: `[U]` engagement in 20 steps}."""
    runtimes = {
        name: TFRuntime(story(dataclasses.replace(HARD, recommender=name)))
        for name in ("myopic", "optimal")
    }

    def run(seed):
        record = ["user response.engagement"]
        return {
            name: np.sum(
                r.trajectory(20, seed=seed, record=record)["user response"]["engagement"], 0
            )
            for name, r in runtimes.items()
        }

    return run


@pytest.mark.parametrize("name", get_args(RecommenderName))
def test_every_recommender_serves(name, seed):
    config = Config(num_users=4, num_docs=3, recommender=name)
    run = PythonRuntime(story(config)).trajectory(3, seed=seed)
    assert np.all(run["user response"]["engagement"].numpy() > 0)


def expected(document):
    """The mean engagement over the starts' uniform law."""
    half = 0.5 / (1 - HARD.discount)
    starts = np.linspace(-half, half, 2001)
    return optimum(HARD, document=document).expected_engagement(starts).mean()


def test_simulated_engagement_is_what_dynamic_programming_says(totals, seed):
    # The deviation of a total is estimated once, with room: an error of it by a tenth shifts the
    # bound of 6 standard errors by as much. 15 engagement of 1,700 are caught with power 0.999.
    found = totals(seed)
    for name, document in (("myopic", 0), ("optimal", None)):
        sd = 1.1 * found[name].std()
        statistical.assert_mean(found[name], expected(document), sd, what=name)
        with statistical.must_catch():
            statistical.assert_mean(found[name], 1.05 * expected(document), sd)


def test_whoever_looks_ahead_gains(totals, seed):
    found = totals(seed)
    gain = found["optimal"] - found["myopic"]
    assert gain.mean() > 10 * gain.std() / np.sqrt(gain.size)
    assert expected(None) > 1.15 * expected(0)


def test_at_the_published_sensitivity_chocolate_alone_is_optimal():
    assert not optimum(Config()).action.any()


def test_headline_metrics_have_one_number_a_step(seed):
    config = Config(num_users=5, slate_size=2)
    run = PythonRuntime(story(config)).trajectory(3, seed=seed)
    for metric in long_term_satisfaction.STUDY.metrics:
        assert metric.compute(run).shape == (3,)
    engagement = np.mean(run["user response"]["engagement"], axis=1)
    cumulative = long_term_satisfaction.STUDY.metrics[0].compute(run)
    np.testing.assert_allclose(cumulative, np.cumsum(engagement), rtol=1e-6)
    np.testing.assert_allclose(
        run["metrics state"]["cumulative_reward"][2].numpy().mean(), cumulative[1], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slate_size": 11}, "slate_size must be a whole number within 1..10, got 11"),
        ({"discount": 1.5}, "discount must be a number within [0.0, 1.0], got 1.5"),
        ({"recommender": "oracle"}, f"recommender must be one of {NAMES}, got 'oracle'"),
        (
            {"recommender": "optimal", "slate_size": 2},
            "the optimal policy is known for a slate_size of 1 alone, got 2; take 1, or another "
            "recommender",
        ),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError) as error:
        Config(**change)
    assert str(error.value) == f"long_term_satisfaction: {message}"
