"""`recsim-ng run` and `recsim-ng compare`: from arguments to a folder of results."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from recsim_ng.cli import arguments, folder, quiet, report, table, trajectory_file
from recsim_ng.cli.arms import arms_of
from recsim_ng.cli.progress import ProgressDisplay, duration
from recsim_ng.core.errors import OutputError
from recsim_ng.stories import catalogue

INTERRUPTED = 130


def run(study: arguments.Study, out: Console, err: Console) -> int:
    """Runs a study, prints its tables and writes its files.

    Args:
      study: what to run.
      out: for results.
      err: for progress.

    Returns:
      The exit code: 0, or 130 if the user interrupted it; what had finished is reported.

    Raises:
      RecSimError: something that the user can mend, before the run or in it; in the run, what had
        finished is reported first.
    """
    options, configs = study.options, {study.story: study.config}
    if study.vary is not None:
        settings = arguments.source(study.story).settings
        configs = arms_of(study.vary, study.config, settings)
    folder.check(options.out, options.resume)
    cores = len(os.sched_getaffinity(0))
    workers = min(options.workers or cores, options.seeds * len(configs))
    with err.status("starting TensorFlow") if err.is_terminal else contextlib.nullcontext():
        quiet.start_tensorflow()
        networks, metrics = _networks(study.story, configs)
    path = folder.make(options.out, study.story)
    if options.resume and not (path / folder.RUNS).exists():
        _say(err, f"Nothing to resume in {path}: this is a new run")

    from recsim_ng.runtime.experiment import Experiment

    experiment = Experiment(
        networks,
        metrics,
        options.num_steps,
        range(options.seed, options.seed + options.seeds),
        workers=workers,
        jit_compile=None if options.jit else False,
        check_finite=options.check_finite,
        log=path / folder.RUNS,
        resume=options.resume,
        settings={"story": study.story, "configs": configs},
    )
    _announce(study, len(configs), workers, out)
    start, stopped = time.monotonic(), None
    num_users = _num_users(networks[next(iter(configs))])
    unit, users = ("steps", 1) if num_users is None else ("user-steps", num_users)
    with contextlib.closing(experiment):
        try:
            with ProgressDisplay(err, options.num_steps * users, unit) as display:
                experiment.run(display)
        except (KeyboardInterrupt, Exception) as error:
            stopped = error
        results, seconds = experiment.results(), time.monotonic() - start
    if results.num_finished:
        with _undisturbed() if isinstance(stopped, KeyboardInterrupt) else contextlib.nullcontext():
            table.print_results(out, results)
            network = networks[results.arms[0]]
            try:
                files = report.write(path, study, configs, results, network, seconds)
                if stopped is None:
                    files += trajectory_file.write(path, study, network)
            except OSError as error:
                raise OutputError(
                    f"{path}: what was found must be written there, got: {error}; make room, then "
                    f"go on with --out {path} --resume: {folder.RUNS} keeps the finished runs"
                ) from error
            _say(out, f"{duration(seconds)}. In {path}: {', '.join(files)}")
    if stopped is None:
        return 0
    total = len(results.arms) * len(results.seeds)
    here = dataclasses.replace(options, out=str(path), resume=True)
    again = arguments.command_line(dataclasses.replace(study, options=here))
    _say(err, f"Stopped after {results.num_finished} of {total} runs. Go on with: {again}")
    if isinstance(stopped, KeyboardInterrupt):
        return INTERRUPTED
    raise stopped


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Lets Ctrl-C wait while what has finished is reported: who presses it twice wants that too."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _networks(story: str, configs: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], Any]:
    from recsim_ng.core.network import Network

    module = catalogue.find(story).load()
    made = {arm: module.Config(**config) for arm, config in configs.items()}
    return {
        arm: Network(module.story(config)) for arm, config in made.items()
    }, module.STUDY.metrics


def _num_users(network: Any) -> int | None:
    """The number of users, where a field has an axis for them."""
    for variable in network.variables:
        for spec in variable.spec.as_dict.values():
            if (spec.dims or ("",))[0] == "user":
                return int(spec.space.shape[0])
    return None


def _announce(study: arguments.Study, num_arms: int, workers: int, out: Console) -> None:
    sizes = {n.removeprefix("num_"): x for n, x in study.config.items() if n.startswith("num_")}
    parts = [f"{x} {name.replace('_', ' ')}" for name, x in sizes.items() if x]
    parts += [f"{study.options.num_steps} steps", f"{study.options.seeds} seeds"]
    parts += [f"{num_arms} arms"] if num_arms > 1 else []
    _say(out, f"{study.story}: {', '.join(parts)}; {workers} runs at a time")
    published = arguments.published_line(study)
    if published is not None:
        _say(out, f"The published size: {published}")


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
