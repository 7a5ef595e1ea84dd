"""Two dynamics, and a condition that picks one of them at every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed, is_random_variable
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.field_spec import FieldSpec, Space
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel, require_model
from recsim_ng.entities.state_models.static import StaticStateModel, constant

_BRANCHES = ("tbranch", "fbranch")


class SwitchingDynamicsStateModel(StateModel):
    """A state that moves by one of two models, as the condition says for each batch element.

        t ~ tbranch.next_state(state_t),   f ~ fbranch.next_state(state_t)
        state_{t+1} = t where condition_t, else f

    Both branches have the same fields. The value holds them merged, deterministic, and those of
    the branches as drawn, under `tbranch.` and `fbranch.`, so that they can be scored. The first
    state is that of the true branch.

    The condition is the field `condition` of the inputs, bools whose axes are the fields' leading
    ones; it may have a trailing axis of length 1. Each branch gets the whole old state and all
    inputs. Parameters bear the branch's prefix too: `tbranch.NAME`, `fbranch.NAME`.

    Args:
      dynamics_tbranch: moves the state where the condition is true.
      dynamics_fbranch: moves it elsewhere. A `StaticStateModel` in it begins as the true branch.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a branch is no state model, or the branches' fields, or their
        shapes or types, differ.
    """

    _of_one_model = False  # whether parameters without a prefix are those of both branches

    def __init__(
        self,
        dynamics_tbranch: StateModel,
        dynamics_fbranch: StateModel,
        name: str = "SwitchingDynamicsStateModel",
    ) -> None:
        super().__init__(name=name)
        require_model(name, "dynamics_tbranch", dynamics_tbranch)
        require_model(name, "dynamics_fbranch", dynamics_fbranch)
        self._tbranch, self._fbranch = dynamics_tbranch, dynamics_fbranch
        self._branch_specs = self._specs_of_branches()
        self._merged = self._merged_specs(*(own_fields(spec) for spec in self._branch_specs))

    def _specs_of_branches(self) -> list[Value]:
        branches = (self._tbranch, self._fbranch)
        specs = [branch.specs() for branch in branches]
        for i, branch in enumerate(branches):
            if _only_keeps(branch):
                specs[i] = own_fields(specs[1 - i])
        return specs

    def _merged_specs(self, one: Value, two: Value) -> Value:
        names = [sorted(spec) for spec in (one, two)]
        if names[0] != names[1]:
            raise ConfigError(
                f"{self.name}: both branches must have the same fields, got {names[0]} and "
                f"{names[1]}"
            )
        merged = {name: self._merged_spec(name, one.get(name), two.get(name)) for name in one}
        return Value(**merged)

    def _merged_spec(self, name: str, one: FieldSpec, two: FieldSpec) -> FieldSpec:
        """The spec that the fields of both branches fit."""
        if one is two:  # the bounds of a box, as large as the field, are not asked for
            return one
        if not (isinstance(one, Space) and isinstance(two, Space) and one.strict and two.strict):
            return FieldSpec()
        first: Any = one.space
        second: Any = two.space
        if (first.shape, first.dtype) != (second.shape, second.dtype):
            raise ConfigError(
                f"{self.name}: the field '{name}' must have one shape and dtype in both branches, "
                f"got {first.dtype} {first.shape} and {second.dtype} {second.shape}"
            )
        if first == second:
            return one
        if not hasattr(first, "low"):  # no box, whose bounds could be widened
            return FieldSpec()
        low, high = np.minimum(first.low, second.low), np.maximum(first.high, second.high)
        return Space.box(low, high, first.shape, first.dtype, dims=one.dims or two.dims)

    def _of(self, parameters: Value | None, branch: str) -> Value | None:
        """The parameters of a branch, without its prefix."""
        if parameters is None:
            return None
        plain = {
            n: x for n, x in parameters.as_dict.items() if n.partition(".")[0] not in _BRANCHES
        }
        if plain and not self._of_one_model:
            raise FieldError(
                f"{self.name}: parameters must begin with 'tbranch.' or 'fbranch.', got "
                f"{sorted(plain)}"
            )
        own = parameters.get(branch).as_dict if branch in parameters else {}
        return Value(**{**plain, **own})

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Draws the first state of each branch; that of the true one is the state.

        Args:
          parameters: of the branches, `tbranch.NAME` and `fbranch.NAME`.

        Returns:
          A Value with the merged fields, deterministic, and the branches'.

        Raises:
          ParameterError: (also a RuntimeError) a parameter is given neither here nor to a branch.
        """
        first = self._tbranch.initial_state(self._of(parameters, "tbranch"))
        if _only_keeps(self._fbranch):
            other = _kept(self._fbranch, first, own_fields(first))
        else:
            other = self._fbranch.initial_state(self._of(parameters, "fbranch"))
        return self._value(None, first, other)

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Moves both branches and merges them.

        Args:
          old_state: the value at t, whose merged fields count.
          inputs: of the branches, and the field `condition`.
          parameters: of the branches, `tbranch.NAME` and `fbranch.NAME`.

        Returns:
          A Value with the merged fields, deterministic, and the branches'.

        Raises:
          ParameterError: (also a RuntimeError) a parameter is given neither here nor to a branch.
          FieldError: (also a ValueError) there is no condition, or it does not fit the fields.
        """
        if inputs is None or "condition" not in inputs:
            got = "none" if inputs is None else sorted(inputs)
            raise FieldError(
                f"{self.name}: the inputs of next_state must have the field 'condition', got {got}"
            )
        condition = tf.cast(tf.convert_to_tensor(inputs.get("condition")), tf.bool)
        moved: dict[str, Value] = {}
        models = dict(zip(_BRANCHES, (self._tbranch, self._fbranch), strict=True))
        for name, model in sorted(models.items(), key=lambda item: _only_keeps(item[1])):
            if moved and _only_keeps(model):
                (other,) = moved.values()
                moved[name] = _kept(model, old_state, own_fields(other))
            else:
                own = old_state.at(*self._merged) if isinstance(model, StaticStateModel) else None
                given = self._of(parameters, name)
                moved[name] = model.next_state(own or old_state, inputs, given)
        return self._value(condition, moved["tbranch"], moved["fbranch"])

    def _value(self, condition: Any, one: Value, two: Value) -> Value:
        merged = {n: self._merge(n, condition, one.get(n), two.get(n)) for n in self._merged}
        value = Value(**merged).union(one.prefixed_with("tbranch"))
        return value.union(two.prefixed_with("fbranch"))

    def _merge(self, name: str, condition: Any, one: Any, two: Any) -> Any:
        """A field of both branches: a random variable if one of them is."""
        drawn = [x for x in (one, two) if is_random_variable(x)]
        one, two = (tf.convert_to_tensor(x) if is_random_variable(x) else x for x in (one, two))
        if condition is None:  # true everywhere
            merged = one
        else:
            dtype = next((x.dtype for x in (one, two) if hasattr(x, "dtype")), None)
            one, two = (
                x if tf.is_tensor(x) else tf.convert_to_tensor(x, dtype) for x in (one, two)
            )
            merged = tf.where(self._aligned(name, condition, one, bool(drawn)), one, two)
        if not drawn:
            return merged
        batch_ndims = drawn[0].distribution.batch_shape.rank
        return ed.RandomVariable(constant(merged, batch_ndims), name=self._site(name))

    def _aligned(self, name: str, condition: Any, x: Any, drawn: bool) -> Any:
        """The condition with as many axes as the field."""
        shape = condition.shape.as_list()
        while len(shape) > x.shape.rank and shape and shape[-1] == 1:
            shape, condition = shape[:-1], tf.squeeze(condition, axis=-1)
        if x.shape.rank == 0 and not drawn:  # a number for all becomes one for each
            return condition
        fits = len(shape) <= x.shape.rank and all(
            None in (n, size) or n in (1, size)
            for n, size in zip(shape, x.shape.as_list(), strict=False)
        )
        if not fits:
            raise FieldError(
                f"{self.name}: the condition must have the leading axes of the field '{name}' "
                f"{x.shape}, got {condition.shape}"
            )
        for _ in range(x.shape.rank - len(shape)):
            condition = condition[..., None]
        return condition

    def specs(self) -> Value:
        """Returns the specs of the merged fields and, with their prefixes, of the branches'."""
        value = self._merged.map(lambda spec: spec.fresh())
        for name, spec in zip(_BRANCHES, self._branch_specs, strict=True):
            value = value.union(spec.map(lambda s: s.fresh()).prefixed_with(name))
        return value


def own_fields(value: Value) -> Value:
    """The fields without those of branches, which a switching model has.

    Args:
      value: a state model's value, or its specs.
    """
    return value.at(*(name for name in value if name.partition(".")[0] not in _BRANCHES))


def _only_keeps(branch: StateModel) -> bool:
    """Whether a branch has no first state of its own, and keeps what it gets."""
    return type(branch).initial_state is StateModel.initial_state and isinstance(
        branch, StaticStateModel
    )


def _kept(branch: StateModel, value: Value, like: Value) -> Value:
    """What a branch that only keeps makes of a value: random where another's value is."""
    drawn = [name for name in like if is_random_variable(like.get(name))]
    kept = branch.next_state(value.at(*drawn))
    return Value(**{name: kept.get(name) if name in kept else value.get(name) for name in like})
