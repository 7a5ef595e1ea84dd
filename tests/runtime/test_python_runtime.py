"""PythonRuntime: the plain loop, against closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import FieldSpec, PythonRuntime, TFRuntime, Trajectory, ValueSpec, ed
from recsim_ng.core import FieldError, Network, NetworkError, NonFiniteError, Value, Variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.variable import value
from tests.small_networks import X, fibonacci, many_kinds, random_walk

FIBONACCI = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55]


def test_fibonacci():
    runtime = PythonRuntime(fibonacci())
    run = runtime.trajectory(10, seed=0)
    assert isinstance(run, Trajectory) and run.length == 10
    assert run["fibonacci"].get("n").numpy().tolist() == FIBONACCI
    assert run["fibonacci"].get("last.n").numpy().tolist() == [0, *FIBONACCI[:-1]]


def test_execute_gives_the_value_after_n_transitions():
    runtime = PythonRuntime(fibonacci())
    for n in (0, 1, 2, 9):
        assert runtime.execute(n, seed=0)["fibonacci"].get("n") == FIBONACCI[n]
    assert PythonRuntime(fibonacci().variables).execute(np.int64(3))["fibonacci"].get("n") == 3


def test_results_are_tensors_whatever_behaviours_return():
    v = Variable("v", X)
    v.value = value(lambda: Value(x=3))
    assert tf.is_tensor(PythonRuntime([v]).execute(0)["v"].get("x"))
    v.value = value(lambda: Value(x=ed.Normal(0.0, 1.0)))
    assert tf.is_tensor(PythonRuntime([v]).execute(0)["v"].get("x"))


def test_a_number_may_be_followed_by_a_tensor():
    v = Variable("v", X)
    v.initial_value = value(lambda: Value(x=1.0))
    v.value = value(lambda p: Value(x=p.get("x") * tf.constant(2.0)), (v.previous,))
    assert PythonRuntime([v]).trajectory(3)["v"].get("x").numpy().tolist() == [1.0, 2.0, 4.0]


def test_objects_that_are_no_tensors_go_through_and_are_recorded_if_named():
    v = Variable("v", X)
    v.initial_value = value(lambda: Value(x={"a": 1}))
    v.value = value(lambda p: Value(x={**p.get("x"), "b": 2}), (v.previous,))
    runtime = PythonRuntime([v])
    assert runtime.execute(1)["v"].get("x") == {"a": 1, "b": 2}
    assert runtime.trajectory(2, record=["v.x"])["v"].get("x") == [{"a": 1}, {"a": 1, "b": 2}]
    assert runtime.trajectory(2)["v"] == Value()


def test_the_seed_is_kept_and_decides():
    runtime = PythonRuntime(random_walk(3))
    runs = [runtime.trajectory(4, seed=s) for s in (1, 1, 2, (1, 0), (1, 1))]
    drawn = [run["walk"].get("x").numpy() for run in runs]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[3])  # an int's high word is 0
    assert (drawn[0][1:] != drawn[2][1:]).all() and (drawn[0][1:] != drawn[4][1:]).all()
    assert [run.seed for run in runs] == [1, 1, 2, (1, 0), (1, 1)]


def test_without_a_seed_a_fresh_one_is_drawn_and_kept():
    runtime = PythonRuntime(random_walk(3))
    one, two = runtime.trajectory(4), runtime.trajectory(4)
    assert one.seed != two.seed
    again = runtime.trajectory(4, seed=one.seed)
    np.testing.assert_array_equal(one["walk"].get("x"), again["walk"].get("x"))


@pytest.mark.parametrize("seed", [1.5, "1", True, (1, 2, 3), tf.constant(1.0)])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed: must be an int"):
        PythonRuntime(fibonacci()).execute(1, seed=seed)


@pytest.mark.parametrize("steps", [-1, 1.0, True, "3", None])
def test_a_wrong_number_of_steps_is_refused(steps):
    runtime = PythonRuntime(fibonacci())
    with pytest.raises(ConfigError) as error:
        runtime.execute(steps)
    message = f"num_steps: must be a whole number of at least 0, got {steps!r}"
    assert str(error.value) == message
    with pytest.raises(ValueError, match="length: must be a whole number of at least 1, got "):
        runtime.trajectory(steps)
    with pytest.raises(ValueError, match="length: must be a whole number of at least 1, got 0"):
        runtime.trajectory(0)


def test_record_selects_variables_fields_and_prefixes():
    runtime = PythonRuntime(many_kinds())

    def recorded(record):
        return {n: list(v) for n, v in runtime.trajectory(2, seed=0, record=record).items()}

    everything = {
        "taste": ["x"],
        "nothing": [],
        "pick": ["x"],
        "clock": ["x"],
        "mood": ["good.x", "good.n"],
    }
    assert recorded(None) == everything
    assert recorded(["clock", "taste"]) == {"taste": ["x"], "clock": ["x"]}
    assert recorded(["mood.good.n"]) == {"mood": ["good.n"]}
    assert recorded(["mood.good"]) == recorded("mood") == {"mood": ["good.x", "good.n"]}
    assert recorded(["mood.good.x", "mood.good.n"]) == {"mood": ["good.x", "good.n"]}
    assert recorded([]) == {}


@pytest.mark.parametrize("name", ["none", "mood.bad", "moo", "mood.good.x.y", ""])
def test_a_name_to_record_that_is_none_is_refused(name):
    with pytest.raises(FieldError) as error:
        PythonRuntime(many_kinds()).trajectory(2, record=[name])
    assert str(error.value) == (
        f"record: '{name}' must name a variable or a field of one; there are ['taste.x', 'pick.x', "
        "'clock.x', 'mood.good.x', 'mood.good.n']"
    )


def test_a_starting_value_is_x_0():
    runtime = PythonRuntime(fibonacci())
    start = {"fibonacci": Value(n=5, **{"last.n": np.int32(3)})}
    run = runtime.trajectory(4, start, seed=0)
    assert run["fibonacci"].get("n").numpy().tolist() == [5, 8, 13, 21]
    assert runtime.execute(0, start)["fibonacci"].get("n") == 5
    assert runtime.execute(2, start)["fibonacci"].get("n") == 13


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({}, "missing: ['fibonacci'], unknown: []"),
        ({"fibonacci": Value(), "x": Value()}, "missing: [], unknown: ['x']"),
    ],
)
def test_a_starting_value_must_hold_each_variable(start, message):
    with pytest.raises(NetworkError) as error:
        PythonRuntime(fibonacci()).execute(1, start)
    assert str(error.value) == (
        f"starting_value: must hold each variable of the network, ['fibonacci']; {message}"
    )


def test_a_starting_value_must_fit_the_specs():
    with pytest.raises(FieldError, match="missing: .'last.n'.*surplus: .'m'."):
        PythonRuntime(fibonacci()).execute(1, {"fibonacci": Value(n=1, m=2)})
    with pytest.raises(FieldError, match=r"'walk', field 'x': expected shape \(3,\), got \(4,\)"):
        PythonRuntime(random_walk(3)).execute(1, {"walk": Value(x=tf.zeros([4]))})


def test_static_variables_are_computed_once_and_stored_once():
    calls = []
    static = Variable("static", X)
    static.initial_value = value(lambda: calls.append(1) or Value(x=ed.Normal(0.0, 1.0)))
    reader = Variable("reader", X)
    reader.value = value(lambda s: s, (static,))
    run = PythonRuntime([reader, static]).trajectory(5, seed=0)
    assert len(calls) == 1
    assert run.values_by_name["static"].get("x").shape == []
    np.testing.assert_array_equal(run["static"].get("x"), run["reader"].get("x"))


def test_the_first_value_that_is_not_finite_is_named():
    def network(first_bad):
        a, b = Variable("a", X), Variable("b", X)
        a.initial_value = value(lambda: Value(x=tf.constant(0.0)))
        a.value = value(lambda p: Value(x=p.get("x") + 1.0), (a.previous,))
        b.value = value(lambda now: Value(x=1.0 / (first_bad - now.get("x"))), (a,))
        return Network([b, a])

    runtime = PythonRuntime(network(3.0), check_finite=True)
    runtime.trajectory(3, seed=0)
    with pytest.raises(NonFiniteError, match="variable 'b', field 'x', step 3: must be finite"):
        runtime.trajectory(5, seed=0)
    assert np.isinf(PythonRuntime(network(3.0)).trajectory(5)["b"].get("x")).sum() == 1


@pytest.mark.parametrize("make", [PythonRuntime, TFRuntime])
def test_steps_beyond_32_bits_are_refused(make):
    with pytest.raises(ConfigError, match="num_steps: must be at most 2147483646, got"):
        make(fibonacci()).execute(2**40)
    with pytest.raises(ConfigError, match="first_step: must be at most 2147483646, got"):
        make(fibonacci()).execute(1, first_step=2**31)


@pytest.mark.parametrize("make", [PythonRuntime, TFRuntime])
@pytest.mark.parametrize("first_step", [-1, 1.5, "a", None])
def test_the_first_step_is_a_whole_number(make, first_step):
    with pytest.raises(ConfigError, match="first_step: must be a whole number of at least 0, got"):
        make(fibonacci()).execute(1, first_step=first_step)


@pytest.mark.parametrize("make", [PythonRuntime, TFRuntime])
@pytest.mark.parametrize("first_user", [-1, 1.5, "a", None])
def test_the_first_user_is_a_whole_number(make, first_user):
    with pytest.raises(ConfigError, match="first_user: must be a whole number of at least 0, got"):
        make(fibonacci(), first_user=first_user)


@pytest.mark.parametrize("make", [PythonRuntime, TFRuntime])
@pytest.mark.parametrize("start", [3, "w", [], {"fibonacci": 3}])
def test_a_starting_value_maps_names_to_values(make, start):
    with pytest.raises(NetworkError, match="starting_value: must map each variable's name to a"):
        make(fibonacci()).execute(1, start)


def test_an_error_in_a_behaviour_says_whose_it_was():
    v = Variable("culprit", ValueSpec(x=FieldSpec()))
    v.value = value(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError) as error:
        PythonRuntime([v]).execute(0)
    assert error.value.__notes__ == ["in the behaviour of variable 'culprit'"]
