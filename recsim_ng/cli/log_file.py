"""Logs for a fit: read, cut and checked against the story."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.cli import trajectory_file
from recsim_ng.cli.fit_arguments import span
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.field_spec import FieldSpec, Space
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value


def read(
    flag: str, name: str, run: int | None, steps: str, drop: Sequence[str], given: Any = None
) -> Trajectory:
    """Reads logs and leaves out what is not wanted.

    Args:
      flag: that named them.
      name: of the file or folder; "": the given ones.
      run: which of a folder's seeds.
      steps: "FROM:TO".
      drop: names of variables, or "variable.field".
      given: logs that the story itself has read, as `recsim_ng.inference.fit` takes them, or None.

    Raises:
      ConfigError: (also a ValueError) no logs are named, and the story reads none.
      DataError: (also a ValueError) there are none, they have no such steps or fields, or nothing
        is left.
    """
    if name:
        logs = Trajectory.load(trajectory_file.find(f"recsim-ng: {flag}", name, run))
    elif given is None:
        raise ConfigError(f"recsim-ng: {flag} must name the logs, got none; add {flag} FILE")
    else:
        logs = given if isinstance(given, Trajectory) else _trajectory(given)
    return without(_cut(logs, steps), drop)


def made_with(flag: str, name: str, run: int | None, story: str) -> dict[str, Any]:
    """Returns the settings that a story's logs were made with; none if they do not say.

    Args:
      flag: that named them.
      name: of the file or folder; "": there is none.
      run: which of a folder's seeds.
      story: the story's name.

    Raises:
      DataError: (also a ValueError) there are none.
    """
    if not name:
        return {}
    about = Trajectory.load(trajectory_file.find(f"recsim-ng: {flag}", name, run)).metadata
    config = about.get("config")
    return config if about.get("story") == story and isinstance(config, dict) else {}


def without(logs: Trajectory, drop: Sequence[str], *, is_strict: bool = True) -> Trajectory:
    """Returns logs without some of their fields.

    Args:
      logs: the logs.
      drop: names of variables, or "variable.field".
      is_strict: whether what is to be left out must be there.

    Raises:
      DataError: (also a ValueError) there is no such field, or nothing is left.
    """
    held = [(v, f) for v, value in logs.values_by_name.items() for f in value.as_dict]
    names = [f"{v}.{f}" for v, f in held]
    unwanted: set[str] = set()
    for name in drop:
        found = {f"{v}.{f}" for v, f in held if name == v or f"{v}.{f}".startswith(f"{name}.")}
        found |= {name} & set(names)
        if not found and is_strict:
            raise DataError(
                f"recsim-ng: --drop (--latent) must name what the logs hold, {names}, got '{name}'"
            )
        unwanted |= found
    values: dict[str, Value] = {}
    for variable, value in logs.values_by_name.items():
        kept = {f: x for f, x in value.as_dict.items() if f"{variable}.{f}" not in unwanted}
        if kept or not value.as_dict:
            values[variable] = Value(**kept)
    if len(unwanted) == len(names):
        raise DataError(f"recsim-ng: --drop must leave something of the logs, got all of {names}")
    return dataclasses.replace(logs, values_by_name=values, static=logs.static & set(values))


def require_fit(network: Network, logs: Trajectory, story: str) -> list[str]:
    """Requires fields of logs to be of the shapes that the story says.

    Of what type numbers may be is for `recsim_ng.inference` to say.

    Args:
      network: the story.
      logs: to be fitted.
      story: its name.

    Returns:
      Names of variables in the logs that the story does not have.

    Raises:
      DataError: (also a ValueError) a field is not, or none is of the story.
    """
    specs = {v.name: v.spec.as_dict for v in network.variables}
    unknown = [name for name in logs.values_by_name if name not in specs]
    if len(unknown) == len(logs):
        raise DataError(
            f"recsim-ng: the logs must hold variables of the story, {list(specs)}, got {unknown}; "
            "name the story that they are of"
        )
    for name, value in logs.values_by_name.items():
        for field, x in value.as_dict.items() if name in specs else ():
            if field not in specs[name]:
                continue  # the library names it
            spec = specs[name][field].fresh()
            fits, why = spec.check_value(_typed(x if name in logs.static else x[0], spec))
            if not fits:
                made = _made_by(logs, story)
                raise DataError(
                    f"recsim-ng: the logs must fit the story, got variable '{name}', field "
                    f"'{field}': {why}{made or '; give the settings that the logs were made with'}"
                )
    return unknown


def digest(logs: Trajectory) -> str:
    """Returns a SHA-256 of the logs' fields.

    Args:
      logs: the logs.
    """
    found = hashlib.sha256()
    for name, value in sorted(logs.values_by_name.items()):
        for field, x in sorted(value.as_dict.items()):
            array = np.ascontiguousarray(x)
            found.update(f"{name}.{field} {array.dtype} {array.shape}".encode())
            found.update(str(array.tolist()).encode() if array.dtype == object else array.tobytes())
    return found.hexdigest()


def _trajectory(logs: Mapping[str, Value]) -> Trajectory:
    values = {name: value.map(tf.convert_to_tensor) for name, value in logs.items()}
    lengths = [int(x.shape[0]) for value in values.values() for x in value.as_dict.values()]
    return Trajectory(values, length=lengths[0] if lengths else 0)


def _cut(logs: Trajectory, steps: str) -> Trajectory:
    kept = range(int(logs.length))[span(steps, "--steps")]
    if steps and (not kept or kept.stop < int(steps.partition(":")[2] or 0)):
        has = int(logs.length)
        raise DataError(
            f"recsim-ng: --steps must be steps of the logs, which have {has}, got {steps}"
        )

    def part(x: Any) -> Any:
        return x[kept.start : kept.stop] if tf.is_tensor(x) else x

    values = {
        name: value if name in logs.static else value.map(part)
        for name, value in logs.values_by_name.items()
    }
    return dataclasses.replace(logs, values_by_name=values, length=len(kept))


def _typed(x: Any, spec: FieldSpec) -> Any:
    """Numbers in a spec's type."""
    dtype = spec.space.dtype if isinstance(spec, Space) else None
    is_number = tf.is_tensor(x) and (x.dtype.is_floating or x.dtype.is_integer or x.dtype.is_bool)
    return x if dtype is None or not is_number else tf.cast(x, dtype)


def _made_by(logs: Trajectory, story: str) -> str:
    config, name = logs.metadata.get("config"), logs.metadata.get("story")
    if not isinstance(config, dict):
        return ""
    if name != story:
        return f"; the logs were made by the story {name}: name that"
    sizes = [
        f"--{name.replace('_', '-')} {x}"
        for name, x in config.items()
        if isinstance(x, int) and not isinstance(x, bool)
    ]
    return f"; the logs were made with {' '.join(sizes)}: add that"
