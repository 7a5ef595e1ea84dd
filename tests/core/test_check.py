"""Checks of settings."""

import math

import pytest

from recsim_ng.core import ConfigError, check


@pytest.mark.parametrize("x", [1, 3, 2**31 - 1])
def test_whole_numbers_within_the_range_pass(x):
    assert check.whole("Model", "size", x, 1) is None
    assert check.whole("Model", "size", min(x, 3), 1, 3) is None


@pytest.mark.parametrize("x", [0, -1, 1.0, True, "1", None, math.nan])
def test_what_is_no_whole_number_of_the_range_is_named(x):
    with pytest.raises(ConfigError) as error:
        check.whole("Model", "size", x, 1)
    assert str(error.value) == f"Model: size must be a whole number of at least 1, got {x!r}"
    with pytest.raises(ValueError, match="Model: size must be a whole number within 1..3, got "):
        check.whole("Model", "size", x if x != 1.0 else 4, 1, 3)


@pytest.mark.parametrize("x", [0, 1, 0.5, -0.0])
def test_numbers_within_the_range_pass(x):
    assert check.real("Model", "rate", x, 0.0, 1.0) is None
    assert check.real("Model", "rate", -1e300) is None


@pytest.mark.parametrize("x", [-0.1, 1.1, math.nan, math.inf, True, "0.5", None])
def test_what_is_no_number_of_the_range_is_named(x):
    with pytest.raises(ConfigError) as error:
        check.real("Model", "rate", x, 0.0, 1.0)
    assert str(error.value) == f"Model: rate must be a number within [0.0, 1.0], got {x!r}"


def test_what_is_none_of_the_choices_is_named():
    check.one_of("Model", "kind", "a", ("b", "a"))
    with pytest.raises(ConfigError) as error:
        check.one_of("Model", "kind", "c", ("b", "a"))
    assert str(error.value) == "Model: kind must be one of ['a', 'b'], got 'c'"


def test_counts_are_32_bit_integers_unless_said_otherwise():
    check.whole("w", "n", 2**31 - 1, 1)
    with pytest.raises(ConfigError) as error:
        check.whole("w", "n", 10**26, 1)
    assert str(error.value) == (f"w: n must be a whole number within 1..2147483647, got {10**26}")
    check.whole("w", "seed", 2**40, 0, 2**63 - 1)
