"""Variables of a network, and the behaviours that define their values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from recsim_ng.core.errors import BehaviourError, FieldError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.value import Value


@dataclasses.dataclass(frozen=True)
class Dependency:
    """What a behaviour reads: a variable's current or previous value.

    Attributes:
      variable_name: the variable that is read.
      on_current_value: True for its value at this step, False for that at the step before.
    """

    variable_name: str
    on_current_value: bool


@dataclasses.dataclass(frozen=True, eq=False)
class ValueDef:
    """A behaviour and what it reads; made by `value(...)`. Two are equal if they are the same one.

    Attributes:
      fn: gets one Value for each dependency, in order, and returns a Value.
      dependencies: what it reads.
    """

    fn: Callable[..., Value]
    dependencies: tuple[Dependency, ...]


def value(fn: Callable[..., Value], dependencies: Sequence[Variable | Dependency] = ()) -> ValueDef:
    """Defines a variable's value by a behaviour.

    Args:
      fn: gets one `Value` for each dependency, in order, and returns a `Value`.
      dependencies: variables, which stand for their current value, or `variable.previous`.

    Returns:
      The definition, to be assigned to `Variable.initial_value` or `Variable.value`.

    Raises:
      BehaviourError: (also a TypeError) `fn` cannot be called, or a dependency is neither a
        Variable nor a Dependency.
    """
    if not callable(fn):
        raise BehaviourError(f"value: fn must be callable, got {fn!r}; pass the behaviour itself")
    if isinstance(dependencies, Variable | Dependency):
        raise BehaviourError(
            "value: dependencies must be a sequence, got one variable; write (variable,)"
        )
    found = []
    for d in dependencies:
        if isinstance(d, Variable):
            found.append(Dependency(d.name, True))
        elif isinstance(d, Dependency):
            found.append(d)
        else:
            raise BehaviourError(
                f"value: a dependency must be a Variable or its .previous, got {d!r}"
            )
    return ValueDef(fn, tuple(found))


class Variable:
    """A random process: one Value at each time step.

    Assign `initial_value` (the value at step 0) and `value` (at every later step):

      * both: x_0 = initial_value(...), x_t = value(...) for t >= 1;
      * only `initial_value`: static, x_t = x_0;
      * only `value`: used at step 0 too, so it may depend on no previous value.

    Args:
      name: unique in the network.
      spec: a `ValueSpec`: the fields, each with its `FieldSpec`.

    Raises:
      FieldError: (also a ValueError) the name is empty or the spec holds something else.
    """

    def __init__(self, name: str, spec: Value) -> None:
        if not isinstance(name, str) or not name:
            raise FieldError(f"Variable: the name must be a non-empty string, got {name!r}")
        if not isinstance(spec, Value):
            raise FieldError(
                f"Variable '{name}': the spec must be a ValueSpec, got {type(spec).__name__}"
            )
        for field_name, field_spec in spec.as_dict.items():
            if not isinstance(field_spec, FieldSpec):
                raise FieldError(
                    f"Variable '{name}': the spec of field '{field_name}' must be a FieldSpec, "
                    f"got {field_spec!r}"
                )
        self._name, self._spec = name, spec
        self._initial_value: ValueDef | None = None
        self._value: ValueDef | None = None

    @property
    def name(self) -> str:
        """The variable's name."""
        return self._name

    @property
    def spec(self) -> Value:
        """The variable's `ValueSpec`."""
        return self._spec

    @property
    def previous(self) -> Dependency:
        """The variable's value at the previous step, as a dependency."""
        return Dependency(self._name, False)

    @property
    def initial_value(self) -> ValueDef | None:
        """The definition of the value at step 0."""
        return self._initial_value if self._initial_value is not None else self._value

    @initial_value.setter
    def initial_value(self, definition: ValueDef) -> None:
        self._initial_value = self._checked(definition, "initial_value")

    @property
    def value(self) -> ValueDef | None:
        """The definition of the value at steps 1, 2, ...; None for a static variable."""
        return self._value

    @value.setter
    def value(self, definition: ValueDef) -> None:
        self._value = self._checked(definition, "value")

    @property
    def is_static(self) -> bool:
        """Whether the variable keeps its initial value."""
        return self._value is None

    def _checked(self, definition: ValueDef, what: str) -> ValueDef:
        if not isinstance(definition, ValueDef):
            raise BehaviourError(
                f"Variable '{self._name}': {what} must be made by value(fn, dependencies), "
                f"got {type(definition).__name__}"
            )
        return definition

    def typecheck(self, value: Value, spec: Value | None = None) -> Value:
        """Checks a value against the spec.

        Args:
          value: what a behaviour returned.
          spec: the copy of `.spec` to check against and to learn into; a fresh one if None.

        Returns:
          The value in the spec's order, its fields with their static shapes.

        Raises:
          BehaviourError: (also a TypeError) it is not a Value.
          FieldError: (also a ValueError) a field is missing, surplus or does not fit.
        """
        if not isinstance(value, Value):
            raise BehaviourError(
                f"variable '{self._name}': its behaviour must return a Value, "
                f"got {type(value).__name__}"
            )
        if spec is None:
            spec = self.fresh_spec()
        specs, fields = spec.as_dict, value.as_dict
        missing, surplus = sorted(set(specs) - set(fields)), sorted(set(fields) - set(specs))
        if missing or surplus:
            raise FieldError(
                f"variable '{self._name}': its behaviour must return the fields of its spec, "
                f"{sorted(specs)}; missing: {missing}, surplus: {surplus}"
            )
        checked = {}
        for name, field_spec in specs.items():
            ok, message = field_spec.check_value(fields[name])
            if not ok:
                raise FieldError(f"variable '{self._name}', field '{name}': {message}")
            checked[name] = field_spec.sanitize(fields[name], name)
        return _like(spec, checked)

    def fresh_spec(self) -> Value:
        """Returns a copy of the spec that has learnt nothing."""
        return self._spec.map(lambda field_spec: field_spec.fresh())

    def __repr__(self) -> str:
        return f"Variable({self._name!r}, fields={list(self._spec.as_dict)})"


def _like(spec: Value, fields: dict[str, Any], prefix: str = "") -> Value:
    nested = {
        name: _like(inner, fields, f"{prefix}{name}.")
        if isinstance(inner, Value)
        else fields[prefix + name]
        for name, inner in spec._fields.items()
    }
    return Value(**nested)


__all__ = ["Dependency", "ValueDef", "ValueSpec", "Variable", "value"]
