"""A story opened where agents act: its first moment, and how one moment follows from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import NetworkError
from recsim_ng.core.given import Do
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import runtime
from recsim_ng.runtime.environment_call import require_own_process

# (action, what stands before it in this step) -> what to do, for `Do`.
Pin = Callable[[Any, NetworkValue], dict[Any, Any]]


class World:
    """A story whose pinned variables are given from outside, at every step.

    A step falls into what comes *before* the actions (states, documents, observations) and what
    comes *after* them (the pinned variables, and all that follows from them in the same step). A
    moment is what has last been computed of each:

        moment_0     = before_0, and zeros for what comes after
        moment_{t+1} = before_{t+1}, and what came after the actions at t

    The draws are those of a run of the whole story: an action changes what is downstream of it, and
    nothing else.

    Args:
      network: the story.
      pins: variable name -> its pin.

    Raises:
      NetworkError: (also a ValueError) a variable is unknown or static, or has fields whose shape
        is not fixed.

    Attributes:
      after: the pinned variables, and those that follow from them in the same step.
      shapes: variable name -> shape and type of each field, a `tf.TensorSpec`.
      sites: (variable, field) -> site, of the fields that are random.
    """

    def __init__(self, network: Network, pins: Mapping[str, Pin]) -> None:
        self._network, self._pins = network, dict(pins)
        self._variables = {v.name: v for v in network.variables}
        for name in pins:
            if name not in self._variables:
                raise NetworkError(
                    f"World: an agent must act on one of the variables {list(self._variables)}, "
                    f"got '{name}'"
                )
            if self._variables[name].is_static:
                raise NetworkError(
                    f"World: an agent must act on a variable that has a value at each step, got "
                    f"'{name}', which is static; assign its value, not its initial_value"
                )
        self.after = _downstream(network, set(pins))
        for name in self.after:
            if self._variables[name].is_static:
                raise NetworkError(
                    f"World: what follows from '{list(pins)[0]}' must have a value at each step, "
                    f"got '{name}', which is static; assign its value, not its initial_value"
                )
        require_own_process()
        self.shapes, self.sites = _shapes(network)

    @property
    def network(self) -> Network:
        """The story."""
        return self._network

    def first(self, words: Any) -> NetworkValue:
        """Returns moment_0.

        Args:
          words: `[2]` uint32, the seed.
        """
        found: NetworkValue = {}
        with Seed(words, 0):
            for variable in self._network.order("initial_value"):
                if variable.name not in self.after:
                    definition = variable.initial_value
                    found[variable.name] = self._evaluated(variable, definition, found, {})
        return {**found, **{name: self._nothing(name) for name in self.after}}

    def following(
        self, words: Any, step: Any, moment: NetworkValue, actions: Mapping[str, Any]
    ) -> tuple[NetworkValue, dict[tuple[str, str], Any]]:
        """Returns moment_{t+1}, and the laws of what was drawn after the actions at t.

        Args:
          words: `[2]` uint32, the seed.
          step: t, int32 scalar.
          moment: moment_t.
          actions: variable name -> the agent's action.

        Returns:
          (moment, (variable, field) -> the distribution of a field that is random and follows).
        """
        current = {name: moment[name] for name in moment if name not in self.after}
        doing: dict[Any, Any] = {}
        for name, pin in self._pins.items():
            doing.update(pin(actions[name], current))
        laws: dict[tuple[str, str], Any] = {}
        with Seed(words, step), Do(doing), Record() as record:
            for variable in self._network.order("value"):
                if variable.name in self.after:
                    value, found = self._of_step(variable, step, current, moment, record)
                    current[variable.name] = value
                    laws.update({(variable.name, f): law for f, law in found.items()})
        following: NetworkValue = {}
        with Seed(words, step + 1):
            for variable in self._network.variables:
                if variable.is_static:
                    following[variable.name] = current[variable.name]
            for variable in self._network.order("value"):
                if variable.name not in self.after and not variable.is_static:
                    value = self._evaluated(variable, variable.value, following, current)
                    following[variable.name] = value
        return {**following, **{name: current[name] for name in self.after}}, laws

    def _nothing(self, name: str) -> Value:
        """Zeros, or what of the field's values is nearest to that."""
        spec = self._variables[name].spec

        def nothing(field: str, known: Any) -> Any:
            space = getattr(spec.get(field), "space", None)
            zeros = np.zeros(known.shape, known.dtype.as_numpy_dtype)
            if space is not None and getattr(space, "low", zeros).shape == zeros.shape:
                zeros = np.clip(zeros, getattr(space, "low", zeros), getattr(space, "high", zeros))
            return tf.constant(zeros, known.dtype)

        return Value(**{f: nothing(f, x) for f, x in self.shapes[name].as_dict.items()})

    def _of_step(
        self,
        variable: Variable,
        step: Any,
        current: NetworkValue,
        moment: NetworkValue,
        record: Record,
    ) -> tuple[Value, dict[str, Any]]:
        """What comes after the actions, and its laws: by its first definition at step 0."""

        def found(definition: Any, previous: NetworkValue) -> tuple[Value, dict[str, Any]]:
            raw = self._network.evaluate(variable, definition, current, previous)
            sites = {field: record.of(x) for field, x in raw.as_dict.items()}
            laws = {
                f: site.distribution for f, site in sites.items() if site and not site.intervened
            }
            return raw.map(runtime.as_tensor), laws

        later, laws = found(variable.value, moment)
        if variable.initial_value is variable.value:
            return later, laws
        first, first_laws = found(variable.initial_value, {})
        fields = {f: tf.where(step == 0, first.get(f), x) for f, x in later.as_dict.items()}
        both = {
            f: tfp.distributions.Categorical(
                probs=tf.where(step == 0, first_laws[f].probs_parameter(), law.probs_parameter())
            )
            for f, law in laws.items()
            if all(isinstance(x, tfp.distributions.Categorical) for x in (law, first_laws.get(f)))
        }
        return Value(**fields), both

    def _evaluated(
        self, variable: Variable, definition: Any, current: NetworkValue, previous: NetworkValue
    ) -> Value:
        value = self._network.evaluate(variable, definition, current, previous)
        return value.map(runtime.as_tensor)


def _downstream(network: Network, names: set[str]) -> set[str]:
    """The variables, and those that follow from them in the same step."""
    found, left = set(names), list(names)
    graph = network.graph
    while left:
        for _, reader, kind in graph.out_edges(left.pop(), data=True):
            if (kind["current"] or kind["initial"]) and reader not in found:
                found.add(reader)
                left.append(reader)
    return found


def _shapes(network: Network) -> tuple[dict[str, Value], dict[tuple[str, str], str]]:
    """The shape and type of each field, and the sites of those that are random."""
    sites: dict[tuple[str, str], str] = {}

    @tf.function(autograph=False)
    def initial(words: Any) -> NetworkValue:
        with Seed(words, 0), Record() as record:
            value = network.initial_step()
        for name, fields in value.items():
            for field, x in fields.as_dict.items():
                site = record.of(x)
                if site is not None and site.address[0] == name:
                    sites[name, field] = site.address[1]
        return runtime.as_tensors(value)

    made = initial.get_concrete_function(tf.TensorSpec([2], tf.uint32))
    found = made.structured_outputs
    for name, value in found.items():
        for field, x in value.as_dict.items():
            if not hasattr(x, "dtype") or not x.shape.is_fully_defined():
                raise NetworkError(
                    f"World: every field must be a tensor of fixed shape, got variable '{name}', "
                    f"field '{field}', of {getattr(x, 'shape', type(x).__name__)}"
                )
    specs = {name: v.map(lambda x: tf.TensorSpec(x.shape, x.dtype)) for name, v in found.items()}
    return specs, sites
