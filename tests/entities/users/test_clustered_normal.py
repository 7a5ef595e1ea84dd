"""Users around providers: what they may be told, and how far their interests run."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora import ViableCorpus
from recsim_ng.entities.metrics import UtilityAsRewardMetrics
from recsim_ng.entities.recommenders import MyopicRecommender
from recsim_ng.entities.users import ClusteredNormalUser, ClusteredNormalUserCoreDispersion
from recsim_ng.stories import recs_story

U, K, S, P = 4, 2, 2, 3
MEANS = np.arange(P * K, dtype=np.float32).reshape(P, K)
CONFIG = {"num_users": U, "num_topics": K, "slate_size": S, "provider_means": MEANS}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"slate_size": 0}, "slate_size must be a whole number of at least 1, got 0"),
        ({"provider_means": MEANS[0]}, "provider_means must be of shape [any, 2], got [2]"),
        ({"provider_means": MEANS * np.nan}, "provider_means must be within (-inf, inf), got nan"),
        ({"interest_step_size": np.nan}, "interest_step_size must be within [-1, 1], got nan"),
        ({"interest_step_size": 1.5}, "interest_step_size must be within [-1, 1], got 1.5"),
        (
            {"interest_step_size": "x"},
            "interest_step_size must be an array of real numbers, got 'x'",
        ),
        (
            {"interest_step_size": [0.1] * 3},
            "interest_step_size must broadcast to the shape [4, 2], got [3]",
        ),
    ],
)
@pytest.mark.parametrize("ctor", [ClusteredNormalUser, ClusteredNormalUserCoreDispersion])
def test_settings_out_of_range_are_refused(ctor, setting, message):
    with pytest.raises(ConfigError) as error:
        ctor({**CONFIG, **setting})
    assert str(error.value) == f"{ctor.__name__}: {message}"


@pytest.mark.parametrize("step_size", [0.0, 0.1, -0.5, tf.Variable(0.1)])
def test_interests_move_from_what_was_chosen(step_size, rng):
    user = ClusteredNormalUser({**CONFIG, "interest_step_size": step_size})
    interests, docs = rng.normal(size=(U, K)), rng.normal(size=(U, S, K))
    state = Value(user_interests=tf.constant(interests, tf.float32))
    slate = Value(doc_features=tf.constant(docs, tf.float32))
    after = user.next_state(state, Value(choice=tf.constant([0, 1, 0, 1])), slate)
    chosen = docs[np.arange(U), [0, 1, 0, 1]]
    expected = interests + float(step_size) * (interests - chosen)
    np.testing.assert_allclose(after.get("user_interests"), expected, rtol=1e-5)


@pytest.mark.parametrize("step_size", [pytest.param(0.1, marks=pytest.mark.slow), 1.0])
def test_interests_that_run_away_stop_where_distances_are_finite(step_size):
    config = {**CONFIG, "num_docs": 6, "provider_boost_cap": 1.2}
    config["interest_step_size"] = step_size
    ctors = (ClusteredNormalUser, ViableCorpus, MyopicRecommender, UtilityAsRewardMetrics)
    last = TFRuntime(Network(recs_story(config, *ctors)), check_finite=True).execute(600, seed=1)
    reached = np.abs(last["user state"].get("user_interests")).max()
    assert reached == pytest.approx(1e15)
    # From there on, in Python too, where an index of nothing would be an error.
    last = PythonRuntime(Network(recs_story(config, *ctors)), check_finite=True).execute(
        3, last, seed=1
    )
    assert np.abs(last["user state"].get("user_interests")).max() == reached
