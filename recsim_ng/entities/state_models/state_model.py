"""StateModel: how a hidden state begins and moves on."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.entity import Entity
from recsim_ng.core.errors import ConfigError, FieldError, ParameterError
from recsim_ng.core.field_spec import FieldSpec, Space
from recsim_ng.core.value import Value


class StateModel(Entity):
    """A law of a state over time.

        state_0 ~ initial_state(parameters),   state_{t+1} ~ next_state(state_t, inputs, parameters)

    A state model's value has the field `state`, and any further random draws that scoring needs.
    Parameters given at construction are static; those given in the call bear the same names and
    win over static ones.

    Attributes:
      batch_axis: what a batch of one axis consists of, the name of that axis in the specs. Where it
        is "user", a shard of the users draws its own states; set another name ("doc") on a model of
        anything else, and all shards draw the same.

    Args:
      batch_ndims: number of leading axes of the state that are a batch of independent states.
      name: of the entity; its sites are called after it.

    Raises:
      ConfigError: (also a ValueError) batch_ndims is no whole number of at least 0.
    """

    batch_axis = "user"

    def __init__(self, batch_ndims: int = 0, name: str = "StateModel") -> None:
        super().__init__(name=name)
        check.whole(name, "batch_ndims", batch_ndims, 0)
        self._batch_ndims = batch_ndims
        self._parameter_names: tuple[str, ...] = ()
        self._required: tuple[str, ...] = ()
        self._static_parameters: dict[str, Any] = {}

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Returns the state at step 0.

        Args:
          parameters: of the model, by the names of the constructor's arguments.
        """
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Returns the state at t + 1 out of that at t.

        Args:
          old_state: the value at t.
          inputs: what acts on the state, in the field `input`.
          parameters: as in `initial_state`.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def specs(self) -> Value:
        """Returns the specs of `state` and of further fields."""
        raise NotImplementedError(self._undefined("specs"))

    def _keep(self, optional: tuple[str, ...] = (), **static: Any) -> bool:
        """Keeps parameters given at construction: all or none. Returns whether there are any.

        Those named in `optional` may be missing among them.
        """
        self._parameter_names = tuple(static)
        self._required = tuple(name for name in static if name not in optional)
        given = {name: x for name, x in static.items() if x is not None}
        for name, x in given.items():
            self._check_parameter(name, x)
        given = {name: as_parameter(x) for name, x in given.items()}
        if given and any(name not in given for name in self._required):
            raise ConfigError(
                f"{self.name}: all of {list(self._required)} must be given at construction, or "
                f"none, got {list(given)}; give the rest, or all in the calls"
            )
        self._static_parameters = given
        return bool(given)

    def _check_parameter(self, name: str, x: Any) -> None:
        """Requires a parameter given at construction to be right, as far as its value is known."""
        require.numbers(self.name, name, x)

    def _parameters(
        self, parameters: Value | None, needed: tuple[str, ...] | None = None
    ) -> dict[str, Any]:
        """The parameters in force: those of the call, the others from the construction.

        Those `needed` have to be there; all that are not optional if None.
        """
        found = dict(self._static_parameters)
        given = {} if parameters is None else parameters.as_dict
        for name, parameter in given.items():
            if name not in self._parameter_names:
                raise FieldError(
                    f"{self.name}: parameters must be among {list(self._parameter_names)}, "
                    f"got '{name}'"
                )
            text = tf.string if isinstance(parameter, str) else None
            dtype = getattr(parameter, "dtype", text)
            if dtype is not None and not _is_real(dtype):
                raise FieldError(
                    f"{self.name}: the parameter '{name}' must be real numbers, got "
                    f"{tf.as_dtype(dtype).name}"
                )
            found[name] = as_parameter(parameter)
        needed = self._required if needed is None else needed
        missing = [name for name in needed if name not in found]
        if missing:
            raise ParameterError(
                f"{self.name}: the parameters {missing} must be given at construction or in the "
                f"call, got {list(found) or 'none'}"
            )
        return found

    def _input(self, inputs: Value | None) -> Any:
        """The field `input` of the inputs, a tensor."""
        if inputs is None or "input" not in inputs:
            got = "none" if inputs is None else sorted(inputs)
            raise FieldError(
                f"{self.name}: the inputs of next_state must have the field 'input', got {got}"
            )
        return tf.convert_to_tensor(inputs.get("input"))

    def _space(
        self, shape: Any, dtype: Any, *axes: str, event_ndims: int | None = None
    ) -> FieldSpec:
        """The spec of a field of known shape and type, its axes labelled.

        After the batch come those named, and then any number of "feature"s.
        """
        shape, dtype = tf.TensorShape(shape), tf.as_dtype(dtype)
        if not shape.is_fully_defined() or not _is_real(dtype):
            return FieldSpec()
        batch_ndims = self._batch_ndims if event_ndims is None else shape.rank - event_ndims
        features = ("feature",) * (shape.rank - batch_ndims - len(axes))
        dims = (self.batch_axis, *axes, *features) if batch_ndims == 1 else None
        low, high = (-np.inf, np.inf) if dtype.is_floating else (dtype.min, dtype.max)
        return Space.box(low, high, tuple(shape.as_list()), dtype.as_numpy_dtype, dims=dims)

    def _site(self, field: str) -> str:
        """The name of the random site of a field: unlike those of other models in a behaviour."""
        return f"{self._name}_{field}"


def as_parameter(x: Any) -> Any:
    """A parameter as a tensor; variables stay what they are, so that they can be trained.

    Args:
      x: a number, list, array, tensor or variable. NumPy's float64 becomes float32.
    """
    if isinstance(x, tf.Variable) or not isinstance(x, int | float | list | tuple | np.ndarray):
        return x
    array = np.asarray(x)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def as_float(x: Any) -> Any:
    """A parameter as a floating-point tensor.

    Args:
      x: as `as_parameter` gives it.
    """
    x = tf.convert_to_tensor(x)
    return x if x.dtype.is_floating else tf.cast(x, tf.float32)


def known(x: Any) -> np.ndarray | None:
    """The value of a parameter that cannot change, None of one that can.

    Args:
      x: as `as_parameter` gives it.
    """
    if isinstance(x, tf.Variable) or not (tf.is_tensor(x) or isinstance(x, np.ndarray)):
        return None
    return tf.get_static_value(x)


def static_shape(x: Any) -> tf.TensorShape:
    """The static shape of a parameter.

    Args:
      x: as `as_parameter` gives it.
    """
    return tf.TensorShape(np.shape(x))


def require_model(where: str, name: str, x: Any) -> None:
    """Requires a state model: what has its two methods.

    Args:
      where: the model that takes the argument.
      name: of the argument.
      x: what came.

    Raises:
      ConfigError: (also a ValueError) it is none.
    """
    methods = (getattr(x, method, None) for method in ("initial_state", "next_state"))
    if isinstance(x, type) or not all(callable(method) for method in methods):
        raise ConfigError(f"{where}: {name} must be a StateModel, got {x!r}")


def _is_real(dtype: Any) -> bool:
    dtype = tf.as_dtype(dtype)
    return dtype.is_floating or dtype.is_integer
