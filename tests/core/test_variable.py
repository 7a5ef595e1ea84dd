"""Variable, Dependency, ValueDef: definitions, and checks of what behaviours return."""

import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import recsim_ng
from recsim_ng.core import (
    BehaviourError,
    Dependency,
    FieldError,
    FieldSpec,
    Space,
    Value,
    ValueDef,
    ValueSpec,
    Variable,
    variable,
)
from recsim_ng.core.variable import value

SPEC = ValueSpec(x=FieldSpec(), **{"n.y": FieldSpec()})


def test_modules_are_not_shadowed_by_functions():
    import recsim_ng.core as core
    from recsim_ng.core import network, value

    assert variable.value is recsim_ng.value
    assert core.value is value and value.Value is Value and value.ValueSpec is core.ValueSpec
    assert network.Network is core.Network
    assert core.variable is variable


def test_value_makes_definitions_with_dependencies_in_order():
    one, two = Variable("one", SPEC), Variable("two", SPEC)
    definition = value(lambda a, b, c: a, (one, two.previous, one.previous))
    assert isinstance(definition, ValueDef)
    assert definition.dependencies == (
        Dependency("one", True),
        Dependency("two", False),
        Dependency("one", False),
    )
    assert value(lambda: Value()).dependencies == ()
    assert value(lambda a: a, [one]).dependencies == (Dependency("one", True),)


def test_dependency_has_name_and_on_current_value():
    previous = Variable("v", SPEC).previous
    assert previous == Dependency(variable_name="v", on_current_value=False)
    assert (previous.variable_name, previous.on_current_value) == ("v", False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "value: fn must be callable, got 3; pass the behaviour itself"),
        ((len, ["v"]), "value: a dependency must be a Variable or its .previous, got 'v'"),
        (
            (len, Variable("v", SPEC)),
            "value: dependencies must be a sequence, got one variable; write (variable,)",
        ),
    ],
)
def test_a_wrong_definition_is_refused(arguments, message):
    with pytest.raises(TypeError) as error:
        value(*arguments)
    assert isinstance(error.value, BehaviourError)
    assert str(error.value) == message


def test_definitions_may_be_unhashable_callables():
    class Behaviour(list):
        def __call__(self):
            return Value(x=1.0, **{"n.y": 2.0})

    v = Variable("v", SPEC)
    v.value = value(Behaviour())
    assert recsim_ng.Network([v]).initial_step()["v"].get("x") == 1.0


def test_name_and_spec_are_kept():
    v = Variable("a name: odd / long", SPEC)
    assert v.name == "a name: odd / long"
    assert v.spec is SPEC
    assert repr(v) == "Variable('a name: odd / long', fields=['x', 'n.y'])"


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("", SPEC, "Variable: the name must be a non-empty string, got ''"),
        (3, SPEC, "Variable: the name must be a non-empty string, got 3"),
        ("v", {"x": 1}, "Variable 'v': the spec must be a ValueSpec, got dict"),
        (
            "v",
            ValueSpec(**{"n.y": 3}),
            "Variable 'v': the spec of field 'n.y' must be a FieldSpec, got 3",
        ),
    ],
)
def test_a_wrong_variable_is_refused(name, spec, message):
    with pytest.raises(ValueError) as error:
        Variable(name, spec)
    assert isinstance(error.value, FieldError)
    assert str(error.value) == message


def test_only_initial_value_is_static_and_only_value_serves_for_both():
    first, later = value(lambda: Value()), value(lambda: Value())
    static, always, both = (Variable(n, ValueSpec()) for n in "abc")
    static.initial_value = first
    always.value = later
    both.initial_value, both.value = first, later
    assert static.is_static and static.value is None and static.initial_value is first
    assert not always.is_static and always.initial_value is later and always.value is later
    assert not both.is_static and both.initial_value is first and both.value is later


def test_a_definition_must_be_made_by_value():
    v = Variable("v", SPEC)
    message = r"Variable 'v': {} must be made by value\(fn, dependencies\), got function"
    for name in ("initial_value", "value"):
        with pytest.raises(TypeError, match=message.format(name)):
            setattr(v, name, lambda: Value())


def test_typecheck_gives_the_fields_in_the_order_of_the_spec():
    checked = Variable("v", SPEC).typecheck(Value(**{"n.y": np.ones(2)}, x=tf.zeros([3])))
    assert list(checked) == ["x", "n.y"]
    assert tf.is_tensor(checked.get("n.y"))


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"x": 1}, "missing: ['n.y'], surplus: []"),
        ({"x": 1, "n.y": 1, "z": 1, "n.a": 2}, "missing: [], surplus: ['n.a', 'z']"),
        ({"x": 1, "n": 2}, "missing: ['n.y'], surplus: ['n']"),
    ],
)
def test_a_missing_or_surplus_field_is_named(fields, parts):
    with pytest.raises(ValueError) as error:
        Variable("v", SPEC).typecheck(Value(**fields))
    assert isinstance(error.value, FieldError)
    assert str(error.value) == (
        f"variable 'v': its behaviour must return the fields of its spec, ['n.y', 'x']; {parts}"
    )


def test_a_behaviour_must_return_a_value():
    with pytest.raises(TypeError) as error:
        Variable("v", SPEC).typecheck({"x": 1})
    assert str(error.value) == "variable 'v': its behaviour must return a Value, got dict"


def test_a_strict_spaces_error_names_variable_field_expected_and_got():
    spec = ValueSpec(x=Space(spaces.Box(0, 1, (3,)), strict=True))
    with pytest.raises(ValueError) as error:
        Variable("user state", spec).typecheck(Value(x=tf.zeros([4])))
    assert str(error.value) == "variable 'user state', field 'x': expected shape (3,), got (4,)"


def test_checking_never_changes_the_spec_that_users_hold():
    v = Variable("v", ValueSpec(x=FieldSpec()))
    v.typecheck(Value(x=tf.zeros([3])))
    v.typecheck(Value(x=tf.zeros([4], tf.int32)))
    assert v.spec.get("x").invariant() is None


def test_empty_nested_values_are_kept():
    v = Variable("v", ValueSpec(x=FieldSpec(), empty=ValueSpec()))
    assert v.typecheck(Value(x=1.0)).get("empty") == Value()
