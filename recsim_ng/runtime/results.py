"""Results: what came out of an experiment, arms x seeds x time."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from recsim_ng.core.errors import DataError, FieldError
from recsim_ng.core.study import HeadlineMetric
from recsim_ng.runtime.estimate import Estimate, estimate

Series = Mapping[str, np.ndarray]
"""Metric name -> `[T]` float64: what one run comes to."""

_FINISHED = "finished"


@dataclasses.dataclass(frozen=True, eq=False)
class Results:
    """Metrics over time for every arm and seed.

    Attributes:
      dataset: one data variable for each metric, with the dimensions (arm, seed, time) and the
        attributes `long_name` and `better` ("higher", "lower" or ""), and "finished" (arm, seed).
        What has not finished is NaN.
    """

    dataset: xr.Dataset

    @classmethod
    def of(
        cls,
        finished: Mapping[tuple[str, int], Series],
        arms: Sequence[str],
        seeds: Sequence[int],
        metrics: Sequence[HeadlineMetric],
        num_steps: int,
        settings: Mapping[str, Any],
    ) -> Results:
        """Puts finished runs together.

        Args:
          finished: (arm, seed) -> metrics of the run.
          arms: names of all arms, finished or not.
          seeds: all seeds, finished or not.
          metrics: what was looked at.
          num_steps: T.
          settings: JSON-like; kept as attributes of the dataset, each a JSON string.

        Returns:
          The results.
        """
        done = np.array([[(arm, seed) in finished for seed in seeds] for arm in arms])
        data: dict[str, Any] = {_FINISHED: (("arm", "seed"), done.reshape(len(arms), len(seeds)))}
        for metric in metrics:
            values = np.full((len(arms), len(seeds), num_steps), np.nan)
            for a, s in zip(*np.nonzero(data[_FINISHED][1]), strict=True):
                values[a, s] = finished[arms[a], seeds[s]][metric.name]
            better = {True: "higher", False: "lower", None: ""}[metric.higher_is_better]
            described = {"long_name": metric.label, "better": better}
            data[metric.name] = (("arm", "seed", "time"), values, described)
        places = {"arm": list(arms), "seed": list(seeds), "time": np.arange(num_steps)}
        attributes = {name: json.dumps(x) for name, x in settings.items()}
        return cls(xr.Dataset(data, places, attributes))

    @property
    def arms(self) -> list[str]:
        """Names of the arms; the first is what the others are compared to."""
        return [str(arm) for arm in self.dataset["arm"].values]

    @property
    def seeds(self) -> list[int]:
        """The seeds, finished or not."""
        return [int(seed) for seed in self.dataset["seed"].values]

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics."""
        return [str(name) for name in self.dataset.data_vars if name != _FINISHED]

    @property
    def num_steps(self) -> int:
        """T."""
        return self.dataset.sizes["time"]

    @property
    def num_finished(self) -> int:
        """The number of finished runs, over all arms."""
        return int(self.dataset[_FINISHED].sum())

    def label(self, metric: str) -> str:
        """Returns what a metric is, with its unit.

        Args:
          metric: its name.
        """
        return str(self._series(metric).attrs.get("long_name", metric))

    def estimate(self, metric: str, arm: str) -> Estimate:
        """Returns a metric's mean over an arm's finished seeds, `[T]`.

        Args:
          metric: its name.
          arm: its name.

        Returns:
          The mean at every step, with standard error and 95 % interval.
        """
        return estimate(self._runs(metric, arm, self._finished(arm)))

    def difference(self, metric: str, arm: str) -> Estimate:
        """Returns how much a metric differs from the first arm's, `[T]`, seed by seed.

        Arms share the noise of all that they share, so a difference within a seed is much better
        known than the two means are.

        Args:
          metric: its name.
          arm: its name.

        Returns:
          The mean over the seeds that both arms finished, with standard error and 95 % interval.
        """
        first = self.arms[0]
        both = self._finished(arm) & self._finished(first)
        return estimate(self._runs(metric, arm, both) - self._runs(metric, first, both))

    def save(self, path: str | os.PathLike) -> None:
        """Writes the results as NetCDF, which plain xarray opens; wholly or not at all.

        Args:
          path: of the file.
        """
        path = Path(path)
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            self.dataset.to_netcdf(aside, engine="h5netcdf")
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Results:
        """Reads results that `save` wrote.

        Args:
          path: of the file.

        Returns:
          The results.

        Raises:
          DataError: (also a ValueError) there is no such file, or it holds no results.
        """
        if not Path(path).is_file():
            raise DataError(f"Results.load: '{path}' must be a file, got none; check the path")
        try:
            with xr.open_dataset(path, engine="h5netcdf") as opened:
                dataset = opened.load()
        except (OSError, ValueError) as error:
            raise DataError(
                f"Results.load: '{path}' must be written by Results.save, got: {error}"
            ) from error
        absent = {"arm", "seed", "time"} - set(dataset.sizes) or {_FINISHED} - set(dataset)
        if absent:
            raise DataError(
                f"Results.load: '{path}' must be written by Results.save, got a file without "
                f"{sorted(absent)}"
            )
        dataset[_FINISHED] = dataset[_FINISHED].astype(bool)
        return cls(dataset)

    def _series(self, metric: str) -> xr.DataArray:
        if metric not in self.metrics:
            raise FieldError(f"Results: no metric '{metric}'; there are {self.metrics}")
        return self.dataset[metric]

    def _finished(self, arm: str) -> np.ndarray:
        if arm not in self.arms:
            raise FieldError(f"Results: no arm '{arm}'; there are {self.arms}")
        return self.dataset[_FINISHED].sel(arm=arm).values

    def _runs(self, metric: str, arm: str, seeds: np.ndarray) -> np.ndarray:
        return self._series(metric).sel(arm=arm).values[seeds]
