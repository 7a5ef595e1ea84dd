"""WaitingTime: hazards against the laws that they stand for."""

import math

import numpy as np
import pytest
from scipy import stats

from recsim_ng.entities.response_models import WaitingTime


def test_geometric_waits():
    law = WaitingTime.geometric(0.3)
    np.testing.assert_allclose(law.probabilities(6), stats.geom(0.3, loc=-1).pmf(np.arange(6)))
    np.testing.assert_allclose(law.survival(4), 0.7 ** np.arange(4))
    np.testing.assert_allclose(law.mean, 0.7 / 0.3)


def test_exponential_waits_are_whole_steps_of_an_exponential_time():
    law, time = WaitingTime.exponential(4.0), stats.expon(scale=4.0)
    np.testing.assert_allclose(law.probabilities(50), np.diff(time.cdf(np.arange(51))))
    np.testing.assert_allclose(law.mean, time.sf(np.arange(1, 400)).sum(), rtol=1e-6)


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.5])
def test_weibull_waits_are_whole_steps_of_a_weibull_time(shape):
    law = WaitingTime.weibull(shape, 3.0, horizon=40)
    expected = np.diff(stats.weibull_min(shape, scale=3.0).cdf(np.arange(41)))
    np.testing.assert_allclose(law.probabilities(40), expected, rtol=1e-6, atol=1e-15)
    if shape == 1.0:
        np.testing.assert_allclose(law.hazards, WaitingTime.exponential(3.0).hazards * 41)


def test_any_finite_law_is_that_of_its_hazards():
    masses = [0.1, 0.0, 0.6, 0.3, 0.0]
    law = WaitingTime.of_probabilities(masses)
    np.testing.assert_allclose(law.probabilities(6), [*masses, 0.0], atol=1e-12)
    np.testing.assert_allclose(law.mean, 2 * 0.6 + 3 * 0.3)
    assert law.hazards[-1] == 1.0


def test_a_wait_that_may_never_end_has_no_mean():
    assert WaitingTime((0.5, 0.0)).mean == np.inf
    assert WaitingTime((1.0, 0.0)).mean == 0.0
    assert WaitingTime.geometric(0.0).mean == np.inf


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WaitingTime(()), "WaitingTime: hazards must be a vector of at least one"),
        (lambda: WaitingTime((0.5, 1.5)), "WaitingTime: hazards must be within [0, 1], got 1.5"),
        (lambda: WaitingTime.geometric(-0.1), "probability must be a number within [0.0, 1.0]"),
        *(
            (
                lambda x=x: WaitingTime(x),
                f"WaitingTime: hazards must be an array of real numbers, got {x!r}",
            )
            for x in ("x", None, ["a"], (0.5, None))
        ),
        *(
            (
                lambda x=x: WaitingTime.of_probabilities(x),
                f"WaitingTime: masses must be an array of real numbers, got {x!r}",
            )
            for x in ("x", None, ["a", "b"])
        ),
        *(
            (
                lambda make=make, x=x: make(x),
                f"WaitingTime.{make.__name__}: {name} must be a number within ",
            )
            for make, name in (
                (WaitingTime.geometric, "probability"),
                (WaitingTime.exponential, "mean"),
            )
            for x in ("x", None, [1, 2], np.nan)
        ),
        *(
            (
                lambda name=name, x=x: WaitingTime.weibull(**{"shape": 1.0, "scale": 1.0, name: x}),
                f"WaitingTime.weibull: {name} must be a number within ",
            )
            for name in ("shape", "scale")
            for x in ("x", None, [1, 2], np.nan)
        ),
        (
            lambda: WaitingTime.weibull(np.inf, 1.0),
            "WaitingTime.weibull: shape must be finite, got inf",
        ),
        (lambda: WaitingTime.exponential(0), "WaitingTime.exponential: mean must be above 0"),
        (lambda: WaitingTime.weibull(0.0, 1.0), "WaitingTime.weibull: shape must be above 0"),
        (lambda: WaitingTime.weibull(1.0, -1.0), "WaitingTime.weibull: scale must be above 0"),
        (lambda: WaitingTime.weibull(1.0, 1.0, 0), "horizon must be a whole number of at least 1"),
        (lambda: WaitingTime.of_probabilities([0.5, 0.4]), "masses must be a vector that sums to"),
        (lambda: WaitingTime.of_probabilities([1.5, -0.5]), "masses must be within [0, 1], got"),
    ],
)
def test_what_is_no_law_is_refused(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)


def test_a_steep_weibull_law_ends_the_wait_at_once_where_its_powers_overflow():
    law = WaitingTime.weibull(400.0, 3.5, horizon=50)
    survival = [math.exp(-((k / 3.5) ** 400.0)) if k < 10 else 0.0 for k in range(20)]
    np.testing.assert_allclose(law.survival(20), survival, rtol=1e-12)
    assert law.mean == pytest.approx(3.0) and law.hazards[-1] == 1.0


def test_an_endless_scale_never_ends_the_wait():
    assert WaitingTime.weibull(2.0, math.inf).mean == math.inf
    assert WaitingTime.exponential(math.inf).mean == math.inf
