"""A neural network learns the rule of the Game of Life, and tells what was before.

The rule is learnt by maximum likelihood from trajectories of random grids on a torus: each next
cell is a Bernoulli draw whose logit a small network makes of the cell and its eight neighbours,

    cell_{t+1}[i, j] ~ Bernoulli(network(cells_t[i-1..i+1, j-1..j+1])).

Then the first state of a pattern is missing, and the next two are known. Under the learnt story it
is a discrete unknown with the prior that cells are rarely alive; annealed Gibbs sampling searches
for the most likely one. For comparison, gradient ascent moves cells between 0 and 1 on the same
density.

    python -m examples.life
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng import Entity, Network, Space, TFRuntime, Value, ValueSpec, Variable, ed, value
from recsim_ng.core import entity
from recsim_ng.inference import Scorer, Target, annealing

PATTERNS = {
    "blinker": ["###"],
    "block": ["##", "##"],
    "glider": [".#.", "..#", "###"],
    "r-pentomino": [".##", "##.", ".#."],
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the example."""

    side: int = 18
    """H, cells along each side of the torus in which a state is recovered."""
    training_side: int = 16
    """Cells along each side of the grids that the rule is learnt from."""
    num_grids: int = 16
    """G, such grids."""
    num_steps: int = 6
    """T, states of each of them that are seen."""
    width: int = 16
    """Hidden units of each of the network's two hidden layers."""
    learning_rate: float = 0.02
    """Of Adam."""
    most_iterations: int = 2000
    """Gradient steps, at most."""
    least_margin: float = 7.0
    """Training ends as soon as all 512 logits are at least so far on the right side of 0."""
    density: float = 0.05
    """Share of living cells of a state before anything is known of it."""
    num_sweeps: int = 400
    """Of the annealed chains."""
    num_chains: int = 16
    """Of these; as many states are moved by gradient ascent."""
    ascent_steps: int = 500
    """Gradient steps of the comparison."""
    patterns: tuple[str, ...] = tuple(sorted(PATTERNS))
    """Whose first state is recovered."""
    soups: tuple[float, ...] = ()
    """Densities of random states to be recovered beside them."""
    seed: int = 0
    """Of all that is drawn."""


class Life(Entity):
    """The rule: three neighbours bring a cell to life, two or three keep it alive.

    Args:
      shape: `[G, H, W]` of the cells.
      density: shares of living cells at first, of a shape that broadcasts against that.
    """

    def __init__(self, shape: Sequence[int], density: Any, name: str = "Life") -> None:
        super().__init__(name)
        self._shape, self._density = tuple(shape), density

    def specs(self) -> ValueSpec:
        """Returns the spec of a state: `[G, H, W]` float32 cells, 0 or 1."""
        return ValueSpec(cells=Space.box(0.0, 1.0, self._shape, dims=("grid", "row", "column")))

    def first_state(self) -> Value:
        """Returns a random state: each cell lives by chance."""
        density = tf.broadcast_to(tf.convert_to_tensor(self._density, tf.float32), self._shape)
        return Value(cells=ed.Bernoulli(probs=density, dtype=tf.float32, name="cells"))

    def next_state(self, state: Value) -> Value:
        """Returns what follows.

        Args:
          state: the state before.
        """
        around = neighbourhoods(tf.convert_to_tensor(state.get("cells")))
        alive, count = around[..., 4], tf.reduce_sum(around, axis=-1)
        return Value(cells=tf.cast((count == 3) | ((alive == 1) & (count == 4)), tf.float32))


class LearntLife(Life):
    """A rule that a network of two hidden layers makes of nine cells.

    Args:
      shape: `[G, H, W]` of the cells.
      density: as for `Life`.
      width: of the hidden layers.
      seed: of the initial weights.
    """

    def __init__(self, shape: Sequence[int], density: Any, width: int, seed: int = 0) -> None:
        super().__init__(shape, density, "LearntLife")
        keras = tf.keras
        starts = [keras.initializers.HeNormal(seed=seed + k) for k in range(3)]
        self._layers = [
            keras.layers.Dense(width, "relu", kernel_initializer=starts[0]),
            keras.layers.Dense(width, "relu", kernel_initializer=starts[1]),
            keras.layers.Dense(1, kernel_initializer=starts[2]),
        ]
        self.logits(tf.zeros([1, 3, 3]))

    def logits(self, cells: Any) -> Any:
        """Returns the logits of the next cells.

        Args:
          cells: `[..., H, W]` float32.
        """
        x = 2.0 * neighbourhoods(cells) - 1.0
        for layer in self._layers:
            x = layer(x)
        return x[..., 0]

    def next_state(self, state: Value) -> Value:
        logits = self.logits(tf.convert_to_tensor(state.get("cells")))
        return Value(cells=ed.Bernoulli(logits=logits, dtype=tf.float32, name="cells"))


def neighbourhoods(cells: Any) -> Any:
    """Returns the cells around each cell and, fifth, itself: `[..., H, W, 9]` of `[..., H, W]`.

    Args:
      cells: on a torus.
    """
    high = tf.concat([cells[..., -1:, :], cells, cells[..., :1, :]], axis=-2)
    wide = tf.concat([high[..., -1:], high, high[..., :1]], axis=-1)
    height, width = cells.shape[-2:]
    parts = [wide[..., i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return tf.stack(parts, axis=-1)


def story(life: Life) -> list[Variable]:
    """The first state, drawn, and the states after it.

    Args:
      life: the rule.
    """
    first = Variable("first state", life.specs())
    later = Variable("later states", life.specs())
    first.initial_value = value(life.first_state)
    later.initial_value = value(life.next_state, (first,))
    later.value = value(life.next_state, (later.previous,))
    return [first, later]


def all_neighbourhoods() -> tuple[np.ndarray, np.ndarray]:
    """Returns all `[512, 3, 3]` states of nine cells, and what becomes of the one in the middle."""
    cells = (np.arange(512)[:, None] >> np.arange(9) & 1).astype(np.float32).reshape(512, 3, 3)
    count = cells.sum(axis=(1, 2))
    return cells, (count == 3) | ((count == 4) & (cells[:, 1, 1] == 1))


def margins(life: LearntLife) -> np.ndarray:
    """Returns how far each of the 512 logits is on the right side of 0.

    Args:
      life: the learnt rule.
    """
    cells, alive = all_neighbourhoods()
    logits = life.logits(tf.constant(cells)).numpy()[:, 1, 1]
    return np.where(alive, logits, -logits)


def learn(config: Config) -> tuple[LearntLife, list[float]]:
    """Learns the rule from trajectories of random states.

    Args:
      config: settings.

    Returns:
      The learnt rule, and the log-probability for each cell at each gradient step.
    """
    shape = (config.num_grids, config.training_side, config.training_side)
    density = np.linspace(0.1, 0.9, config.num_grids, dtype=np.float32)[:, None, None]
    seen = TFRuntime(Network(story(Life(shape, density)))).trajectory(
        config.num_steps, seed=config.seed
    )
    made: list[LearntLife] = []

    def learnt() -> list[Variable]:
        made.append(LearntLife(shape, density, config.width, config.seed))
        return story(made[0])

    variables, trainable = entity.story_with_trainable_variables(learnt)
    weights = trainable["LearntLife"]
    scorer, optimizer = Scorer(variables), tf.keras.optimizers.Adam(config.learning_rate)
    optimizer.build(weights)
    cells = float(np.prod(shape)) * config.num_steps
    trace = []
    for iteration in range(config.most_iterations):
        with tf.GradientTape() as tape:
            loss = -scorer.total(seen) / cells
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        trace.append(-float(loss))
        if iteration % 20 == 19 and margins(made[0]).min() > config.least_margin:
            break
    return made[0], trace


def pattern_state(config: Config, name: str) -> np.ndarray:
    """Returns a pattern in the middle of a torus: `[1, H, H]` float32.

    Args:
      config: settings.
      name: of the pattern.
    """
    rows = PATTERNS[name]
    cells = np.zeros((1, config.side, config.side), np.float32)
    top = (config.side - len(rows)) // 2
    for i, row in enumerate(rows):
        left = (config.side - len(row)) // 2
        cells[0, top + i, left : left + len(row)] = [c == "#" for c in row]
    return cells


def followers(cells: np.ndarray, count: int) -> np.ndarray:
    """Returns the true states that follow, `[count, ...]`.

    Args:
      cells: `[G, H, W]` a state.
      count: how many.
    """
    rule, state, found = Life(cells.shape, 0.5), Value(cells=tf.constant(cells)), []
    for _ in range(count):
        state = rule.next_state(state)
        found.append(state.get("cells").numpy())
    return np.stack(found)


def residual(cells: np.ndarray, later: np.ndarray) -> int:
    """Returns how many cells of the later states a first state gets wrong, by the true rule.

    Args:
      cells: `[G, H, W]` the first state.
      later: `[T, G, H, W]` the states after it.
    """
    return int((followers(cells, len(later)) != later).sum())


def on_side(life: LearntLife, shape: Sequence[int], density: float) -> LearntLife:
    """Returns the same rule on another torus.

    Args:
      life: the rule, whose network is shared.
      shape: `[G, H, W]` of the cells.
      density: share of living cells at first.
    """
    other = copy.copy(life)
    other._shape, other._density = tuple(shape), density
    return other
