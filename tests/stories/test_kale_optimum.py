"""The dynamic programme against enumeration and closed forms."""

import itertools

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.stories.kale_optimum import kale_optimum

SETTINGS = {
    "discount": 0.7,
    "sensitivity": 0.8,
    "innovation_noise": 0.0,
    "mu_choc": 5.0,
    "mu_kale": 4.0,
    "sd_choc": 1.0,
    "sd_kale": 0.5,
}


def engagement(n, k, sensitivity=0.8):
    sd = 0.5 * k + 1.0 * (1 - k)
    return np.exp(4 * k + 5 * (1 - k) + sd**2 / 2) / (1 + np.exp(-sensitivity * n))


@pytest.mark.parametrize("start", [-2.0, 0.0, 1.3])
def test_without_noise_the_optimum_is_the_best_of_all_sequences(start):
    kaleness, num_steps, totals = np.array([0.0, 0.6, 1.0]), 5, {}
    for sequence in itertools.product(range(3), repeat=num_steps):
        n, total = start, 0.0
        for d in sequence:
            total += engagement(n, kaleness[d])
            n = 0.7 * n + 2 * kaleness[d] - 1
        totals[sequence] = total
    found = kale_optimum(kaleness, num_steps, **SETTINGS)
    best = max(totals, key=totals.get)
    np.testing.assert_allclose(found.expected_engagement(start), totals[best], rtol=2e-4)
    at = np.argmin(np.abs(found.exposure - start))
    assert found.action[0, at] == best[0]


def test_noise_counts_as_its_expectation():
    # With one step to go after this one, E sigmoid(discount n + 2k - 1 + noise) by simulation-free
    # quadrature on a fine grid.
    settings = {**SETTINGS, "innovation_noise": 0.4}
    found = kale_optimum([0.25], 2, **settings)
    z = np.linspace(-8, 8, 20_001)
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()
    later = np.sum(weights * engagement(0.7 * 0.5 + 0.5 - 1 + 0.4 * z, 0.25))
    expected = engagement(0.5, 0.25) + later
    np.testing.assert_allclose(found.expected_engagement(0.5), expected, rtol=1e-5)


def test_no_constant_diet_beats_the_optimum():
    kaleness = np.linspace(0, 1, 10)
    settings = {**SETTINGS, "innovation_noise": 0.05}
    best = kale_optimum(kaleness, 20, **settings)
    for d in range(10):
        constant = kale_optimum(kaleness, 20, document=d, **settings)
        assert np.all(constant.value[0] <= best.value[0] * (1 + 1e-9))


def test_at_the_last_step_chocolate_is_best():
    assert not kale_optimum(np.linspace(0, 1, 4), 6, **SETTINGS).action[-1].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 0}, "num_steps must be a whole number of at least 1, got 0"),
        ({"num_steps": "x"}, "num_steps must be a whole number of at least 1, got 'x'"),
        ({"document": 2}, "document must be a whole number within 0..1, got 2"),
        ({"kaleness": 0.5}, "kaleness must be [D], a number for each document, got 0.5"),
        ({"kaleness": [[0.5]]}, "kaleness must be [D], a number for each document, got [[0.5]]"),
        ({"kaleness": []}, "kaleness must be [D], a number for each document, got []"),
        ({"kaleness": [0.0, 1.5]}, "kaleness must be within [0, 1], got 1.5"),
        ({"kaleness": [-0.1]}, "kaleness must be within [0, 1], got -0.1"),
        ({"kaleness": [np.nan]}, "kaleness must be within [0, 1], got nan"),
        ({"kaleness": "x"}, "kaleness must be an array of real numbers, got 'x'"),
        *(
            ({name: x}, f"{name} must be a number within [{low}, {high}], got {x!r}")
            for name, low, high in (
                ("discount", 0.0, 1.0),
                ("sensitivity", -1000.0, 1000.0),
                ("innovation_noise", 0.0, 1000.0),
                ("mu_choc", -300.0, 300.0),
                ("mu_kale", -300.0, 300.0),
                ("sd_choc", 0.0, 20.0),
                ("sd_kale", 0.0, 20.0),
            )
            for x in (np.nan, "x", None)
        ),
    ],
)
def test_what_makes_no_sense_is_refused(change, message):
    arguments = {"kaleness": [0.0, 1.0], "num_steps": 3, **SETTINGS, **change}
    with pytest.raises(ConfigError) as error:
        kale_optimum(arguments.pop("kaleness"), arguments.pop("num_steps"), **arguments)
    assert str(error.value) == f"kale_optimum: {message}"
