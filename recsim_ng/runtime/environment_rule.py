"""What pays, and what ends an episode: a field, or a function of the moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import NetworkValue
from recsim_ng.runtime.environment_world import World

Rule = str | Callable[[NetworkValue], Any]

# A bandit's metrics keep the mean of the arm; what it pays comes first.
_REWARDS = ("bandit rewards.reward", "metrics state.reward")


def place_of(world: World, name: str | None, what: str) -> tuple[str, str]:
    """Returns (variable, field) of a field's name.

    Args:
      world: the story.
      name: "variable.field"; None: the story's reward.
      what: is defined by it, for errors.

    Raises:
      ConfigError: (also a ValueError) there is no such field.
    """
    every = {f"{v}.{f}": (v, f) for v, value in world.shapes.items() for f in value.as_dict}
    if name is None:
        name = next((n for n in _REWARDS if n in every), None)
        if name is None:
            raise ConfigError(
                f"{what}: the story has none of {list(_REWARDS)}; name a field of {list(every)}, "
                "or give a function of the moment"
            )
    if not isinstance(name, str) or name not in every:
        raise ConfigError(
            f"{what}: must be a field of the story or a function, got {name!r}; there are "
            f"{list(every)}"
        )
    return every[name]


def rule_of(
    world: World, rule: Rule | None, what: str, dtype: tf.DType
) -> Callable[[NetworkValue], Any]:
    """Returns a scalar of a moment: a field's mean over all that it has, or what a function makes.

    Args:
      world: the story.
      rule: the field or the function; None: the story's reward.
      what: is defined by it, for errors.
      dtype: of the scalar.

    Raises:
      ConfigError: (also a ValueError) there is no such field.
    """
    if callable(rule):
        function = rule

        def of_function(moment: NetworkValue) -> Any:
            try:
                x = tf.convert_to_tensor(function(moment))
            except (NotImplementedError, TypeError, ValueError, KeyError) as error:
                # NumPy, of a tensor that has no value yet; or what is no tensor, or no variable.
                raise ConfigError(
                    f"{what}: the function must be written in TensorFlow and return a scalar, got "
                    f"{type(error).__name__}: {error}"
                ) from error
            is_number = x.dtype.is_floating or x.dtype.is_integer
            if x.dtype != tf.bool and (dtype == tf.bool or not is_number):
                wanted = "a bool" if dtype == tf.bool else "a number"
                raise ConfigError(f"{what}: the function must return {wanted}, got {x.dtype.name}")
            if x.shape.rank != 0:
                raise ConfigError(
                    f"{what}: the function must return a scalar, got shape {x.shape}; take the "
                    "mean over users"
                )
            return tf.cast(x, dtype)

        return of_function
    variable, field = place_of(world, rule, what)
    kind = world.shapes[variable].get(field).dtype
    if dtype == tf.bool and kind != tf.bool:
        raise ConfigError(
            f"{what}: must be a field of bools, or a function, got '{variable}.{field}', which is "
            f"{kind.name}"
        )

    def of_field(moment: NetworkValue) -> Any:
        x = moment[variable].get(field)
        if dtype == tf.bool:
            return tf.reduce_all(x)
        return tf.reduce_mean(tf.cast(x, dtype))

    return of_field
