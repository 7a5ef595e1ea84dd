"""Network: wiring checks, order, steps, the graph."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf
from gymnasium import spaces

from recsim_ng import PythonRuntime, TFRuntime, ed
from recsim_ng.core import (
    BehaviourError,
    CycleError,
    Entity,
    FieldError,
    FieldSpec,
    Network,
    NetworkError,
    Space,
    Value,
    ValueSpec,
    Variable,
)
from recsim_ng.core.network import find_field, find_unique_field
from recsim_ng.core.variable import value
from tests.source import ROOT


def variable(name, field="x"):
    return Variable(name, ValueSpec(**{field: FieldSpec()}))


def one(*values):
    del values
    return Value(x=tf.constant(1.0))


def network_of(behaviour, initial=None):
    v = variable("v")
    v.initial_value = value(initial if initial is not None else one)
    v.value = value(behaviour, (v.previous,))
    return Network([v])


RUNTIMES = {
    "python": lambda network: PythonRuntime(network),
    "graph": lambda network: TFRuntime(network, jit_compile=False),
    "xla": lambda network: TFRuntime(network),
}
on_all_runtimes = pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)


def test_variables_are_kept_as_declared():
    a, b = variable("a"), variable("b")
    a.value = value(one, (b,))
    b.value = value(one)
    network = Network([a, b])
    assert network.variables == (a, b)
    assert list(network.initial_step()) == ["a", "b"]
    assert list(network.step(network.initial_step())) == ["a", "b"]


def test_steps_follow_the_definitions():
    total, count = variable("total"), variable("count")
    count.initial_value = value(lambda: Value(x=tf.constant(0)))
    count.value = value(lambda p: Value(x=p.get("x") + 1), (count.previous,))
    total.initial_value = value(lambda c: Value(x=c.get("x") + 10), (count,))
    total.value = value(
        lambda t, c, before: Value(x=t.get("x") + 100 * c.get("x") + before.get("x")),
        (total.previous, count, count.previous),
    )
    network = Network([total, count])  # declared against the order of what depends on what
    x = network.initial_step()
    assert (x["total"]["x"], x["count"]["x"]) == (10, 0)
    x = network.step(x)
    assert (x["total"]["x"], x["count"]["x"]) == (110, 1)
    x = network.step(x)
    assert (x["total"]["x"], x["count"]["x"]) == (311, 2)


def test_a_static_variable_keeps_its_value():
    calls = []
    static = variable("s")
    static.initial_value = value(lambda: calls.append(1) or Value(x=tf.constant(3.0)))
    network = Network([static])
    assert network.step(network.step(network.initial_step()))["s"]["x"] == 3.0
    assert len(calls) == 1


def test_a_value_alone_serves_for_the_first_step():
    v = variable("v")
    v.value = value(one)
    assert Network([v]).initial_step()["v"]["x"] == 1.0


def test_a_value_alone_may_not_depend_on_the_previous_step():
    v = variable("v")
    v.value = value(one, (v.previous,))
    with pytest.raises(NetworkError) as error:
        Network([v])
    assert str(error.value) == (
        "variable 'v': its first value reads the previous value of 'v', but there is no step "
        "before the first; assign an initial_value without it"
    )


def test_duplicate_names_are_refused():
    with pytest.raises(ValueError) as error:
        Network([variable("a"), variable("b"), variable("a")])
    assert isinstance(error.value, NetworkError)
    assert str(error.value) == (
        "Network: each variable needs a name of its own, got ['a'] more than once; "
        "rename one of them"
    )


@pytest.mark.parametrize("which", ["initial_value", "value"])
def test_a_dependency_outside_the_network_is_refused(which):
    a, b = variable("a"), variable("b")
    a.initial_value = value(one)
    setattr(a, which, value(one, (b,)))
    with pytest.raises(ValueError) as error:
        Network([a])
    assert isinstance(error.value, NetworkError)
    assert str(error.value) == (
        "variable 'a': depends on 'b', which is not in the network; add it to the variables, "
        "which are ['a']"
    )


def test_a_missing_previous_dependency_is_refused():
    a, b = variable("a"), variable("b")
    a.initial_value = value(one)
    a.value = value(one, (b.previous,))
    with pytest.raises(NetworkError, match="variable 'a': depends on 'b', which is not in"):
        Network([a])


def test_a_variable_without_definition_is_refused():
    with pytest.raises(NetworkError) as error:
        Network([variable("a")])
    message = "variable 'a': needs a definition; assign its initial_value or value"
    assert str(error.value) == message


def test_something_that_is_no_variable_is_refused():
    with pytest.raises(BehaviourError, match="variables must be Variables, got a str among them"):
        Network(["a"])


def test_a_cycle_is_refused_and_printed():
    a, b, c, d = (variable(n) for n in "abcd")
    a.value = value(one, (c,))
    b.value = value(one, (a, d))
    c.value = value(one, (b,))
    d.value = value(one)
    with pytest.raises(ValueError) as error:
        Network([d, a, b, c])
    assert isinstance(error.value, CycleError)
    assert str(error.value) == (
        "Network: current values (initial_value) must not depend on each other in a circle, got "
        "'a' -> 'b' -> 'c' -> 'a'; let one of them read .previous"
    )


def test_a_cycle_of_later_steps_is_refused():
    a, b = variable("a"), variable("b")
    a.initial_value = b.initial_value = value(one)
    a.value, b.value = value(one, (b,)), value(one, (a,))
    with pytest.raises(CycleError, match=r"\(value\) must not .* got 'a' -> 'b' -> 'a'"):
        Network([a, b])


def test_a_variable_that_reads_itself_is_a_cycle():
    a = variable("a")
    a.value = value(one, (a,))
    with pytest.raises(CycleError, match="got 'a' -> 'a'; let one of them read .previous"):
        Network([a])


def test_reading_the_previous_step_is_no_cycle():
    a, b = variable("a"), variable("b")
    a.initial_value = b.initial_value = value(one)
    a.value, b.value = value(one, (b.previous,)), value(one, (a,))
    kinds = Network([a, b]).graph.edges
    assert kinds["b", "a"]["previous"] and not kinds["b", "a"]["current"]
    assert kinds["a", "b"]["current"] and not kinds["a", "b"]["previous"]


@on_all_runtimes
def test_a_behaviour_that_returns_no_value_is_a_type_error(runtime):
    with pytest.raises(TypeError) as error:
        runtime(network_of(lambda p: {"x": p})).execute(1, seed=0)
    assert isinstance(error.value, BehaviourError)
    assert str(error.value) == "variable 'v': its behaviour must return a Value, got dict"


@on_all_runtimes
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "missing: ['x'], surplus: []"),
        ({"x": 1.0, "y": 2.0}, "missing: [], surplus: ['y']"),
    ],
)
def test_a_missing_or_surplus_field_is_an_error(runtime, fields, message):
    with pytest.raises(ValueError) as error:
        runtime(network_of(lambda p: Value(**fields))).execute(2, seed=0)
    assert isinstance(error.value, FieldError)
    expected = f"variable 'v': its behaviour must return the fields of its spec, ['x']; {message}"
    assert str(error.value) == expected


@on_all_runtimes
@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (lambda p: Value(x=tf.zeros([2])), "expected shape () as before, got (2,)"),
        (lambda p: Value(x=tf.constant(1)), "expected dtype float32 as before, got int32"),
    ],
)
def test_a_field_that_changes_shape_or_dtype_is_an_error(runtime, behaviour, message):
    with pytest.raises(ValueError) as error:
        runtime(network_of(behaviour)).trajectory(3, seed=0)
    assert isinstance(error.value, FieldError)
    assert str(error.value) == f"variable 'v', field 'x': {message}"


@on_all_runtimes
def test_a_strict_space_is_checked_on_every_step(runtime):
    v = Variable("v", ValueSpec(x=Space(spaces.Box(0, 1, (2,)), strict=True)))
    v.value = value(lambda: Value(x=tf.zeros([3])))
    with pytest.raises(ValueError, match=r"'v', field 'x': expected shape \(2,\), got \(3,\)"):
        runtime(Network([v])).execute(0, seed=0)


def test_what_was_learnt_lives_in_the_network():
    network = network_of(lambda p: p)
    assert network.invariants()["v"].get("x") is None
    network.initial_step()
    assert network.invariants()["v"].get("x") == tf.TensorShape([])
    assert network.variables[0].spec.get("x").invariant() is None
    other = Network(network.variables)
    assert other.invariants()["v"].get("x") is None


def test_definitions_are_looked_up_at_every_step():
    v = variable("v")
    v.initial_value = value(one)
    v.value = value(lambda p: Value(x=p.get("x") + 1.0), (v.previous,))
    network = Network([v])
    x = network.step(network.initial_step())
    v.value = value(lambda p: Value(x=p.get("x") * 10.0), (v.previous,))
    assert network.step(x)["v"]["x"] == 20.0
    v.value = value(one, (variable("w"),))
    with pytest.raises(NetworkError, match="depends on 'w'"):
        network.step(x)


def test_a_step_needs_the_previous_values_that_are_read():
    a, b, s = variable("a"), variable("b"), variable("s")
    a.initial_value = s.initial_value = value(one)
    a.value = value(one, (a.previous,))
    b.value = value(one, (s,))
    network = Network([a, b, s])
    with pytest.raises(NetworkError) as error:
        network.step({"b": Value(x=1.0)})
    assert str(error.value) == "Network.step: the previous value must hold ['a', 's'], got ['b']"
    network.step({"a": Value(x=1.0), "s": Value(x=1.0)})


def test_sites_outside_a_runtime_are_plain_edward2():
    v = variable("v")
    v.value = value(lambda: Value(x=ed.Normal(loc=tf.zeros([4]), scale=1.0)))
    draws = [Network([v]).initial_step()["v"].get("x") for _ in range(2)]
    assert all(isinstance(draw, ed.RandomVariable) for draw in draws)
    assert (draws[0].value != draws[1].value).numpy().any()


def test_find_field_gives_all_variables_that_have_it():
    values = {"a": Value(x=1, **{"n.y": 2}), "b": Value(x=3)}
    assert find_field(values, "x") == {"a": 1, "b": 3}
    assert find_field(values, "n.y") == {"a": 2}
    assert find_field(values, "z") == {}


def test_find_unique_field_gives_name_and_value():
    values = {"a": Value(x=1, **{"n.y": 2}), "b": Value(x=3)}
    assert find_unique_field(values, "n.y") == ("a", 2)
    message = "find_unique_field: exactly one variable must have the field '{}', got {} of {}"
    for name, got in (("x", "['a', 'b']"), ("z", "none")):
        with pytest.raises(ValueError) as error:
            find_unique_field(values, name)
        assert str(error.value) == message.format(name, got, "['a', 'b']")


def test_the_graph_has_current_and_previous_edges():
    a, b, s = variable("a"), variable("b"), variable("s")
    a.initial_value = s.initial_value = value(one)
    a.value = value(one, (a.previous, s))
    b.initial_value = value(one)
    b.value = value(one, (a, a.previous))
    graph = Network([a, b, s]).graph
    assert dict(graph.nodes(data=True)) == {
        "a": {"static": False, "fields": ["x"]},
        "b": {"static": False, "fields": ["x"]},
        "s": {"static": True, "fields": ["x"]},
    }
    flags = {(u, v): {k for k, on in d.items() if on} for u, v, d in graph.edges(data=True)}
    assert flags == {
        ("a", "a"): {"previous"},
        ("s", "a"): {"current"},
        ("a", "b"): {"current", "previous"},
    }


def test_behaviours_go_through_autograph_in_graph_mode():
    def collatz(previous):
        x = previous.get("x")
        if x % 2.0 == 0.0:
            y = x / 2.0
        else:
            y = 3.0 * x + 1.0
        return Value(x=y)

    class Method(Entity):
        def step(self, previous):
            return collatz(previous)

    for behaviour in (collatz, Method().step, lambda p: collatz(p)):
        network = network_of(behaviour, lambda: Value(x=tf.constant(6.0)))
        for make in RUNTIMES.values():
            run = make(network).trajectory(9, seed=0)["v"].get("x")
            assert run.numpy().tolist() == [6, 3, 10, 5, 16, 8, 4, 2, 1]


def order_of_evaluation():
    evaluated = []

    def behaviour(name):
        return lambda *values: evaluated.append(name) or Value(x=1.0)

    variables = [variable(f"variable {i}") for i in range(20)]
    for i, v in enumerate(variables):
        reads = [variables[j] for j in ((7 * i + 3) % 20, (11 * i + 5) % 20) if j > i]
        v.value = value(behaviour(v.name), reads)
    Network(variables).initial_step()
    return evaluated


def test_the_order_is_the_same_in_every_process():
    here = order_of_evaluation()
    assert sorted(here) == sorted(f"variable {i}" for i in range(20))
    different = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    code = "from tests.core import test_network; print(test_network.order_of_evaluation())"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": different},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.strip() == str(here)
