"""The files of a study: numbers and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recsim_ng.cli import arguments, folder

Numbers = dict[str, float | int]


def write(
    path: Path,
    study: arguments.Study,
    configs: dict[str, dict[str, Any]],
    results: Any,
    network: Any,
    seconds: float,
) -> list[str]:
    """Writes summary.json, results.nc, a plot of each metric and the network's picture.

    Args:
      path: the folder.
      study: what was asked for.
      configs: arm -> its settings.
      results: a `recsim_ng.runtime.results.Results`.
      network: to be drawn.
      seconds: how long it took.

    Returns:
      The names of the files.
    """
    from recsim_ng import plot

    folder.write_json(path / "summary.json", summary(study, configs, results, seconds))
    results.save(path / "results.nc")
    pictures = [f"{metric}.png" for metric in results.metrics]
    for metric, picture in zip(results.metrics, pictures, strict=True):
        plot.plot_metric(results, metric, path / picture)
    plot.draw_network(network, path / "network.png")
    return ["summary.json", "results.nc", folder.RUNS, *pictures, "network.png"]


def summary(
    study: arguments.Study, configs: dict[str, dict[str, Any]], results: Any, seconds: float
) -> dict[str, Any]:
    """Returns what a study comes to, JSON-like.

    Args:
      study: what was asked for.
      configs: arm -> its settings.
      results: a `recsim_ng.runtime.results.Results`.
      seconds: how long it took.
    """
    from recsim_ng.core.trajectory import versions

    metrics = {}
    for metric in results.metrics:
        by_arm = {arm: _last(results.estimate(metric, arm)) for arm in results.arms}
        metrics[metric] = {"label": results.label(metric), "arms": by_arm}
        if len(results.arms) > 1:
            others = results.arms[1:]
            paired = {arm: _last(results.difference(metric, arm)) for arm in others}
            metrics[metric]["differences_to_first"] = paired
    return {
        "story": study.story,
        "command": arguments.command_line(study),
        "config": study.config,
        "arms": configs,
        "num_steps": results.num_steps,
        "seeds": results.seeds,
        "runs_finished": results.num_finished,
        "runs": len(results.arms) * len(results.seeds),
        "seconds": round(seconds, 3),
        "versions": versions(),
        "metrics_at_last_step": metrics,
    }


def _last(estimate: Any) -> Numbers:
    last = estimate.at_step(-1)
    names = {"mean": "mean", "standard_error": "standard_error", "low": "low", "high": "high"}
    numbers: Numbers = {name: float(getattr(last, field)) for name, field in names.items()}
    return {**numbers, "seeds": last.count}
