"""A story that compiles in a moment, for the tests of experiments and of the command."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from gymnasium import spaces

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the toy story."""

    num_users: int = 3
    """U, how many walk."""
    drift: float = 0.5
    """How far they go at each step."""
    kind: Literal["walk", "rest"] = "walk"
    """What they do."""
    breaks_at: int = 0
    """The step at which positions become NaN;
    0: never."""
    loud: bool = False
    """Nothing."""

    def __post_init__(self) -> None:
        check.whole("toy", "num_users", self.num_users, 1)
        check.real("toy", "drift", self.drift, -10.0, 10.0)

    @property
    def documents(self) -> int:
        """No setting."""
        return 0


def story(config: Config) -> Sequence[Variable]:
    """Makes a random walk for each user: x_t = x_{t-1} + drift + N(0, 1), x_0 = 0.

    Args:
      config: its settings.
    """
    shape = (config.num_users,)
    box = Space(spaces.Box(-np.inf, np.inf, shape, np.float32), dims=("user",))
    clock = Variable("clock", ValueSpec(t=Space(spaces.Box(-np.inf, np.inf, (), np.float32))))
    walk = Variable("walk", ValueSpec(x=box))
    clock.initial_value = value(lambda: Value(t=tf.constant(0.0)))
    clock.value = value(lambda before: Value(t=before.get("t") + 1.0), (clock.previous,))
    walk.initial_value = value(lambda: Value(x=tf.zeros(shape)))

    def move(before: Value, now: Value) -> Value:
        noise = ed.Normal(tf.zeros(shape), 1.0, name="noise")
        x = before.get("x") + config.drift + (noise if config.kind == "walk" else 0.0 * noise)
        broken = config.breaks_at > 0 and now.get("t") >= config.breaks_at
        return Value(x=tf.where(broken, np.float32(np.nan), x))

    walk.value = value(move, (walk.previous, clock))
    return [clock, walk]


def _position(trajectory: Any) -> np.ndarray:
    return np.mean(trajectory["walk"].get("x"), axis=1)


def _spread(trajectory: Any) -> np.ndarray:
    return np.ptp(trajectory["walk"].get("x"), axis=1)


STUDY = Study(
    metrics=(
        HeadlineMetric("position", "mean position", ("walk.x",), _position, True),
        HeadlineMetric("spread", "range of positions", ("walk.x",), _spread),
    ),
    num_steps=6,
    num_seeds=4,
    published="--num-steps 12 --seeds 8",
)
