"""Trajectories that `recsim-ng run` keeps: logs for `recsim-ng fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recsim_ng.cli import arguments
from recsim_ng.core.errors import ConfigError, DataError

_STEM = "trajectory-"


def write(path: Path, study: arguments.Study, network: Any) -> list[str]:
    """Runs the first seeds of a study again, which gives the same numbers, and keeps all fields.

    Args:
      path: the folder.
      study: what was run.
      network: the story.

    Returns:
      The names of the files, one for each seed.
    """
    from recsim_ng.runtime import TFRuntime

    options, names = study.options, []
    runtime = TFRuntime(network, jit_compile=None if options.jit else False)
    for seed in range(options.seed, options.seed + options.trajectories):
        name = f"{_STEM}{seed}.nc"
        if not (path / name).exists():
            run = runtime.trajectory(options.num_steps, seed=seed)
            run.with_metadata(story=study.story, config=study.config).save(path / name)
        names.append(name)
    return names


def find(where: str, name: str, seed: int | None) -> Path:
    """Returns the file that holds the logs.

    Args:
      where: the flag that names them, for errors.
      name: a file, or a folder of `recsim-ng run` (or its results.nc).
      seed: which of the folder's trajectories; None: the first. Files hold only one.

    Raises:
      DataError: (also a ValueError) there is nothing of that name, or no trajectory in the folder.
      ConfigError: (also a ValueError) a seed is chosen, of a file.
    """
    path = Path(name).expanduser()
    if path.name == "results.nc" and path.is_file():
        path = path.parent
    if path.is_file():
        if seed is not None:
            raise ConfigError(
                f"{where}: must be a folder of `recsim-ng run` for --run to choose from, got the "
                f"file {name}; leave --run out"
            )
        return path
    if not path.is_dir():
        raise DataError(f"{where}: must be a file or a folder, got {name}, which is not there")
    held = sorted(
        int(seed)
        for seed in (file.stem.removeprefix(_STEM) for file in path.glob(f"{_STEM}*.nc"))
        if seed.isdigit()
    )
    if not held:
        raise DataError(
            f"{where}: must hold a trajectory, got {name} without one; make it by `recsim-ng run` "
            "with --trajectories, or name a file that Trajectory.save wrote"
        )
    if seed is not None and seed not in held:
        raise DataError(f"{where}: must hold seed {seed}, got a folder with {held}; choose one")
    return path / f"{_STEM}{held[0] if seed is None else seed}.nc"
