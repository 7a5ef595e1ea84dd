"""States that stay what they were at first."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel

tfd = tfp.distributions


def constant(x: Any, batch_ndims: int) -> Any:
    """The distribution that always is x.

    Args:
      x: `[B..., E...]` tensor.
      batch_ndims: number of the axes B.

    Returns:
      A TFP distribution of batch shape `[B...]` and event shape `[E...]`.
    """
    x = tf.convert_to_tensor(x)
    itself = tfd.Deterministic(loc=x)
    event_ndims = x.shape.rank - batch_ndims
    return tfd.Independent(itself, event_ndims) if event_ndims else itself


class StaticStateModel(StateModel):
    """A state that never changes: state_{t+1} = state_t, whatever state_0 is.

    The next state is a random variable all the same, deterministic and of the batch shape of the
    initial state, so that it is scored alike. A subclass defines the initial state.

    Args:
      batch_ndims: number of leading axes of the state that are a batch.
      name: of the entity.
    """

    def __init__(self, batch_ndims: int = 0, name: str = "StaticStateModel") -> None:
        super().__init__(batch_ndims=batch_ndims, name=name)

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Returns the old state; neither inputs nor parameters matter."""
        del inputs, parameters
        return Value(**{name: self._same(name, x) for name, x in old_state.as_dict.items()})

    def _same(self, name: str, x: Any) -> Any:
        x = tf.convert_to_tensor(x)
        if not (x.dtype.is_floating or x.dtype.is_integer):  # nothing that could be random
            return x
        return ed.RandomVariable(constant(x, self._batch_ndims), name=self._site(name))

    def specs(self) -> Value:
        """Returns the spec of `state`."""
        return ValueSpec(state=FieldSpec())


class StaticMixtureSameFamilyModel(StaticStateModel):
    """A static state drawn from a mixture.

        component_id ~ Categorical,   state_0 ~ the component's law

    With `return_component_id`, the component is the field `component_id` and the state is scored
    given it; without, the state is scored by the mixture. A subclass defines `_mixture` and
    `_component`.

    Args:
      batch_ndims: number of leading axes of the state that are a batch, `[B...]`.
      return_component_id: whether the value has the field `component_id`, `[B...]` int32.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) batch_ndims is no whole number of at least 0, or
        return_component_id neither True nor False.
    """

    def __init__(
        self,
        batch_ndims: int,
        return_component_id: bool = False,
        name: str = "StaticMixtureSameFamilyModel",
    ) -> None:
        super().__init__(batch_ndims=batch_ndims, name=name)
        check.flag(name, "return_component_id", return_component_id)
        self._return_component_id = return_component_id

    def _mixture(self, parameters: dict[str, Any]) -> tuple[Any, Any]:
        """Returns (`[B..., P]` logits, the components as one distribution of that batch shape)."""
        raise NotImplementedError(self._undefined("_mixture"))

    def _component(self, parameters: dict[str, Any], component_id: Any) -> Any:
        """Returns the law of the state given its component, of batch shape `[B...]`."""
        raise NotImplementedError(self._undefined("_component"))

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Draws component and state.

        Args:
          parameters: of the model, where they are not given at construction.

        Returns:
          A Value with `state` and, if it was asked for, `component_id`.

        Raises:
          ParameterError: (also a RuntimeError) parameters are given neither here nor there.
        """
        found = self._parameters(parameters)
        logits, components = self._mixture(found)
        if not self._return_component_id:
            mixture = tfd.MixtureSameFamily(tfd.Categorical(logits=logits), components)
            return Value(state=ed.RandomVariable(mixture, name=self._site("state")))
        component_id = ed.Categorical(logits=logits, name=self._site("component_id"))
        given = self._component(found, tf.convert_to_tensor(component_id))
        state = ed.RandomVariable(given, name=self._site("state"))
        return Value(state=state, component_id=component_id)

    def _with_component_id(self, state: FieldSpec, component_id: FieldSpec) -> Value:
        if not self._return_component_id:
            return ValueSpec(state=state)
        return ValueSpec(state=state, component_id=component_id)

    def specs(self) -> Value:
        """Returns the specs of `state` and, if it was asked for, `component_id`."""
        return self._with_component_id(FieldSpec(), FieldSpec())
