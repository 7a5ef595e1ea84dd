"""A neural network learns the rule of the Game of Life, and tells what was before.

The rule is learnt by maximum likelihood from trajectories of random grids on a torus: each next
cell is a Bernoulli draw whose logit a small network makes of the cell and its eight neighbours,

    cell_{t+1}[i, j] ~ Bernoulli(network(cells_t[i-1..i+1, j-1..j+1])).

Then the first state of a pattern is missing, and the next two are known. Under the learnt story it
is a discrete unknown. Of patterns it is known that few cells live, and that these keep company:

    p(cells) ~ prod_ij density^alive_ij exp(-company * alive_ij * max(3 - others_ij, 0)),

with others_ij the living cells among a cell's eight neighbours. Annealed Gibbs sampling searches
for the most likely first state. For comparison, gradient ascent moves cells between 0 and 1 on the
same density.

    python -m examples.life
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng import Entity, Network, Space, TFRuntime, Value, ValueSpec, Variable, ed, value
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
    """Share of living cells of a pattern before anything else is known of it."""
    company: float = 2.0
    """Nats that a pattern's living cell costs for each neighbour that it lacks of three."""
    num_sweeps: int = 150
    """Of the annealed chains."""
    num_chains: int = 24
    """Of these; as many states are moved by gradient ascent from each of two starts."""
    ascent_steps: int = 300
    """Gradient steps of the comparison."""
    patterns: tuple[str, ...] = tuple(sorted(PATTERNS))
    """Whose first state is recovered."""
    soups: tuple[float, ...] = ()
    """Densities of random states to be recovered beside them, of which company is not known."""
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


def new_layers(width: int, seed: int = 0) -> list[Any]:
    """Returns a network of two hidden layers that makes one number of nine.

    Args:
      width: of the hidden layers.
      seed: of the initial weights.
    """
    keras = tf.keras
    starts = [keras.initializers.HeNormal(seed=seed + k) for k in range(3)]
    return [
        keras.layers.Dense(width, "relu", kernel_initializer=starts[0]),
        keras.layers.Dense(width, "relu", kernel_initializer=starts[1]),
        keras.layers.Dense(1, kernel_initializer=starts[2]),
    ]


class LearntLife(Life):
    """A rule that a network makes of nine cells.

    Args:
      shape: `[G, H, W]` of the cells.
      density: as for `Life`.
      layers: of the network, one after the other; several rules may share them.
    """

    def __init__(self, shape: Sequence[int], density: Any, layers: Sequence[Any]) -> None:
        super().__init__(shape, density, "LearntLife")
        self.layers = list(layers)
        self.logits(tf.zeros([1, 3, 3]))

    def logits(self, cells: Any) -> Any:
        """Returns the logits of the next cells.

        Args:
          cells: `[..., H, W]` float32.
        """
        x = 2.0 * neighbourhoods(cells) - 1.0
        for layer in self.layers:
            x = layer(x)
        return x[..., 0]

    def next_state(self, state: Value) -> Value:
        logits = self.logits(tf.convert_to_tensor(state.get("cells")))
        return Value(cells=ed.Bernoulli(logits=logits, dtype=tf.float32, name="cells"))


class Company(Entity):
    """What is known of patterns: their living cells have living neighbours, three or nearly so.

    It is told of each cell whether it is content: a dead one is, a living one is with probability
    exp(-weight * max(3 - others, 0)), but for one tale in a million that is false. That all are is
    the knowledge.

    Args:
      shape: `[G, H, W]` of the cells.
      weight: nats for each neighbour lacking.
    """

    def __init__(self, shape: Sequence[int], weight: float) -> None:
        super().__init__("Company")
        self._shape, self._weight = tuple(shape), weight

    def specs(self) -> ValueSpec:
        """Returns the spec: `[G, H, W]` float32, 1 where a cell is content."""
        return ValueSpec(content=Space.box(0.0, 1.0, self._shape, dims=("grid", "row", "column")))

    def told(self, state: Value) -> Value:
        """Returns whether cells are content.

        Args:
          state: that they are in.
        """
        around = neighbourhoods(tf.convert_to_tensor(state.get("cells")))
        alive = around[..., 4]
        lacking = tf.nn.relu(3.0 + alive - tf.reduce_sum(around, axis=-1))
        # Short of 1, where the density has no derivative.
        probs = (1.0 - 1e-6) * tf.exp(-self._weight * alive * lacking)
        return Value(content=ed.Bernoulli(probs=probs, dtype=tf.float32, name="content"))


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


def story(life: Life, company: Company | None = None) -> list[Variable]:
    """The first state, drawn, the states after it, and what is told of the first.

    Args:
      life: the rule.
      company: what is told; None: nothing.
    """
    first = Variable("first state", life.specs())
    later = Variable("later states", life.specs())
    first.initial_value = value(life.first_state)
    later.initial_value = value(life.next_state, (first,))
    later.value = value(life.next_state, (later.previous,))
    if company is None:
        return [first, later]
    content = Variable("company", company.specs())
    content.initial_value = value(company.told, (first,))
    return [first, later, content]


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
    life = LearntLife(shape, density, new_layers(config.width, config.seed))
    weights = life.trainable_variables
    scorer, optimizer = Scorer(story(life)), tf.keras.optimizers.Adam(config.learning_rate)
    optimizer.build(weights)
    cells = float(np.prod(shape)) * config.num_steps
    trace = []
    for iteration in range(config.most_iterations):
        with tf.GradientTape() as tape:
            loss = -scorer.total(seen) / cells
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        trace.append(-float(loss))
        if iteration % 20 == 19 and margins(life).min() > config.least_margin:
            break
    return life, trace


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


@dataclasses.dataclass(frozen=True, eq=False)
class Ascent:
    """Where gradient ascent has come to, from several starts.

    Attributes:
      cells: `[C, H, W]` between 0 and 1.
      residuals: `[C]` cells of the later states that they get wrong, rounded, by the true rule.
      lacking: `[K]` -log p(what is known | first state) of the best rounded one, every 25 steps.
    """

    cells: np.ndarray
    residuals: np.ndarray
    lacking: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Recovery:
    """What was found out about a first state.

    Attributes:
      name: of the pattern, or the density of a random state.
      truth: `[H, W]` the first state.
      later: `[2, H, W]` the two states after it, which are known.
      state: `[H, W]` the most likely first state that annealing found.
      num_alike: different states as likely as that, among the chains' most likely ones.
      residual: cells of the later states that it gets wrong, by the true rule.
      chain_residuals: `[C]` the same of each chain's most likely state.
      chain_is_true: `[C]` bool whether that is the true first state.
      seconds: that annealing took, with compilation.
      lacking: `[S]` -log p(what is known | first state) of annealing's best chain at each sweep.
      ascents: gradient ascent's, from near the prior and from half-alive cells.
      ascent_seconds: that both took.
    """

    name: str
    truth: np.ndarray
    later: np.ndarray
    state: np.ndarray
    num_alike: int
    residual: int
    chain_residuals: np.ndarray
    chain_is_true: np.ndarray
    seconds: float
    lacking: np.ndarray
    ascents: tuple[Ascent, Ascent]
    ascent_seconds: float

    @property
    def is_true(self) -> bool:
        """Whether the state found is the true first state."""
        return bool((self.state == self.truth).all())


def told(
    config: Config, life: LearntLife, name: str, later: np.ndarray
) -> tuple[list[Variable], dict[str, Value]]:
    """Returns the story of a first state, and what is known of it.

    Args:
      config: settings.
      life: the learnt rule.
      name: of a pattern, or the density of a random state.
      later: `[2, G, H, W]` the states after it.
    """
    shape, known = later.shape[1:], {"later states": Value(cells=tf.constant(later))}
    if name not in PATTERNS:
        return story(LearntLife(shape, float(name), life.layers)), known
    company = Company(shape, config.company)
    known["company"] = Value(content=tf.ones((len(later), *shape)))
    return story(LearntLife(shape, config.density, life.layers), company), known


def recover(config: Config, life: LearntLife, name: str, truth: np.ndarray) -> Recovery:
    """Recovers a first state from the two after it.

    Args:
      config: settings.
      life: the learnt rule.
      name: of the state.
      truth: `[1, H, W]` the state, of which nothing but what follows is told.
    """
    later = followers(truth, 2)
    begun = time.perf_counter()
    target = Target(*told(config, life, name, later))
    settings = annealing.AnnealingSettings(config.num_sweeps, config.num_chains)
    found = annealing.anneal(target, settings, config.seed)
    seconds = time.perf_counter() - begun
    (ends,) = found.ends
    begun = time.perf_counter()
    ascents = ascend(config, life, name, later)
    return Recovery(
        name,
        truth[0],
        later[:, 0],
        found.values[0][0],
        len(np.unique(ends[found.end_log_joint > found.log_joint - 0.01], axis=0)),
        residual(found.values[0], later),
        np.array([residual(cells, later) for cells in ends]),
        (ends == truth).all(axis=(1, 2, 3)),
        seconds,
        -found.log_likelihood[:, int(found.end_log_joint.argmax())],
        ascents,
        time.perf_counter() - begun,
    )


def ascend(config: Config, life: LearntLife, name: str, later: np.ndarray) -> tuple[Ascent, Ascent]:
    """Moves states of cells between 0 and 1 to where the density is greater, by gradients.

    Args:
      config: settings.
      life: the learnt rule.
      name: of the state.
      later: `[2, 1, H, W]` the known states.

    Returns:
      What came of starts near the prior's share of living cells, and of half-alive ones.
    """
    count, shape = config.num_chains, later.shape[2:]
    everywhere = np.ascontiguousarray(np.broadcast_to(later, (2, 2 * count, *shape)))
    variables, known = told(config, life, name, everywhere)
    scorer = Scorer(variables)
    density = config.density if name in PATTERNS else float(name)
    start = np.random.default_rng(config.seed).normal(size=(2 * count, *shape))
    start[:count] += np.log(density / (1.0 - density))
    logits = tf.Variable(start.astype(np.float32))
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build([logits])
    lacking = []
    for step in range(config.ascent_steps):
        with tf.GradientTape() as tape:
            cells = tf.sigmoid(logits)
            first = {"first state": Value(cells=tf.stack([cells, cells]))}
            loss = -scorer.total({**first, **known})
        optimizer.apply_gradients([(tape.gradient(loss, logits), logits)])
        if step % 25 == 24:
            each = lack(variables, known, tf.round(tf.sigmoid(logits)))
            lacking.append([each[:count].min(), each[count:].min()])
    cells = tf.sigmoid(logits).numpy()
    wrong = np.array([residual(x[None], later) for x in np.round(cells)])
    return tuple(  # type: ignore[return-value]
        Ascent(cells[part], wrong[part], np.array(lacking)[:, k])
        for k, part in enumerate((slice(count), slice(count, None)))
    )


def lack(variables: Sequence[Variable], known: dict[str, Value], cells: Any) -> np.ndarray:
    """Returns `[G]` -log p(what is known | first state), for each grid.

    Args:
      variables: the story.
      known: of its other variables.
      cells: `[G, H, W]` float32 the first states.
    """
    first = {"first state": Value(cells=tf.stack([cells, cells]))}
    score = Scorer(variables, graph_compile=False).score({**first, **known})
    told = [score.fields[name][field] for name, x in known.items() for field in x.as_dict]
    axes = [[0, 2, 3] if len(x.shape) == 4 else [1, 2] for x in told]
    return -sum(tf.reduce_sum(x, axis=a).numpy() for x, a in zip(told, axes, strict=True))


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


def table(found: Sequence[Recovery]) -> str:
    """Returns a table in Markdown, one row for each state that was to be recovered.

    Of gradient ascent it says what the best of all starts came to.

    Args:
      found: recoveries, with several seeds.
    """
    heads = (
        "first state",
        "residual 0",
        "true state found",
        "chains: residual 0",
        "chains: true state",
        "seconds",
        "ascent near the prior: true state, residuals",
        "ascent from half-alive: true state, residuals",
        "seconds of ascent",
    )
    lines = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]
    for name in dict.fromkeys(x.name for x in found):
        runs = [x for x in found if x.name == name]
        chains = [x.chain_residuals == 0 for x in runs], [x.chain_is_true for x in runs]
        cells = [
            name if name in PATTERNS else f"random, {float(name):.0%}",
            f"{sum(x.residual == 0 for x in runs)} of {len(runs)}",
            f"{sum(x.is_true for x in runs)} of {len(runs)}",
            *(f"{np.mean(each):.0%}" for each in chains),
            f"{np.mean([x.seconds for x in runs]):.0f}",
        ]
        for k in range(2):
            ends = [(np.round(x.ascents[k].cells) == x.truth).all(axis=(1, 2)) for x in runs]
            least = sorted(int(x.ascents[k].residuals.min()) for x in runs)
            right = sum(bool(each.any()) for each in ends)
            cells.append(f"{right} of {len(runs)}, {least[0]} to {least[-1]}")
        cells.append(f"{np.mean([x.ascent_seconds for x in runs]):.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw_states(found: Recovery, path: Path) -> None:
    """Draws the known states, the true first state and what was found of it.

    Args:
      found: a recovery.
      path: of the PNG file.
    """
    import matplotlib.pyplot as plt

    closest = [ascent.residuals.argmin() for ascent in found.ascents]
    panels = [
        ("true first state (missing)", found.truth),
        ("second (known)", found.later[0]),
        ("third (known)", found.later[1]),
        (f"annealed: residual {found.residual}", found.state),
    ]
    for name, ascent, k in zip(("near prior", "half-alive"), found.ascents, closest, strict=True):
        panels.append((f"ascent, {name}: residual {ascent.residuals[k]}", ascent.cells[k]))
    figure, axes = plt.subplots(1, len(panels), figsize=(14, 2.9), layout="constrained")
    for ax, (title, cells) in zip(axes, panels, strict=True):
        ax.pcolormesh(cells, cmap="Blues", vmin=0, vmax=1, edgecolors="0.85", linewidth=0.3)
        ax.set(title=title, aspect="equal", xticks=[], yticks=[])
        ax.invert_yaxis()
        ax.title.set_fontsize(8)
    figure.suptitle(found.name)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def draw_residuals(found: Sequence[Recovery], path: Path) -> None:
    """Draws how much what is known lacks in log-probability, over time.

    Args:
      found: recoveries, one for each state.
      path: of the PNG file.
    """
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for k, one in enumerate(found):
        for label, y, seconds, style in (
            (one.name, one.lacking, one.seconds, "-"),
            (None, one.ascents[0].lacking, one.ascent_seconds, "--"),
            (None, one.ascents[1].lacking, one.ascent_seconds, ":"),
        ):
            x = np.linspace(0.0, seconds, len(y) + 1)[1:]
            ax.plot(x, np.maximum(y, 1e-2), style, color=f"C{k}", label=label, linewidth=1)
    ax.set(
        xlabel="seconds, compilation included",
        ylabel="-log p(what is known | first state), nats",
        title="annealed (solid); ascent, rounded: near the prior (dashed), half-alive (dotted)",
        yscale="log",
    )
    ax.title.set_fontsize(9)
    ax.legend(frameon=False)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main() -> None:
    """Recovers with the default settings and prints a table; writes plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for plots")
    parser.add_argument("--soups", type=float, nargs="*", default=[], help="densities")
    parser.add_argument("--patterns", nargs="*", default=Config.patterns, help="their names")
    parser.add_argument("--seeds", type=int, nargs="+", default=[Config.seed])
    parser.add_argument("--sweeps", type=int, default=Config.num_sweeps)
    parser.add_argument("--company", type=float, default=Config.company, help="nats")
    flags = parser.parse_args()
    config = Config(
        patterns=tuple(flags.patterns),
        soups=tuple(flags.soups),
        num_sweeps=flags.sweeps,
        company=flags.company,
    )

    def report(x: Recovery) -> None:
        least = [int(ascent.residuals.min()) for ascent in x.ascents]
        print(
            f"{x.name}: residual {x.residual}, {x.state.sum():.0f} living cells "
            f"({x.truth.sum():.0f} in truth), {'' if x.is_true else 'not '}the true state, "
            f"one of {x.num_alike} alike, "
            f"{x.seconds:.1f} s; gradient ascent: residuals {least}, {x.ascent_seconds:.1f} s",
            flush=True,
        )

    found = []
    for seed in flags.seeds:
        found += run(dataclasses.replace(config, seed=seed), report)
    print("\n" + table(found))
    if flags.out is not None:
        flags.out.mkdir(parents=True, exist_ok=True)
        first = found[: len(found) // len(flags.seeds)]
        draw_residuals(first, flags.out / "life-residual.png")
        for x in first:
            draw_states(x, flags.out / f"life-{x.name}.png")


if __name__ == "__main__":
    main()
