"""What comes in a call is made into tensors, or refused by name."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import ed
from recsim_ng.core import operand
from recsim_ng.core.errors import ConfigError


@pytest.mark.parametrize("x", [1, [1.5], np.ones(2), tf.ones(2, tf.int64), tf.Variable(1.0)])
def test_real_numbers_become_floating_point_tensors(x):
    found = operand.floats("Law", "x", x)
    np.testing.assert_array_equal(found, tf.cast(x, found.dtype))
    assert found.dtype == (tf.float64 if isinstance(x, np.ndarray) else tf.float32)


def test_random_variables_are_taken_by_their_value():
    choice = ed.Categorical(logits=[0.0, 0.0], value=1)
    assert operand.integers("Law", "x", choice) == 1 and operand.floats("Law", "x", choice) == 1.0


@pytest.mark.parametrize(
    ("x", "got"),
    [
        (None, "None"),
        ("x", "string"),
        ([[1.0], [1.0, 2.0]], "[[1.0], [1.0, 2.0]]"),
        (True, "bool"),
        (1j, "complex128"),
        (tf.ragged.constant([[1.0], [1.0, 2.0]]), "<tf.RaggedTensor [[1.0], [1.0, 2.0]]>"),
    ],
)
@pytest.mark.parametrize(
    ("check", "kind"), [(operand.floats, "real numbers"), (operand.integers, "whole numbers")]
)
def test_all_else_is_refused(check, kind, x, got):
    with pytest.raises(ConfigError) as error:
        check("Law", "x", x)
    assert str(error.value) == f"Law: x must be an array of {kind}, got {got}"


def test_whole_numbers_are_not_rounded():
    with pytest.raises(ConfigError) as error:
        operand.integers("Law", "x", [1.0])
    assert str(error.value) == "Law: x must be an array of whole numbers, got float32"
