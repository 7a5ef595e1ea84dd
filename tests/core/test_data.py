"""Data variables: values out of logs."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime
from recsim_ng.core import (
    DataSequence,
    FieldSpec,
    Network,
    NetworkError,
    SlicedValue,
    StaticSlicedValue,
    TFDataset,
    TimeSteps,
    Value,
    ValueSpec,
    Variable,
)
from recsim_ng.core.data import data_variable, remove_data_index, replace_data_sequence
from recsim_ng.core.variable import value

X = ValueSpec(x=FieldSpec())
LOG = Value(x=np.array([[1.0], [2.0], [3.0]], np.float32))
RUNTIMES = {
    "python": lambda network: PythonRuntime(network),
    "graph": lambda network: TFRuntime(network, jit_compile=False),
    "xla": lambda network: TFRuntime(network, jit_compile=True),
}
on_all_runtimes = pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)


def as_x(x):
    return Value(x=x)


def test_time_steps_count_from_zero():
    steps = TimeSteps()
    index = steps.first_index()
    assert steps.get(index) == 0 and index.dtype == tf.int32
    assert steps.get(steps.next_index(steps.next_index(index))) == 2


def test_a_sliced_value_slices_along_time():
    log = SlicedValue(Value(x=tf.range(3), **{"n.y": np.arange(6.0).reshape(3, 2), "z": [5, 6, 7]}))
    index = log.next_index(log.first_index())
    got = log.get(index)
    assert got.get("x") == 1 and got.get("z") == 6
    np.testing.assert_array_equal(got.get("n.y"), [2.0, 3.0])


def test_a_slice_function_gets_field_and_index():
    calls = []

    def last_axis(field, index):
        calls.append((type(field), int(index)))
        return field[:, index]

    log = SlicedValue(Value(x=tf.constant([[1, 2], [3, 4]])), last_axis)
    assert log.get(tf.constant(1)).get("x").numpy().tolist() == [2, 4]
    assert issubclass(calls[0][0], tf.Tensor) and calls[0][1] == 1
    objects = SlicedValue(Value(x=["a", None]), lambda field, index: field[int(index)])
    assert objects.get(1).get("x") is None


def test_a_static_sliced_value_is_the_same_at_every_step():
    log = StaticSlicedValue(LOG)
    np.testing.assert_array_equal(log.get(2).get("x"), LOG.get("x"))


@on_all_runtimes
def test_a_data_variable_reads_its_sequence(runtime):
    v = data_variable("log", X, SlicedValue(LOG))
    run = runtime(Network([v])).trajectory(3, seed=0)
    np.testing.assert_array_equal(run["log"].get("x"), LOG.get("x"))
    np.testing.assert_array_equal(run["log"].get("__data_index"), [0, 1, 2])
    assert runtime(Network([v])).execute(2, seed=0)["log"].get("x") == [3.0]


@on_all_runtimes
def test_an_output_function_makes_the_value_and_may_branch(runtime):
    def output(t):
        if t > 1:
            x = t * 10
        else:
            x = t
        return Value(x=x)

    v = data_variable("clock", X, TimeSteps(), output)
    run = runtime(Network([v])).trajectory(4, seed=0)
    assert run["clock"].get("x").numpy().tolist() == [0, 1, 20, 30]


def test_the_index_field_is_part_of_spec_and_value():
    v = data_variable("log", X, TimeSteps(), as_x)
    assert list(v.spec) == ["x", "__data_index"]
    x = Network([v]).initial_step()["log"]
    assert list(x) == ["x", "__data_index"]
    assert list(remove_data_index(x)) == ["x"]
    mine = data_variable("log", X, TimeSteps(), as_x, data_index_field="place")
    x = Network([mine]).initial_step()["log"]
    assert list(mine.spec) == list(x) == ["x", "place"]
    assert list(remove_data_index(x, "place")) == ["x"]
    assert list(remove_data_index(x)) == ["x", "place"]


def test_behaviours_read_a_data_variable_like_any_other():
    log = data_variable("log", X, SlicedValue(LOG))
    total = Variable("total", X)
    total.initial_value = value(lambda now: remove_data_index(now), (log,))
    total.value = value(
        lambda so_far, now: Value(x=so_far.get("x") + now.get("x")), (total.previous, log)
    )
    for runtime in RUNTIMES.values():
        run = runtime(Network([total, log])).trajectory(3, seed=0)
        assert run["total"].get("x").numpy().tolist() == [[1.0], [3.0], [6.0]]


class Pages(DataSequence):
    """Its indices are no numbers and cannot be hashed as tensors."""

    PAGES = {("a", 0): 1.0, ("b", 0): 2.0, ("b", 1): 3.0}

    def first_index(self):
        return ("a", 0)

    def next_index(self, data_index):
        pages = list(self.PAGES)
        return pages[pages.index(data_index) + 1]

    def get(self, data_index):
        return Value(x=tf.constant(self.PAGES[data_index]))


class Rows(DataSequence):
    """Its indices are Python's ints and look a dictionary up."""

    def first_index(self):
        return 5

    def next_index(self, data_index):
        assert type(data_index) is int
        return data_index + 1

    def get(self, data_index):
        return Value(x=tf.constant({5: 1.0, 6: 2.0, 7: 3.0}[data_index]))


@pytest.mark.parametrize("sequence", [Pages(), Rows()])
@pytest.mark.parametrize("field", ["__data_index", "place"])
def test_an_index_may_be_any_object(sequence, field):
    v = data_variable("log", X, sequence, data_index_field=field)
    run = PythonRuntime(Network([v])).trajectory(3, seed=0)
    assert run["log"].get("x").numpy().tolist() == [1.0, 2.0, 3.0]
    assert PythonRuntime(Network([v])).execute(1, seed=0)["log"].get("x") == 2.0


def test_an_index_that_is_no_tensor_cannot_be_compiled():
    v = data_variable("log", X, Pages())
    with pytest.raises(ValueError) as error:
        TFRuntime(Network([v]), jit_compile=False).execute(2, seed=0)
    assert str(error.value) == (
        "variable 'log', field '__data_index': a compiled runtime can carry only tensors from "
        "step to step, got tuple; use PythonRuntime"
    )


@on_all_runtimes
def test_replacing_the_sequence_takes_effect_at_the_next_call(runtime):
    v = data_variable("log", X, SlicedValue(LOG))
    made = runtime(Network([v]))
    made.trajectory(3, seed=0)
    replace_data_sequence(v, SlicedValue(Value(x=10.0 * LOG.get("x"))))
    np.testing.assert_array_equal(made.trajectory(3, seed=0)["log"].get("x"), 10 * LOG.get("x"))


def test_only_data_variables_have_a_sequence_to_replace():
    with pytest.raises(NetworkError) as error:
        replace_data_sequence(Variable("v", X), TimeSteps())
    assert str(error.value) == (
        "replace_data_sequence: 'v' must be made by data_variable, got a Variable"
    )


def dataset():
    return tf.data.Dataset.from_tensor_slices(tf.range(1.0, 6.0))


@pytest.mark.parametrize(
    "runtime", [RUNTIMES["python"], RUNTIMES["graph"]], ids=["python", "graph"]
)
def test_every_call_starts_a_dataset_anew(runtime):
    made = runtime(Network([data_variable("log", X, TFDataset(dataset()), as_x)]))
    for _ in range(2):
        run = made.trajectory(3, seed=0)
        assert run["log"].get("x").numpy().tolist() == [1.0, 2.0, 3.0]
        assert list(run["log"]) == ["x"]  # an iterator is nothing to record
        assert made.execute(3, seed=0)["log"].get("x") == 4.0


def test_a_dataset_runs_in_graph_mode_with_one_warning(capfd):
    with pytest.warns(UserWarning) as caught:
        runtime = TFRuntime(Network([data_variable("log", X, TFDataset(dataset()), as_x)]))
        for _ in range(2):
            assert runtime.execute(2, seed=0)["log"].get("x") == 3.0
            run = runtime.trajectory(3, seed=0, record=["log.x"])
            assert run["log"].get("x").numpy().tolist() == [1.0, 2.0, 3.0]
    assert [str(w.message) for w in caught] == [
        "TFRuntime: XLA cannot compile this network: variable 'log', field '__data_index' is the "
        "iterator of a tf.data.Dataset. It runs in graph mode; jit_compile=False says that you know"
    ]
    assert caught[0].filename == __file__
    assert "nsupported" not in capfd.readouterr().err  # nothing of XLA's own complaints


def test_a_dataset_is_refused_where_xla_was_asked_for():
    runtime = RUNTIMES["xla"](Network([data_variable("log", X, TFDataset(dataset()), as_x)]))
    with pytest.raises(NetworkError) as error:
        runtime.execute(2, seed=0)
    assert str(error.value) == (
        "TFRuntime: with jit_compile=True the network must be one that XLA compiles, but variable "
        "'log', field '__data_index' is the iterator of a tf.data.Dataset; leave jit_compile out"
    )


def test_an_iterator_cannot_be_recorded_by_a_compiled_runtime():
    runtime = RUNTIMES["graph"](Network([data_variable("log", X, TFDataset(dataset()), as_x)]))
    with pytest.raises(ValueError) as error:
        runtime.trajectory(2, seed=0, record=["log"])
    assert str(error.value) == (
        "variable 'log', field '__data_index': only tensors can be recorded by a compiled "
        "runtime, got OwnedIterator; leave it out of record, or use PythonRuntime"
    )


def test_a_dataset_may_hold_structures():
    data = tf.data.Dataset.from_tensor_slices({"x": tf.range(3), "y": tf.zeros([3, 2])})
    spec = ValueSpec(x=FieldSpec(), y=FieldSpec())
    v = data_variable("log", spec, TFDataset(data), lambda row: Value(**row))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = TFRuntime(Network([v])).trajectory(3, seed=0)
    assert run["log"].get("y").shape == [3, 2]
