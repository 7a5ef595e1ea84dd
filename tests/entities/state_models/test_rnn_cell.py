"""RNNCellStateModel against its cell applied by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from recsim_ng import Value
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.entities.state_models import RNNCellStateModel

BOTH = {"keras": keras, "tf_keras": tf_keras}


def seeded(layers, name, units, seed=1):
    initializer = BOTH[layers].initializers.RandomNormal(seed=seed)
    cell = getattr(BOTH[layers].layers, name)
    return cell(units, kernel_initializer=initializer, recurrent_initializer=initializer)


def stacked(layers):
    cells = [seeded(layers, "LSTMCell", 3), seeded(layers, "GRUCell", 2)]
    return BOTH[layers].layers.StackedRNNCells(cells)


CELLS = {
    "GRU": (lambda layers: seeded(layers, "GRUCell", 3), [3], 3),
    "simple": (lambda layers: seeded(layers, "SimpleRNNCell", 3), [3], 3),
    "LSTM": (lambda layers: seeded(layers, "LSTMCell", 3), [3, 3], 3),
    "stacked": (stacked, [3, 3, 2], 2),
}


@pytest.mark.parametrize("layers", BOTH)
@pytest.mark.parametrize(("make", "sizes", "outputs"), CELLS.values(), ids=CELLS)
def test_states_and_outputs_are_the_cells(layers, make, sizes, outputs, rng):
    cell = make(layers)
    model = RNNCellStateModel(cell, batch_size=2, input_size=4, num_outputs=outputs)
    found = [model.initial_state()]
    inputs = [np.zeros([2, 4], np.float32), *rng.normal(size=[2, 2, 4]).astype(np.float32)]
    for x in inputs[1:]:
        found.append(model.next_state(found[-1], Value(input=tf.constant(x))))
    states = [tf.zeros([2, n]) for n in sizes]
    for x, step in zip(inputs, found, strict=True):
        if outputs == 2:  # stacked cells
            output, nested = cell(x, [states[:2], states[2]])
            states = tf.nest.flatten(nested)
        else:
            output, states = cell(x, states)
        np.testing.assert_array_equal(step.get("state").value, np.concatenate(states, axis=1))
        np.testing.assert_array_equal(step.get("cell_output").value, output)
    assert model.specs().get("state").space.shape == (2, sum(sizes))
    assert model.specs().get("cell_output").space.shape == (2, outputs)


@pytest.mark.parametrize("layers", BOTH)
def test_the_cells_weights_are_trained_through_time(layers):
    cell = seeded(layers, "GRUCell", 3)
    model = RNNCellStateModel(cell, 2, 4, 3)
    weights = model.trainable_variables
    assert [id(w) for w in weights] == [id(w) for w in cell.trainable_variables] and weights
    with tf.GradientTape() as tape:
        step = model.initial_state()
        for _ in range(3):
            step = model.next_state(step, Value(input=tf.ones([2, 4])))
        loss = tf.reduce_sum(tf.convert_to_tensor(step.get("cell_output")) ** 2)
    tensors = [getattr(w, "value", w) if layers == "keras" else w for w in weights]
    for gradient in tape.gradient(loss, tensors):
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_the_cell_is_built_outside_all_graphs():
    made = []

    @tf.function
    def build():
        if not made:
            made.append(RNNCellStateModel(seeded("tf_keras", "GRUCell", 3), 2, 4, 3))
        return tf.convert_to_tensor(made[0].initial_state().get("state"))

    np.testing.assert_allclose(build(), made[0].initial_state().get("state").value, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "sizes", "message"),
    [
        ("cell", (0, 4, 3), "batch_size must be a whole number of at least 1, got 0"),
        ("cell", (2, 0, 3), "input_size must be a whole number of at least 1, got 0"),
        (
            "cell",
            (2, 4, 5),
            "num_outputs must be the number of the cell's outputs, got 5 where it gives (2, 3)",
        ),
        (
            "no cell",
            (2, 4, 3),
            "rnn_cell must have a state_size, the lengths of its state vectors, got None of "
            "Dense; pass a cell, not a layer of cells",
        ),
    ],
)
def test_bad_sizes_are_refused(make, sizes, message):
    cell = seeded("keras", "GRUCell", 3) if make == "cell" else keras.layers.Dense(3)
    with pytest.raises(ConfigError) as error:
        RNNCellStateModel(cell, *sizes, name="memory")
    assert str(error.value) == f"memory: {message}"


def test_inputs_must_fit():
    model = RNNCellStateModel(seeded("keras", "GRUCell", 3), 2, 4, 3, name="memory")
    with pytest.raises(FieldError) as error:
        model.next_state(model.initial_state(), Value(input=tf.zeros([2, 3])))
    assert str(error.value) == "memory: the input must have the shape [2, 4], got (2, 3)"
