"""What an agent does, as an intervention: the contract, and the field that is given itself."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import NetworkValue
from recsim_ng.core.value import Value
from recsim_ng.runtime.environment_field import SeenField, seen_field
from recsim_ng.runtime.environment_world import World


class Action(Protocol):
    """How an agent's action becomes an intervention on a variable.

    Attributes:
      variable: on which the agent acts.
      space: of one action.
      spec: of the action as a tensor.
      mask: the field that says who may be shown what, if there is one.
      legal: an action that is taken always.
    """

    variable: str
    space: Any
    spec: tf.TensorSpec
    mask: SeenField | None
    legal: np.ndarray

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
    """Gives one field of a variable.

    If the field is random, its site is given, and what else the behaviour makes follows from that.
    Else it is overwritten after the behaviour has run.

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
        self._site = world.sites.get((variable, self.field))
        self._is_whole = len(known) == 1
        self.seen = seen_field(world, variable, self.field)
        tensor = known.get(self.field)
        box: Any = self.seen.space
        shape = tuple(box.shape)
        self._given_dtype = tensor.dtype
        dtype = tf.int32 if tensor.dtype == tf.bool else tensor.dtype
        self._dtype = dtype.as_numpy_dtype
        lows, highs = box.low, box.high
        if dtype.is_integer:
            self.space: Any = box
            if np.all(highs.astype(object) - lows.astype(object) < 2**20):
                counts, start = highs.astype(np.int64) - lows + 1, lows.astype(np.int64)
                self.space = (
                    gymnasium.spaces.MultiDiscrete(counts, start=start)
                    if shape
                    else gymnasium.spaces.Discrete(int(counts), start=int(start))
                )
            self._low, self._high = lows, highs
        else:
            least, most = np.finfo(self._dtype).min, np.finfo(self._dtype).max
            lows = np.where(lows == least, action_range[0], lows).astype(self._dtype)
            highs = np.where(highs == most, action_range[1], highs).astype(self._dtype)
            if np.any(lows > highs):
                raise ConfigError(
                    f"action: action_range must leave '{variable}.{self.field}' numbers within its "
                    f"spec's bounds, got {action_range}"
                )
            self.space = gymnasium.spaces.Box(lows, highs, shape, self._dtype)
        self.spec = tf.TensorSpec(shape, dtype)
        self._shape = shape
        self.legal = np.asarray(lows, self._dtype)

    def checked(self, action: Any, lead: tuple[int, ...] = ()) -> np.ndarray:
        found = array_of(action)
        shape = (*lead, *self._shape)
        if found.shape != shape:
            raise ActionError(f"action: must be of shape {shape}, got {found.shape}")
        if np.issubdtype(self._dtype, np.floating):
            return within(found, self.space)
        if found.dtype.kind not in "iub":
            raise ActionError(f"action: must be whole numbers, got {found.dtype} {brief(found)}")
        if np.any(found < self._low) or np.any(found > self._high):
            raise ActionError(
                f"action: must be within {np.min(self._low)}..{np.max(self._high)}, as the space "
                f"says of each number, got {brief(found)}"
            )
        return found.astype(self._dtype)

    def pin(self, action: Any, current: NetworkValue) -> dict[Any, Any]:
        del current
        x = tf.cast(action[None] if self.seen.has_lone_user else action, self._given_dtype)
        if self._site is not None:  # what else the behaviour makes follows from it
            return {(self.variable, self._site): x}
        if self._is_whole:
            return {self.variable: Value(**{self.field: x})}
        return {f"{self.variable}.{self.field}": x}


def array_of(action: Any) -> np.ndarray:
    """Returns an action as an array.

    Args:
      action: what the agent gave.

    Raises:
      ActionError: (also a ValueError) it is none.
    """
    try:
        return np.asarray(action)
    except (TypeError, ValueError, RuntimeError) as error:  # PyTorch's, of what has gradients
        raise ActionError(f"action: must be an array, got {action!r:.60}: {error}") from None


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
