"""Do agents learn here? Curves over seeds, beside who does not learn and, where known, the best.

    python -m examples.agents_that_learn --ratings ml --out out     # all of it
    python -m examples.agents_that_learn --tasks long_term_satisfaction --learners policy_gradient

Tasks are ready environments of one user: long-term satisfaction at a sensitivity of 0.3, where the
optimum is known, interest evolution with 10 documents and slates of 2, and, given the MovieLens
files (`recsim-ng data movielens-100k ml`), films. All show what the story's own myopic recommender
sees, the first two the step besides. Learners are the policy gradient and SlateQ of this folder,
and Stable-Baselines3's PPO (`pip install '.[rl]'`), which alone learns films. What has been trained
stays in the folder: the same command goes on after an interruption.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from examples import policy_gradient, ppo, slate_q
from examples.learning_tasks import TASKS, Task, films
from recsim_ng import TFRuntime
from recsim_ng.plot import spread, style

_EVALUATED = 10**6  # first seed of the worlds that learners are compared in: none learnt there
LEARNERS = ("policy_gradient", "slate_q", "ppo")
_POINTS, _HEIGHT = 8, 4.4  # of a picture's type, and its inches


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the study."""

    tasks: dict[str, Task] = dataclasses.field(default_factory=lambda: dict(TASKS))
    """What is learnt, by name."""
    learners: tuple[str, ...] = LEARNERS
    """Who learns."""
    num_seeds: int = 5
    """Each learner is trained so often."""
    num_worlds: int = 2000
    """Worlds in which what was learnt is evaluated, the same for all."""
    effort: float = 1.0
    """Share of the updates that each learner takes by default."""


@dataclasses.dataclass(frozen=True)
class Curve:
    """One training.

    Attributes:
      steps: `[I]` environment steps so far.
      returns: `[I]` mean return of the worlds in which it learns, while it explores.
      final: mean return of what was learnt, without exploring.
      seconds: that it took, compiling included.
    """

    steps: list[float]
    returns: list[float]
    final: float
    seconds: float


def train(task: Task, learner: str, seed: int, config: Config) -> Curve:
    """Trains a learner once.

    Args:
      task: what is learnt.
      learner: one of `LEARNERS`.
      seed: of everything.
      config: of the study.
    """
    steps: list[float] = []
    returns: list[float] = []
    start = time.monotonic()
    design, own = task.design(), task.settings[learner]
    if learner == "ppo":

        def report(step: int, mean: float) -> None:
            steps.append(float(step))
            returns.append(mean)

        settings = ppo.Config(**own)
        settings = dataclasses.replace(settings, num_steps=int(settings.num_steps * config.effort))
        evaluate = ppo.learnt(design, settings, seed, report, task.wrapped)
        final = float(np.mean(evaluate(config.num_worlds, _EVALUATED)))
        return Curve(steps, returns, final, time.monotonic() - start)
    sizes = design, task.num_docs, task.slate_size, task.scale
    usual: Any
    agent_of: Any
    if learner == "policy_gradient":
        usual = policy_gradient.Config(**own)
        agent_of = policy_gradient.PolicyGradient
        model: tuple[Any, ...] = ()
    else:
        usual = slate_q.Config(**own)
        agent_of = slate_q.SlateQ
        assert task.choice_logits is not None
        model = task.choice_logits
    updates = max(1, int(usual.num_updates * config.effort))
    agent = agent_of(*sizes, *model, dataclasses.replace(usual, num_updates=updates), seed)
    for i in range(updates):
        returns.append(agent.update(i))
        steps.append((i + 1.0) * usual.num_worlds * design.num_steps)
    final = float(np.mean(agent.returns(_EVALUATED, config.num_worlds)))
    return Curve(steps, returns, final, time.monotonic() - start)


def others(task: Task) -> dict[str, tuple[float, float]]:
    """Returns the story's recommenders' mean return and its standard error, over runs.

    Args:
      task: whose story it is.
    """
    found = {}
    steps = task.design().num_steps
    for name in task.others:
        runtime = TFRuntime(task.story(task.config(name)))
        metric = task.reward
        runs = [
            runtime.trajectory(steps, seed=s, record=metric.record) for s in range(task.num_runs)
        ]
        totals = [float(np.sum(metric.compute(run))) for run in runs]
        found[name] = float(np.mean(totals)), float(np.std(totals, ddof=1) / len(totals) ** 0.5)
    return found


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Returns a mean and its 95 % interval by Student's t.

    Args:
      values: two or more.
    """
    mean = float(np.mean(values))
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return mean, mean - half, mean + half


def run(
    config: Config, report: Callable[[str], None] = lambda text: None, path: Path | None = None
) -> dict[str, Any]:
    """Trains all learners on all tasks.

    Args:
      config: settings.
      report: is told of each training.
      path: where what has been found is kept after each training, and gone on from; None: nowhere.

    Returns:
      By task: "others", name -> (mean, standard error); "learners", name -> its curves.
    """
    found: dict[str, Any] = {}
    if path is not None and path.exists():
        found = json.loads(path.read_text())

    def keep(text: str) -> None:
        if path is not None:
            beside = path.with_suffix(".part")
            beside.write_text(json.dumps(found))
            beside.replace(path)
        report(text)

    for name, task in config.tasks.items():
        here = found.setdefault(name, {"others": {}, "learners": {}})
        if not here["others"]:
            here["others"] = others(task)
            for other, (mean, error) in here["others"].items():
                keep(f"{name}: {other} {mean:,.1f} ({error:.1f})")
        for learner in (x for x in config.learners if x in task.settings):
            curves = here["learners"].setdefault(learner, [])
            for seed in range(len(curves), config.num_seeds):
                curves.append(dataclasses.asdict(train(task, learner, seed, config)))
                keep(
                    f"{name}: {learner}, seed {seed}: {curves[-1]['final']:,.1f} "
                    f"in {curves[-1]['seconds']:.0f} s"
                )
    return found


def plot(found: dict[str, Any], task: str, path: Path) -> None:
    """Draws the learning curves of a task, and at their ends what was learnt, without exploring.

    Who is far below all learners is left out.

    Args:
      found: as `run` returns it.
      task: its name.
      path: of the picture.
    """
    figure, axes = style.new_panel(style.WIDTH, _HEIGHT)
    ends, least, most = [], np.inf, -np.inf
    for i, (learner, curves) in enumerate(found[task]["learners"].items()):
        steps = np.asarray(curves[0]["steps"]) / 1e6
        series = np.asarray([c["returns"] for c in curves])
        mean = series.mean(axis=0)
        half = stats.t.ppf(0.975, len(series) - 1) * series.std(axis=0, ddof=1) / len(series) ** 0.5
        look = style.line_style(i)
        axes.fill_between(steps, mean - half, mean + half, color=look["color"], alpha=0.2, lw=0)
        axes.plot(steps, mean, label=learner.replace("_", " "), **look)
        final, low, high = interval([c["final"] for c in curves])
        bars = {"yerr": [[final - low], [high - final]], "fmt": "o", "markersize": 5, "capsize": 3}
        axes.errorbar([steps[-1]], [final], color=look["color"], zorder=3, **bars)
        ends.append(1.03 * steps[-1])
        least, most = min(least, mean.min(), low), max(most, mean.max(), high)
    levels: dict[float, list[str]] = {}
    others = {n: x for n, (x, _) in found[task]["others"].items() if x > 2 * least - most}
    for name, mean in sorted(others.items(), key=lambda other: other[1]):
        axes.axhline(mean, color=style.FAINT, linewidth=0.8, linestyle=":")
        levels.setdefault(mean, []).append(name)
    low, high = axes.get_ylim()
    room = 1.35 * _POINTS / 72 / _HEIGHT * (high - low)
    for y, names in zip(
        spread.spread(list(levels), [room] * len(levels)), levels.values(), strict=True
    ):
        axes.text(
            max(ends), y, f" {', '.join(names)}", fontsize=_POINTS, color=style.INK, va="center"
        )
    axes.set_ylim(low, high)
    axes.set_xlim(0.02, max(ends))
    axes.set_xscale("log")
    marks = [x for x in (0.03, 0.1, 0.3, 1, 3, 10) if x < max(ends)]
    axes.set_xticks(marks, [f"{x:g}" for x in marks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("environment steps, millions", fontsize=9)
    axes.set_ylabel("return of an episode", fontsize=9)
    axes.set_title(task.replace("_", " "), loc="left", fontsize=11, color=style.INK)
    text = "while exploring; dots: what was learnt, without"
    axes.legend(
        fontsize=8,
        title=text,
        title_fontsize=8,
        alignment="left",
        loc="upper left",
        framealpha=1.0,
        edgecolor="none",
    )
    style.save(figure, path)


def table(found: dict[str, Any]) -> str:
    """Returns the results as Markdown.

    Args:
      found: as `run` returns it.
    """
    lines = ["| task | who | return | less myopic | seconds |", "| --- | --- | --- | --- | --- |"]
    for task, parts in found.items():
        myopic, error = parts["others"]["myopic"]
        for name, (mean, own) in parts["others"].items():
            lines.append(f"| {task} | {name} | {mean:,.1f} (s.e. {own:.1f}) | | |")
        for learner, curves in parts["learners"].items():
            finals = [c["final"] for c in curves]
            mean, low, high = interval(finals)
            seconds = np.mean([c["seconds"] for c in curves])
            slack = 1.96 * error
            lines.append(
                f"| {task} | **{learner}** | {mean:,.1f} ({low:,.1f} to {high:,.1f}) | "
                f"{mean - myopic:+,.1f} ({low - myopic - slack:+,.1f} to "
                f"{high - myopic + slack:+,.1f}) | {seconds:.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, runs the study and writes curves, table and pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS, "films"])
    parser.add_argument("--ratings", help="folder with the MovieLens files, for films")
    parser.add_argument("--learners", nargs="+", choices=LEARNERS, default=list(LEARNERS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--effort", type=float, default=1.0, help="share of the default updates")
    parser.add_argument("--out", type=Path, default=Path("learning"))
    options = parser.parse_args()
    tasks = dict(TASKS) if options.ratings is None else {**TASKS, "films": films(options.ratings)}
    chosen = list(tasks) if options.tasks is None else options.tasks
    if "films" in chosen and "films" not in tasks:
        parser.error("the films need --ratings DIR; `recsim-ng data movielens-100k DIR` makes one")
    if options.seeds < 2:
        parser.error(f"--seeds must be 2 or more, for an interval, got {options.seeds}")
    config = Config(
        {name: tasks[name] for name in chosen},
        tuple(options.learners),
        options.seeds,
        effort=options.effort,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    # A shorter training is no part of a longer one.
    path = options.out / f"learning-{options.effort:g}.json"
    found = run(config, lambda text: print(text, flush=True), path)
    print(table(found))
    for task in found:
        if found[task]["learners"]:
            plot(found, task, options.out / f"{task}.png")


if __name__ == "__main__":
    main()
