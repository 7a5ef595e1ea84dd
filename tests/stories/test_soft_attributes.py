"""The soft attributes story: all runtimes, its headline numbers, and what its settings do."""

import dataclasses

import numpy as np
import pytest

from recsim_ng import PythonRuntime, TFRuntime
from recsim_ng.stories import soft_attributes
from recsim_ng.stories.soft_attributes import Config, ratings_of, story, topic_means
from tests.agreement import assert_agree, in_graph_and_xla

SMALL = Config(
    num_users=30,
    num_docs=15,
    num_topics=3,
    num_attributes=6,
    num_tags=3,
    num_senses=2,
    max_ratings=6,
)


@in_graph_and_xla
def test_all_runtimes_agree(jit_compile, seed):
    expected = PythonRuntime(story(SMALL)).trajectory(1, seed=seed)
    got = TFRuntime(story(SMALL), jit_compile=jit_compile).trajectory(1, seed=seed)
    assert_agree(expected, got)


def test_headline_metrics_are_numbers_of_the_table_of_ratings(seed):
    run = PythonRuntime(story(SMALL)).trajectory(1, seed=seed)
    user, item, rating = ratings_of(run)
    found = {m.name: m.compute(run) for m in soft_attributes.STUDY.metrics}
    assert all(x.shape == (1,) for x in found.values())
    assert len(user) == np.asarray(run["user state"]["num_ratings"]).sum()
    assert len({*zip(user, item, strict=True)}) == len(user)  # nobody rates an item twice
    np.testing.assert_allclose(found["mean_rating"], rating.mean())
    np.testing.assert_allclose(found["ratings_per_user"], len(user) / 30)
    assert 0 <= found["tagged_share"][0] <= 1 and set(rating) <= {1, 2, 3, 4, 5}


def test_topics_are_the_same_for_all_seeds_of_a_run():
    means = topic_means(3, 6, seed=1)
    assert means.shape == (3, 6) and means.min() >= 0 and means.max() <= 1
    np.testing.assert_array_equal(means, topic_means(3, 6, seed=1))
    assert not np.array_equal(means, topic_means(3, 6, seed=2))


def test_the_cap_of_ratings_follows_the_items():
    assert (Config().ratings_cap, Config(num_docs=60).ratings_cap) == (100, 60)
    assert Config(max_ratings=7).ratings_cap == 7
    few = story(dataclasses.replace(SMALL, max_ratings=0))
    (response,) = (v for v in few if v.name == "user response")
    assert response.spec.get("is_rated").space.shape == (30, 15)


THRESHOLDS = "tag_thresholds must hold at least one number, such as (0.5,), got "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_users": 0}, "num_users must be a whole number of at least 1, got 0"),
        ({"max_ratings": 501}, "max_ratings must be a whole number within 0..500, got 501"),
        (
            {"num_senses": 3},
            "num_tags times num_senses must be at most num_attributes, 10, got 5 times 3",
        ),
        ({"rating_power": 1.0}, "rating_power must be a number within [1.001, 100.0], got 1.0"),
        ({"tag_thresholds": ()}, THRESHOLDS + "()"),
        ({"tag_thresholds": float("nan")}, THRESHOLDS + "nan"),
        ({"shared_sense": "nope"}, "shared_sense must be True or False, got 'nope'"),
        ({"round_ratings": []}, "round_ratings must be True or False, got []"),
        (
            {"lowest_tag_rate": 0.6},
            "lowest_peak must be below 1 and lowest_tag_rate below highest_tag_rate, got 0.5, 0.6 "
            "and 0.5",
        ),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError) as error:
        Config(**change)
    assert str(error.value) == f"soft_attributes: {message}"
