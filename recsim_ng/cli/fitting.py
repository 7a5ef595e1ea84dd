"""`recsim-ng fit`: from arguments to a folder with a fit."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from rich.console import Console

from recsim_ng.cli import fit_folder, folder, posterior_table, quiet
from recsim_ng.cli.fit_arguments import Request, differences
from recsim_ng.cli.progress import duration
from recsim_ng.core.errors import DataError, RecSimError

INTERRUPTED = 130


def run(request: Request, out: Console, err: Console) -> int:
    """Fits a story, prints what was found and writes its files.

    Args:
      request: what to fit.
      out: for results.
      err: for progress.

    Returns:
      The exit code: 0, also for a fit that says that it is not to be trusted; 130 if the user
      interrupted it.

    Raises:
      RecSimError: something that the user can mend.
    """
    options = request.options
    folder.check(options.out, options.resume, fit_folder.REQUEST)
    with err.status("starting TensorFlow") if err.is_terminal else contextlib.nullcontext():
        quiet.start_tensorflow()
        from recsim_ng.cli import log_file
        from recsim_ng.inference import progress

        made_with = log_file.made_with("--logs", options.logs, options.run, request.story.name)
        asked, request = request.config, request.as_made(made_with)
        network, logs = request.story.network(request.config)
        logs = log_file.read("--logs", options.logs, options.run, options.steps, options.drop, logs)
        surplus = log_file.require_fit(network, logs, request.story.name)
        about = fit_folder.asked(request, logs, log_file.digest(logs))
        fitter = _fitter(request, network, logs)
    if surplus:
        _say(err, f"Not in the story, and not looked at: {', '.join(surplus)}")
    taken = [f"{name} {x}" for name, x in request.config.items() if x != asked[name]]
    if taken:
        _say(err, f"As the logs were made: {', '.join(taken)}")
    unlike = differences(made_with, request.config) if made_with else []
    if unlike:
        _say(err, f"The story is not as the logs were made: {', '.join(unlike)}")
    path = folder.make(options.out, f"{request.story.name.rpartition(':')[2]}-fit")
    is_old = fit_folder.begin(path, about, options.resume)
    checkpoint = path / fit_folder.CHECKPOINT
    if checkpoint.exists():
        _say(err, f"Goes on from the checkpoint in {path}")
    elif options.resume:
        _say(err, f"Nothing was kept in {path}: " + ("begins anew" if is_old else "a new fit"))
    start = time.monotonic()
    try:
        with progress.ProgressBar("fitting", err) as display:
            fit = fitter.fit(
                seed=options.seed,
                log_likelihood=options.log_likelihood,
                progress=display,
                checkpoint=checkpoint,
            )
    except KeyboardInterrupt:
        _say(err, f"Stopped. Go on with: {request.line(str(path))}")
        return INTERRUPTED
    except RecSimError:
        fit_folder.abandon(path, is_new=not options.out)
        raise
    seconds = time.monotonic() - start
    files = fit_folder.write(path, about, logs, fit, seconds)
    found = posterior_table.estimates(fit.data)
    out.print(posterior_table.rendered(found, fit.problems, fit_folder.title(about)))
    _say(out, f"{duration(seconds)}. In {path}: {', '.join(files)}")
    _say(out, f"Judge it by logs that it has not seen: recsim-ng report {path} --held-out FILE")
    return 0


def _fitter(request: Request, network: Any, logs: Any) -> Any:
    import tensorflow as tf

    from recsim_ng.inference import fitting, method

    kind = method.SETTINGS[request.method]
    parameters = request.options.parameters or None
    settings = kind(**request.settings)
    try:
        return fitting.Fitter(
            network,
            logs,
            parameters,
            request.method,
            settings=settings,
            seed=request.options.seed,
        )
    except RecSimError:
        raise
    except Exception as error:  # of TensorFlow, where shapes do not go together
        why = [w for w in str(error).strip().splitlines() if w != "in user code:"] or [""]
        is_of_tensors = isinstance(error, ValueError | TypeError | tf.errors.OpError)
        hint = "give the settings that the logs were made with, or " if is_of_tensors else ""
        raise DataError(
            f"recsim-ng: the story must run along the logs, got {type(error).__name__}: "
            f"{why[0].strip()}{request.story.line_of(error)}; {hint}mend the story"
        ) from error


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
