"""Greatest elements: as NumPy finds them, ties included, in every backend."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core import ordering

INF = float("inf")


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4)])
def test_argmax_is_numpys_along_every_axis(shape, rng):
    x = rng.integers(0, 4, shape).astype(np.float32)  # many ties
    for axis in range(-len(shape), len(shape)):
        np.testing.assert_array_equal(ordering.argmax(x, axis), np.argmax(x, axis))


@pytest.mark.parametrize(
    ("row", "index"),
    [
        ([-INF, -INF, -INF], 0),
        ([-INF, 1.0, -INF], 1),
        ([INF, 1.0, INF], 0),
        ([np.nan, np.nan], 1),
        ([5.0], 0),
    ],
)
def test_argmax_of_rows_with_infinities_and_nan_is_within_the_row(row, index):
    assert int(ordering.argmax(tf.constant(row))) == index


def test_argmax_takes_integers_and_rows_whose_length_is_known_only_at_run_time(rng):
    x = rng.integers(-5, 5, (4, 6))
    np.testing.assert_array_equal(ordering.argmax(x), np.argmax(x, -1))
    unknown = tf.function(ordering.argmax, input_signature=[tf.TensorSpec([None, None], tf.int64)])
    np.testing.assert_array_equal(unknown(x), np.argmax(x, -1))


def test_argmax_of_rows_of_noise_compiles_and_agrees(rng):
    x = rng.normal(size=(50, 20)).astype(np.float32)
    found = tf.function(ordering.argmax, jit_compile=True)(x)
    np.testing.assert_array_equal(found, np.argmax(x, -1))


def sorted_greatest(x, k):
    order = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, order, -1), order


@pytest.mark.parametrize(
    ("size", "k"), [(1, 1), (5, 5), (5, 2), (47, 3), (48, 3), (50, 3), (401, 4), (40, 20)]
)
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "xla"])
def test_top_k_is_a_stable_sort_for_short_and_long_rows(size, k, jit, rng):
    find = tf.function(ordering.top_k, jit_compile=True) if jit else ordering.top_k
    tied = rng.integers(0, 5, (2, 3, size)).astype(np.float32)
    several = rng.normal(size=(2, 3, size)).astype(np.float32)
    several[0, 0] = -INF
    several[0, 1, : size // 2] = -INF
    for x in (tied, several):
        values, indices = find(x, k)
        expected_values, expected_indices = sorted_greatest(x, k)
        np.testing.assert_array_equal(values, expected_values)
        np.testing.assert_array_equal(indices, expected_indices)


def test_top_k_takes_integers(rng):
    x = rng.integers(-5, 5, (4, 60))
    values, indices = ordering.top_k(x, 3)
    expected_values, expected_indices = sorted_greatest(x, 3)
    np.testing.assert_array_equal(values, expected_values)
    np.testing.assert_array_equal(indices, expected_indices)


@pytest.mark.parametrize("size", [6, 60])
def test_top_k_passes_gradients_to_the_greatest_elements(size, rng):
    x = tf.constant(rng.normal(size=size))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(ordering.top_k(x, 2)[0])
    expected = np.zeros(size)
    expected[np.argsort(-x.numpy())[:2]] = 1
    np.testing.assert_array_equal(tape.gradient(total, x), expected)


@pytest.mark.parametrize("k", [0, 6])
def test_top_k_of_too_many_or_none_is_refused(k):
    with pytest.raises(ValueError, match=rf"top_k: k must be within 1..5, the last axis, got {k}"):
        ordering.top_k(tf.zeros([2, 5]), k)


@pytest.mark.parametrize("size", [6, 60, 61])
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "xla"])
def test_top_k_of_rows_with_nan_stays_within_the_row(size, jit, rng):
    x = rng.normal(size=(3, size)).astype(np.float32)
    x[1] = np.nan
    x[2, 4] = np.nan
    find = tf.function(ordering.top_k, jit_compile=True) if jit else ordering.top_k
    _, indices = find(x, 3)
    np.testing.assert_array_equal(indices[0], sorted_greatest(x[0], 3)[1])
    assert np.all((indices.numpy() >= 0) & (indices.numpy() < size))
