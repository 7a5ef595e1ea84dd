"""Ratings: the rounded one is the Gaussian one, rounded."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.entities.response_models import GaussianRating, RoundedRating
from tests import statistical

LEVELS = [1.0, 2.0, 3.5, 5.0]


def probabilities(model, opinion, dtype=np.float64):
    law = model.rating(np.asarray([opinion], dtype)).get("rating").distribution
    return np.exp([law.log_prob([level])[0] for level in LEVELS])


@pytest.mark.parametrize("opinion", [-3.0, 1.4, 3.0, 4.9, 12.0])
@pytest.mark.parametrize("noise", [0.3, 2.0])
def test_a_level_has_the_mass_of_what_is_nearest_to_it(opinion, noise):
    found = probabilities(RoundedRating((1,), LEVELS, noise), opinion)
    cdf = stats.norm(opinion, np.float32(noise)).cdf([-np.inf, 1.5, 2.75, 4.25, np.inf])
    np.testing.assert_allclose(found, np.diff(cdf), rtol=1e-4, atol=1e-12)
    np.testing.assert_allclose(found.sum(), 1.0, rtol=1e-6)


def test_rare_levels_keep_their_digits_and_gradients():
    opinion = tf.Variable([40.0, -40.0, 3.0])
    with tf.GradientTape() as tape:
        law = RoundedRating((3,), LEVELS, 1.0).rating(opinion).get("rating").distribution
        y = law.log_prob([2.0, 3.5, 3.5])
    below = [stats.norm(40.0).logcdf(2.75), stats.norm(-40.0).logsf(2.75)]
    np.testing.assert_allclose(y[:2], below, rtol=1e-5)
    assert np.all(np.isfinite(tape.gradient(y, opinion)))


def test_little_noise_leaves_the_nearest_level():
    model = RoundedRating((4,), LEVELS, 1e-3)
    with Seed(1), behaviour("it"):
        drawn = model.rating(tf.constant([0.0, 2.6, 2.9, 9.0])).get("rating")
    np.testing.assert_array_equal(drawn.value, [1.0, 2.0, 3.5, 5.0])


def test_rounded_ratings_are_drawn_like_rounded_gaussian_ones(seed):
    size = 20_000
    model = RoundedRating((size,), LEVELS, 1.0)
    with Seed(seed), behaviour("it"):
        drawn = model.rating(tf.fill([size], 3.0)).get("rating").numpy()
    counts = [np.sum(drawn == level) for level in LEVELS]
    x = np.array([-np.inf, 1.5, 2.75, 4.25, np.inf])
    # 0.003 nats of relative entropy among four levels are caught at this size.
    expected = np.diff(stats.norm(3.0, 1.0).cdf(x))
    statistical.assert_frequencies(counts, expected, what="rounded ratings")
    with statistical.must_catch():
        statistical.assert_frequencies(counts, np.diff(stats.norm(3.0, 1.2).cdf(x)))


@pytest.mark.parametrize("model", [GaussianRating, RoundedRating])
def test_no_rating_is_given_where_there_is_none_to_give(model, seed):
    with Seed(seed), behaviour("it"):
        drawn = model((2,)).rating([3.0, 3.0], [True, False]).get("rating")
    assert drawn[0] != 0 and drawn[1] == 0
    assert drawn.distribution.log_prob(drawn)[1] == 0


def test_gaussian_ratings_are_normal():
    law = GaussianRating((2,), [0.5, 2.0]).rating([3.0, 1.0]).get("rating").distribution
    expected = stats.norm([3.0, 1.0], [0.5, 2.0]).logpdf([2.5, 4.0])
    np.testing.assert_allclose(law.log_prob([2.5, 4.0]), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: GaussianRating((2,), 0.0),
            "GaussianRating: noise_scale must be within (0, inf), got 0.0",
        ),
        (
            lambda: RoundedRating((2,), [1, 2], np.ones(3)),
            "RoundedRating: noise_scale must broadcast to the shape [2], got [3]",
        ),
        (
            lambda: RoundedRating((2,), [1.0, 1.0]),
            "RoundedRating: levels must be at least two increasing numbers, got [1.0, 1.0]",
        ),
        (
            lambda: RoundedRating((2,), [1.0, np.nan]),
            "RoundedRating: levels must be within (-inf, inf), got nan",
        ),
        (
            lambda: RoundedRating((2,), [1.0, np.inf]),
            "RoundedRating: levels must be within (-inf, inf), got inf",
        ),
        *(
            (
                lambda x=x: RoundedRating((2,), x),
                f"RoundedRating: levels must be an array of real numbers, got {x!r}",
            )
            for x in ("x", None, ["a", "b"])
        ),
        (
            lambda: RoundedRating((2,), 3.0),
            "RoundedRating: levels must be at least two increasing numbers, got 3.0",
        ),
        (
            lambda: RoundedRating((2,), [1.0]),
            "RoundedRating: levels must be at least two increasing numbers, got [1.0]",
        ),
    ],
)
def test_settings_that_make_no_law_are_refused(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


@pytest.mark.parametrize("model", [GaussianRating((2,)), RoundedRating((2,), [0.1, 0.2, 0.3])])
def test_double_precision_is_kept(model):
    for is_rated in (None, [True, False]):
        rating = model.rating(np.array([0.1, 2.0]), is_rated).get("rating")
        assert rating.dtype == tf.float64
        assert np.all(np.isfinite(rating.distribution.log_prob(rating)))
    if isinstance(model, RoundedRating):
        assert tf.convert_to_tensor(rating)[0].numpy() in (0.1, 0.2, 0.3)
