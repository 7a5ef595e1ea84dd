"""Values that bring their gradients along."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.inference.gradient import with_gradient


def rows(x, k):
    """`[C]` a function of the rows of `x`, by a vectorized map, and of a variable."""
    return tf.vectorized_map(lambda one: tf.reduce_sum(tf.sin(one) * k), x)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_value_and_gradients_are_those_of_the_function(jit_compile, rng):
    scale = tf.Variable(1.5)
    x = tf.constant(rng.normal(size=(4, 3)), tf.float32)
    given = with_gradient(lambda x: rows(x, scale), tf.TensorSpec([4, 3]))

    @tf.function(jit_compile=jit_compile)
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = given(x)
            total = tf.reduce_sum(found * tf.constant([1.0, 2.0, 3.0, 4.0]))
        return found, tape.gradient(total, [x, scale])

    found, (by_x, by_scale) = both(x)
    weights = np.array([[1.0], [2.0], [3.0], [4.0]])
    np.testing.assert_allclose(found, 1.5 * np.sin(x).sum(axis=-1), rtol=1e-5)
    np.testing.assert_allclose(by_x, 1.5 * weights * np.cos(x), rtol=1e-5)
    assert by_scale is None  # known for scalars only


def test_a_scalars_gradient_reaches_variables_too():
    scale = tf.Variable(2.0)
    given = with_gradient(lambda x: tf.reduce_sum(scale * x**2), tf.TensorSpec([3]))
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = 3.0 * given(x)
    by_x, by_scale = tape.gradient(total, [x, scale])
    np.testing.assert_allclose(by_x, [12.0, 24.0, 36.0])
    assert float(by_scale) == pytest.approx(42.0)


def test_whole_numbers_have_no_gradient():
    given = with_gradient(
        lambda x, i: tf.reduce_sum(tf.gather(x, i)),
        tf.TensorSpec([3]),
        tf.TensorSpec([2], tf.int32),
    )
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = given(x, tf.constant([0, 2]))
    np.testing.assert_array_equal(tape.gradient(total, x), [1.0, 0.0, 1.0])


def test_xla_compiles_once_whatever_the_numbers():
    # The gradient of the map itself is compiled anew for each x, which becomes a constant of it.
    given = with_gradient(lambda x: rows(x, 1.0), tf.TensorSpec([4, 3]))

    @tf.function(jit_compile=True)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(given(x))
        return tape.gradient(total, x)

    gradient(tf.zeros([4, 3]))
    text = gradient.experimental_get_compiler_ir(tf.zeros([4, 3]))(stage="hlo")
    assert "entry_computation_layout={(f32[4,3]" in text
