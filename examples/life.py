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
from collections.abc import Callable, Sequence
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
    num_sweeps: int = 500
    """Of the annealed chains."""
    num_chains: int = 32
    """Of these; as many states are moved by gradient ascent."""
    ascent_steps: int = 1000
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


@dataclasses.dataclass(frozen=True, eq=False)
class Recovery:
    """What was found out about a first state.

    Attributes:
      name: of the pattern, or the density of a random state.
      truth: `[H, H]` the first state.
      later: `[2, H, H]` the two states after it, which are known.
      states: `[n, H, H]` the different states that annealing found of no residual and, among these,
        fewest living cells; if it found none, the most likely one.
      residual: cells of the later states that the first of these gets wrong, by the true rule.
      seconds: that annealing took, with compilation.
      relaxed: `[H, H]` the state of gradient ascent with the least residual, between 0 and 1.
      relaxed_residual: of that state, rounded.
      relaxed_seconds: that gradient ascent took.
      lacking: `[S]` -log p(later states | first state) of annealing's best chain at each sweep.
      relaxed_lacking: `[K]` the same of the best rounded state of gradient ascent, over its steps.
    """

    name: str
    truth: np.ndarray
    later: np.ndarray
    states: np.ndarray
    residual: int
    seconds: float
    relaxed: np.ndarray
    relaxed_residual: int
    relaxed_seconds: float
    lacking: np.ndarray
    relaxed_lacking: np.ndarray

    @property
    def holds_truth(self) -> bool:
        """Whether the true first state is among the states found."""
        return bool((self.states == self.truth).all(axis=(1, 2)).any())


def recover(config: Config, life: LearntLife, name: str, truth: np.ndarray) -> Recovery:
    """Recovers a first state from the two after it.

    Args:
      config: settings.
      life: the learnt rule.
      name: of the state.
      truth: `[1, H, H]` the state, of which nothing but what follows is told.
    """
    later = followers(truth, 2)
    density = float(name) if name not in PATTERNS else config.density
    begun = time.perf_counter()
    variables = story(on_side(life, truth.shape, density))
    target = Target(variables, {"later states": Value(cells=tf.constant(later))})
    settings = annealing.AnnealingSettings(config.num_sweeps, config.num_chains)
    found = annealing.anneal(target, settings, config.seed)
    seconds = time.perf_counter() - begun
    ends = np.unique(found.ends[0], axis=0)
    solved = [cells for cells in ends if residual(cells, later) == 0]
    fewest = min((cells.sum() for cells in solved), default=0.0)
    states = [cells for cells in solved if cells.sum() == fewest] or [found.values[0]]
    best = int(found.end_log_joint.argmax())
    begun = time.perf_counter()
    relaxed, relaxed_lacking = ascend(config, life, later, density)
    relaxed_seconds = time.perf_counter() - begun
    residuals = [residual(np.round(cells)[None], later) for cells in relaxed]
    closest = int(np.argmin(residuals))
    return Recovery(
        name,
        truth[0],
        later[:, 0],
        np.stack(states)[:, 0],
        residual(states[0], later),
        seconds,
        relaxed[closest],
        residuals[closest],
        relaxed_seconds,
        -found.log_likelihood[:, best],
        relaxed_lacking,
    )


def ascend(
    config: Config, life: LearntLife, later: np.ndarray, density: float
) -> tuple[np.ndarray, np.ndarray]:
    """Moves states of cells between 0 and 1 to where the density is greater, by gradients.

    They start near the prior's share of living cells.

    Args:
      config: settings.
      life: the learnt rule.
      later: `[2, 1, H, H]` the known states.
      density: share of living cells of the first state before anything is known of it.

    Returns:
      `[C, H, H]` the states at last, and -log p(later states | first state) of the best rounded one
      after every 25 steps.
    """
    shape = (config.num_chains, *later.shape[2:])
    scorer = Scorer(story(on_side(life, shape, density)))
    known = Value(cells=tf.constant(np.broadcast_to(later, (2, *shape))))
    start = np.log(density / (1.0 - density)) + np.random.default_rng(config.seed).normal(
        size=shape
    )
    logits = tf.Variable(start.astype(np.float32))
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build([logits])

    def trajectory(cells: Any) -> dict[str, Value]:
        return {"first state": Value(cells=tf.stack([cells, cells])), "later states": known}

    lacking = []
    for step in range(config.ascent_steps):
        with tf.GradientTape() as tape:
            loss = -scorer.total(trajectory(tf.sigmoid(logits)))
        optimizer.apply_gradients([(tape.gradient(loss, logits), logits)])
        if step % 25 == 24:
            score = scorer.score(trajectory(tf.round(tf.sigmoid(logits))))
            of_each = tf.reduce_sum(score.fields["later states"].get("cells"), axis=[0, 2, 3])
            lacking.append(-float(tf.reduce_max(of_each)))
    return tf.sigmoid(logits).numpy(), np.array(lacking)


def run(config: Config, report: Callable[[Recovery], None] | None = None) -> list[Recovery]:
    """Learns the rule, and recovers the first states of patterns and of random states.

    Args:
      config: settings.
      report: is told each recovery as soon as it is done.

    Returns:
      The recoveries.
    """
    life, _ = learn(config)
    rng = np.random.default_rng(config.seed)
    shape = (1, config.side, config.side)
    problems = [(name, pattern_state(config, name)) for name in config.patterns]
    for density in config.soups:
        problems.append((f"{density}", (rng.random(shape) < density).astype(np.float32)))
    found = []
    for name, truth in problems:
        found.append(recover(config, life, name, truth))
        if report is not None:
            report(found[-1])
    return found


def draw_states(found: Recovery, path: Path) -> None:
    """Draws the known states, the true first state and what was found of it.

    Args:
      found: a recovery.
      path: of the PNG file.
    """
    import matplotlib.pyplot as plt

    panels = [
        ("true first state (missing)", found.truth),
        ("second (known)", found.later[0]),
        ("third (known)", found.later[1]),
        (f"annealed: residual {found.residual}", found.states[0]),
        (f"gradient ascent: residual {found.relaxed_residual}", found.relaxed),
    ]
    figure, axes = plt.subplots(1, len(panels), figsize=(12, 2.9), layout="constrained")
    for ax, (title, cells) in zip(axes, panels, strict=True):
        ax.pcolormesh(cells, cmap="Blues", vmin=0, vmax=1, edgecolors="0.85", linewidth=0.3)
        ax.set(title=title, aspect="equal", xticks=[], yticks=[])
        ax.invert_yaxis()
        ax.title.set_fontsize(9)
    figure.suptitle(found.name)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw_residuals(found: Sequence[Recovery], path: Path) -> None:
    """Draws how much the known states lack in log-probability, over time.

    Args:
      found: recoveries.
      path: of the PNG file.
    """
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for k, one in enumerate(found):
        for label, y, seconds, style in (
            (one.name, one.lacking, one.seconds, "-"),
            (None, one.relaxed_lacking, one.relaxed_seconds, "--"),
        ):
            x = np.linspace(0.0, seconds, len(y) + 1)[1:]
            ax.plot(x, np.maximum(y, 1e-2), style, color=f"C{k}", label=label, linewidth=1)
    ax.set(
        xlabel="seconds, compilation included",
        ylabel="-log p(known states | first state), nats",
        title="annealed Gibbs (solid) and gradient ascent, rounded (dashed)",
        yscale="log",
    )
    ax.legend(frameon=False)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main() -> None:
    """Recovers with the default settings and prints a line for each state; writes plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for plots")
    parser.add_argument("--soups", type=float, nargs="*", default=[], help="densities")
    parser.add_argument("--patterns", nargs="*", default=Config.patterns, help="their names")
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--sweeps", type=int, default=Config.num_sweeps)
    flags = parser.parse_args()
    config = Config(
        patterns=tuple(flags.patterns),
        soups=tuple(flags.soups),
        seed=flags.seed,
        num_sweeps=flags.sweeps,
    )
    print("state         residual  living (true)  states  truth found  seconds  by gradient ascent")

    def report(x: Recovery) -> None:
        print(
            f"{x.name:12s} {x.residual:9d} {x.states[0].sum():7.0f} ({x.truth.sum():4.0f}) "
            f"{len(x.states):8d} {'yes' if x.holds_truth else 'no':>12s} {x.seconds:8.1f} "
            f"{x.relaxed_residual:9d} in {x.relaxed_seconds:.1f}",
            flush=True,
        )
        if flags.out is not None:
            draw_states(x, flags.out / f"life-{x.name}.png")

    if flags.out is not None:
        flags.out.mkdir(parents=True, exist_ok=True)
    found = run(config, report)
    if flags.out is not None:
        draw_residuals(found, flags.out / "life-residual.png")


if __name__ == "__main__":
    main()
