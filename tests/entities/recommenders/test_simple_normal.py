import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.recommenders.simple_normal import SimpleNormalRecommender
from tests import statistical

CONFIG = {"num_users": 2000, "num_topics": 2, "num_docs": 0, "slate_size": 3}


def slates(config, seed, step=0):
    recommender = SimpleNormalRecommender(config)
    with Seed(seed, step), Record() as record, behaviour("slate docs"):
        return recommender.slate_docs(), record.sites


def test_slates_are_normal_of_standard_deviation_one_half(seed):
    value, _ = slates({**CONFIG, "slate_doc_means": [1.0, -1.0]}, seed)
    features = value.get("features").numpy().reshape(-1, 2)
    # A mean 0.05 off, or a deviation 5 % off, is caught with power 0.999 in 6,000 draws.
    statistical.assert_mean(features, [1.0, -1.0], 0.5, what="features")
    squares = (features - [1.0, -1.0]) ** 2
    statistical.assert_mean(squares, 0.25, 0.25 * np.sqrt(2), skewness=np.sqrt(8), what="squares")
    with statistical.must_catch():  # 0.5 as a variance
        statistical.assert_mean(squares, 0.5, 0.5 * np.sqrt(2), skewness=np.sqrt(8))


def test_slates_are_made_anew_at_each_step_and_typed():
    small = {**CONFIG, "num_users": 2}
    first, second = slates(small, 0)[0], slates(small, 0, step=1)[0]
    assert np.abs(first.get("features").numpy() - second.get("features").numpy()).min() > 0
    recommender = SimpleNormalRecommender(small)
    Variable("slate docs", recommender.specs().get("slate")).typecheck(first)
    assert recommender.next_state(recommender.initial_state(), Value(), first) == Value()


def test_means_may_differ_by_user_and_place():
    means = np.arange(12.0).reshape(2, 3, 2)
    _, sites = slates({**CONFIG, "num_users": 2, "slate_doc_means": means}, 0)
    law = sites[("slate docs", "features")].distribution
    np.testing.assert_array_equal(law.loc, means)
    np.testing.assert_array_equal(law.stddev(), np.full((2, 3, 2), 0.5))


@pytest.mark.parametrize(
    ("means", "message"),
    [
        (np.zeros(3), r"must broadcast to .*\[2000, 3, 2\], got \[3\]"),
        (np.nan, r"must be within \(-inf, inf\), got nan"),
        ("x", "must be an array of real numbers, got 'x'"),
    ],
)
def test_means_that_do_not_fit_are_refused(means, message):
    with pytest.raises(ConfigError, match=f"SimpleNormalRecommender: slate_doc_means {message}"):
        SimpleNormalRecommender({**CONFIG, "slate_doc_means": means})
