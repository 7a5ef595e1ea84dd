"""Trajectory: the values of a network's variables over time."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import xarray as xr

from recsim_ng.core.errors import DataError, FieldError, OutputError
from recsim_ng.core.value import Value

_PACKAGES = ("recsim_ng", "tensorflow", "tensorflow-probability", "edward2", "numpy")


def versions() -> dict[str, str]:
    """Returns the versions of what makes a trajectory: package name -> version."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "unknown"
    return found


@dataclasses.dataclass(eq=False, repr=False)
class Trajectory:
    """x_0, ..., x_{T-1} of some or all variables: a mapping from name to Value, time axis first.

    Static variables have the time axis like all others, but are stored once: they are broadcast
    when they are looked up. It is no `collections.abc.Mapping`, which TensorFlow would take apart,
    so that a `tf.function` may return it.

    Attributes:
      values_by_name: variable name -> Value; of static variables without the time axis.
      static: names of the static variables.
      length: T, the number of steps (an int, or a tensor where a graph decides).
      seed: the seed that made it, an int, a pair of ints or a tensor; None for logs.
      dims: variable name -> field name -> names of the field's axes, time left out.
      metadata: what else made it, such as story and config; JSON-like.
    """

    values_by_name: dict[str, Value]
    static: frozenset[str] = frozenset()
    length: Any = 0
    seed: Any = None
    dims: Mapping[str, Mapping[str, tuple[str, ...]]] = dataclasses.field(default_factory=dict)
    metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __tf_flatten__(self) -> tuple[Any, tuple[Any, ...]]:
        names = tuple(sorted(self.values_by_name))
        seed_is_tensor = tf.is_tensor(self.seed)
        fixed = (names, self.static, None if seed_is_tensor else self.seed, self.dims)
        parts = tuple(self.values_by_name[n] for n in names)
        return (*fixed, self.metadata), (*parts, self.length, self.seed if seed_is_tensor else ())

    @classmethod
    def __tf_unflatten__(cls, metadata: Any, components: Any) -> Trajectory:
        names, static, seed, dims, rest = metadata
        *parts, length, seed_tensor = components
        seed = seed_tensor if tf.is_tensor(seed_tensor) else seed
        return cls(dict(zip(names, parts, strict=True)), static, length, seed, dims, rest)

    def __getitem__(self, variable_name: str) -> Value:
        if variable_name not in self.values_by_name:
            raise KeyError(
                f"Trajectory: no variable '{variable_name}'; there are {list(self.values_by_name)}"
            )
        value = self.values_by_name[variable_name]
        return value.map(self._over_time) if variable_name in self.static else value

    def _over_time(self, field: Any) -> Any:
        if not tf.is_tensor(field):
            return field
        return tf.broadcast_to(field, tf.concat([[self.length], tf.shape(field)], axis=0))

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    def __contains__(self, variable_name: object) -> bool:
        return variable_name in self.values_by_name

    def keys(self) -> list[str]:
        """Returns the names of the variables."""
        return list(self.values_by_name)

    def values(self) -> list[Value]:
        """Returns the variables' values over time."""
        return [self[name] for name in self]

    def items(self) -> list[tuple[str, Value]]:
        """Returns pairs of name and value over time."""
        return [(name, self[name]) for name in self]

    def get(self, variable_name: str, default: Any = None) -> Any:
        """Returns a variable's value over time, `default` if there is no such variable.

        Args:
          variable_name: of the variable.
          default: in place of what is not there.
        """
        return self[variable_name] if variable_name in self else default

    def __repr__(self) -> str:
        inner = ", ".join(f"{name!r}: {value!r}" for name, value in self.values_by_name.items())
        return f"Trajectory(length={self.length}, seed={self.seed}, {{{inner}}})"

    def at_step(self, t: int) -> dict[str, Value]:
        """Returns the network value x_t, which can be a `starting_value`.

        Args:
          t: the step, 0 <= t < T; negative ones count from the end.

        Raises:
          FieldError: (also a ValueError) there is no such step.
        """
        if not -int(self.length) <= t < int(self.length):
            raise FieldError(f"Trajectory.at_step: t must be within 0..{self.length - 1}, got {t}")
        return {
            name: value if name in self.static else value.map(lambda field: field[t])
            for name, value in self.values_by_name.items()
        }

    def to_xarray(self) -> xr.Dataset:
        """Returns the trajectory as an xarray Dataset.

        Data variables are named "variable.field" (with "|" in place of "/", which NetCDF keeps for
        groups), their first dimension is "time" (static ones have none: xarray broadcasts by
        name), the others bear the names that the specs give, or "variable.field_0", ... where they
        give none. Fields that are no tensors are left out; bfloat16 becomes float32.

        Raises:
          FieldError: (also a ValueError) a string is not UTF-8.
        """
        data: dict[str, Any] = {}
        sizes = {"time": int(self.length)}
        for name, value in self.values_by_name.items():
            static = name in self.static
            for field_name, field in value.as_dict.items():
                if not isinstance(field, tf.Tensor | np.ndarray):
                    continue
                label = _unused(f"{name}.{field_name}".replace("/", "|"), data)
                array, attributes = _storable(np.asarray(field), label)
                named = self.dims.get(name, {}).get(field_name)
                rest = array.shape if static else array.shape[1:]
                over_time = () if static else ("time",)
                dims = _dimension_names(label, named, rest, sizes, over_time)
                attributes = {"variable": name, "field": field_name, **attributes}
                data[label] = (dims, array, attributes)
        about: dict[str, Any] = {
            "length": int(self.length),
            "seed": json.dumps(_plain(self.seed)),
            "variables": json.dumps(list(self.values_by_name)),
            "static": json.dumps(sorted(self.static)),
            "dims": json.dumps(_plain(self.dims)),
            "metadata": json.dumps(_plain(self.metadata)),
            "versions": json.dumps(versions()),
        }
        for name in ("story", "config"):
            if name in self.metadata:
                about[name] = json.dumps(_plain(self.metadata[name]))
        return xr.Dataset(data, attrs=about)

    def with_metadata(self, **metadata: Any) -> Trajectory:
        """Returns the trajectory with more of what made it, which `save` writes beside the seed.

        Args:
          **metadata: such as story="ecosystem" and config=config; JSON-like, or dataclasses.
        """
        return dataclasses.replace(self, metadata={**self.metadata, **metadata})

    def save(self, path: str | os.PathLike) -> None:
        """Writes the trajectory as NetCDF, which plain xarray opens.

        It is written aside and renamed, so that a file is there wholly or not at all.

        Args:
          path: of the file.

        Raises:
          OutputError: (also an OSError) it cannot be written there.
        """
        path = Path(path)
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        dataset = self.to_xarray()
        for array in dataset.data_vars.values():
            array.encoding["_FillValue"] = None  # nothing is missing
        try:
            dataset.to_netcdf(aside, engine="h5netcdf")
            os.replace(aside, path)
        except OSError as error:
            raise OutputError(
                f"Trajectory.save: '{path}' must be a file that can be written, got: {error}; "
                "check the folder and its permissions"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Trajectory:
        """Reads a trajectory that `save` wrote.

        Args:
          path: of the file.

        Returns:
          The trajectory.

        Raises:
          DataError: (also a ValueError) there is no such file or it holds no trajectory.
        """
        if not Path(path).is_file():
            raise DataError(f"Trajectory.load: '{path}' must be a file, got none; check the path")
        try:
            with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False) as opened:
                dataset = opened.load()
            names = ("seed", "variables", "static", "dims", "metadata")
            attributes = {name: json.loads(dataset.attrs[name]) for name in names}
            length = int(dataset.attrs["length"])
        except (OSError, KeyError, ValueError) as error:
            raise DataError(
                f"Trajectory.load: '{path}' must be written by Trajectory.save, got: {error}"
            ) from error
        values: dict[str, dict[str, Any]] = {name: {} for name in attributes["variables"]}
        for array in dataset.data_vars.values():
            tensor = tf.convert_to_tensor(array.values)
            if "dtype" in array.attrs:
                tensor = tf.cast(tensor, array.attrs["dtype"])
            values[array.attrs["variable"]][array.attrs["field"]] = tensor
        seed = attributes["seed"]
        return cls(
            {name: Value(**fields) for name, fields in values.items()},
            frozenset(attributes["static"]),
            length,
            tuple(seed) if isinstance(seed, list) else seed,
            {
                name: {field: tuple(dims) for field, dims in fields.items()}
                for name, fields in attributes["dims"].items()
            },
            attributes["metadata"],
        )


def _unused(label: str, used: Mapping[str, Any]) -> str:
    candidate, count = label, 1
    while candidate in used:
        count += 1
        candidate = f"{label}_{count}"
    return candidate


def _storable(array: np.ndarray, label: str) -> tuple[np.ndarray, dict[str, str]]:
    """An array of a type that NetCDF has, and attributes that say what it was."""
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32), {"dtype": "bfloat16"}
    if array.dtype == object or array.dtype.kind == "S":  # TensorFlow's strings are bytes
        try:
            decoded = [x.decode() if isinstance(x, bytes) else str(x) for x in array.ravel()]
        except UnicodeDecodeError as error:
            raise FieldError(f"Trajectory: '{label}' must hold UTF-8 strings, {error}") from error
        return np.array(decoded, dtype=object).reshape(array.shape), {"dtype": "string"}
    return array, {}


def _dimension_names(
    label: str,
    named: tuple[str, ...] | None,
    shape: tuple[int, ...],
    sizes: dict[str, int],
    before: tuple[str, ...],
) -> tuple[str, ...]:
    """A name for each axis, unique within the field, of one size within the data set."""
    if named is None or len(named) != len(shape):
        named = tuple(f"{label}_{i}" for i in range(len(shape)))
    names = list(before)
    for name, size in zip(named, shape, strict=True):
        name = name.replace("/", "|")
        candidate, count = name, 1
        while candidate in names or sizes.get(candidate, size) != size:
            count += 1
            candidate = f"{name}_{count}"
        sizes[candidate] = size
        names.append(candidate)
    return tuple(names)


def _plain(x: Any) -> Any:
    """JSON-like: tensors and arrays as lists, tuples as lists, dataclasses as dictionaries."""
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return _plain(dataclasses.asdict(x))
    if isinstance(x, Mapping):
        return {str(k): _plain(v) for k, v in x.items()}
    if isinstance(x, list | tuple | set | frozenset):
        return [_plain(v) for v in x]
    if isinstance(x, np.ndarray | np.generic) or hasattr(x, "numpy"):
        return np.asarray(x).tolist()
    return x if x is None or isinstance(x, bool | int | float | str) else str(x)
