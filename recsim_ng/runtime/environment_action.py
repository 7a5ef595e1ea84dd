"""What an agent does, as an intervention: the contract, and the field that is given itself."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import NetworkValue
from recsim_ng.core.value import Value
from recsim_ng.runtime.environment_field import SeenField, bounds, seen_field
from recsim_ng.runtime.environment_world import World


class Action(Protocol):
    """How an agent's action becomes an intervention on a variable.

    Attributes:
      variable: on which the agent acts.
      space: of one action.
      spec: of the action as a tensor.
      mask: the field that says who may be shown what, if there is one.
    """

    variable: str
    space: Any
    spec: tf.TensorSpec
    mask: SeenField | None

    def checked(self, action: Any, lead: tuple[int, ...] = ()) -> np.ndarray:
        """Returns an action as an array of the type of `spec`.

        Args:
          action: what the agent gave.
          lead: shape of the axes in front of an action's own.

        Raises:
          ActionError: (also a ValueError) it is not in the space.
        """

    def pin(self, action: Any, current: NetworkValue) -> dict[Any, Any]:
        """Returns what to do, for `Do`.

        Args:
          action: a tensor.
          current: what stands before the action.
        """


class ActionError(ConfigError, gymnasium.error.InvalidAction):
    """An action is not one that the environment takes."""


class FieldAction:
    """Gives the one field of a variable.

    Args:
      world: the story.
      variable: on which the agent acts.
      field: of the variable; None: the only one that it has.
      action_range: the least and the greatest number, where they are not whole and the field's spec
        sets no bounds.

    Attributes:
      field: that is given.

    Raises:
      ConfigError: (also a ValueError) the variable has several fields, or no such field.
    """

    mask: SeenField | None = None

    def __init__(
        self,
        world: World,
        variable: str,
        field: str | None,
        action_range: tuple[float, float],
    ) -> None:
        known = world.shapes[variable]
        if field is None and len(known) != 1:
            raise ConfigError(
                f"action: '{variable}' must have one field to be given, got {list(known)}; name "
                f"the field, '{variable}.{next(iter(known), '')}'"
            )
        self.variable, self.field = variable, next(iter(known)) if field is None else field
        self._is_whole = len(known) == 1
        self._seen = seen_field(world, variable, self.field)
        spec = {v.name: v for v in world.network.variables}[variable].spec.get(self.field)
        tensor = known.get(self.field)
        shape = tuple(self._seen.space.shape or ())
        self._dtype = tensor.dtype.as_numpy_dtype
        self.space: Any = self._seen.space
        if tensor.dtype.is_integer:
            lows, highs = bounds(spec, tuple(tensor.shape), self._dtype)
            low, high = int(np.min(lows)), int(np.max(highs))
            if high - low < 2**20:
                count = high - low + 1
                self.space = (
                    gymnasium.spaces.MultiDiscrete(np.full(shape, count), start=np.full(shape, low))
                    if shape
                    else gymnasium.spaces.Discrete(count, start=low)
                )
            self._low, self._high = low, high
        else:
            least, most = np.finfo(self._dtype).min, np.finfo(self._dtype).max
            box: Any = self._seen.space
            lows, highs = box.low, box.high
            lows = np.where(lows == least, action_range[0], lows).astype(self._dtype)
            highs = np.where(highs == most, action_range[1], highs).astype(self._dtype)
            self.space = gymnasium.spaces.Box(lows, highs, shape, self._dtype)
        self.spec = tf.TensorSpec(shape, tensor.dtype)
        self._shape = shape

    def checked(self, action: Any, lead: tuple[int, ...] = ()) -> np.ndarray:
        found = np.asarray(action)
        shape = (*lead, *self._shape)
        if found.shape != shape:
            raise ActionError(f"action: must be of shape {shape}, got {found.shape}")
        if np.issubdtype(self._dtype, np.floating):
            return within(found, self.space)
        if found.dtype.kind not in "iub":
            raise ActionError(f"action: must be whole numbers, got {found.dtype} {brief(found)}")
        if found.size and (found.min() < self._low or found.max() > self._high):
            raise ActionError(
                f"action: must be within {self._low}..{self._high}, got {brief(found)}"
            )
        return found.astype(self._dtype)

    def pin(self, action: Any, current: NetworkValue) -> dict[Any, Any]:
        del current
        x = action[None] if self._seen.has_lone_user else action
        if self._is_whole:
            return {self.variable: Value(**{self.field: x})}
        return {f"{self.variable}.{self.field}": x}


def within(found: np.ndarray, space: Any) -> np.ndarray:
    """Returns numbers of the space's type.

    Args:
      found: numbers.
      space: a box of their shape, or of that of each of many.

    Raises:
      ActionError: (also a ValueError) some are not in the box.
    """
    if found.dtype.kind not in "fiu":
        raise ActionError(f"action: must be numbers, got {found.dtype} {brief(found)}")
    if not np.isfinite(found).all():
        raise ActionError(f"action: must be finite, got {brief(found)}")
    found = found.astype(space.dtype)
    if np.any(found < space.low) or np.any(found > space.high):
        raise ActionError(
            f"action: must be within {space.low.min():g}..{space.high.max():g}, got "
            f"{brief(found)}; action_range= sets other bounds"
        )
    return found


def brief(x: np.ndarray) -> str:
    """Returns the first numbers of an array, for errors.

    Args:
      x: the array.
    """
    text = str(x.ravel()[:8].tolist())
    return text if x.size <= 8 else f"{text[:-1]}, ...]"
