"""Simulation-based calibration: whether a method finds what a story has drawn, as often as it says.

A story draws its unknowns from their priors and the logs given these; a method fits the logs. If
its draws are the posterior's, the true unknowns are one more draw among them: their ranks are
uniform. Any departure is the method's, or the story's.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.noise import seed_words
from recsim_ng.core.value import Value
from recsim_ng.inference.checkpoint import Checkpoint, require_file_name
from recsim_ng.inference.density import Density
from recsim_ng.inference.fitting import Fitter
from recsim_ng.inference.method import SETTINGS
from recsim_ng.inference.origin import NOWHERE, Origin, fixed_log_probs
from recsim_ng.inference.problem import check_story
from recsim_ng.inference.progress import Progress, shown
from recsim_ng.inference.ranking import Ranking, Statistic
from recsim_ng.inference.target import Target
from recsim_ng.inference.uniformity import histogram_band, uniformity
from recsim_ng.runtime import TFRuntime
from recsim_ng.runtime.runtime import as_network, selected_fields

_METHODS = tuple(name for name in SETTINGS if name not in ("smc", "gibbs"))  # those with a density


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the ranks of one number say.

    Attributes:
      name: of the number.
      p_value: the chance that uniform ranks are as far out anywhere.
      is_off: whether that is below this number's share of the false-alarm rate.
      shape: how the ranks deviate most, in words.
    """

    name: str
    p_value: float
    is_off: bool
    shape: str


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """Ranks of what is true among a method's draws; `recsim_ng.plot.plot_calibration` draws them.

    Attributes:
      ranks: name -> `[N]` ranks between 0 and 1, uniform if all is right.
      method: that was calibrated.
      num_replicates: R, how many data sets were fitted.
      num_distrusted: how many of the fits spoke against themselves.
      false_alarm: chance at most that any number of a right method is said to be off.
      block_axis: the axis along which blocks' ranks are pooled; None: they are not.
      distrust: what the first of the fits that spoke against themselves said; "" if none did.
    """

    ranks: Mapping[str, np.ndarray]
    method: str
    num_replicates: int
    num_distrusted: int
    false_alarm: float
    block_axis: str | None = None
    distrust: str = ""

    @functools.cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Of all numbers, what is off most first."""
        found = []
        for name, ranks in self.ranks.items():
            p_value = uniformity(len(ranks)).p_value(ranks)
            found.append(Verdict(name, p_value, p_value <= self.share, _shape(ranks)))
        return tuple(sorted(found, key=lambda v: v.p_value))

    def ecdf_difference(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Returns `[49]` points, the ranks' distribution function less the uniform one, its band.

        Args:
          name: of the number.

        Returns:
          (points, difference, lower end, upper end) of the band of the number's share of the
          false-alarm rate, at all points at once.
        """
        ranks = self.ranks[name]
        of = uniformity(len(ranks))
        low, high = of.band(self.share)
        return of.points, of.at(ranks) - of.points, low - of.points, high - of.points

    def histogram(self, name: str) -> tuple[np.ndarray, np.ndarray, int, int]:
        """Returns how many ranks are in bins of equal width, 5 to 20 by how many there are.

        Args:
          name: of the number.

        Returns:
          (`[K + 1]` edges, `[K]` counts, the least and the greatest count within the band of the
          number's share of the false-alarm rate, in all bins at once).
        """
        ranks = self.ranks[name]
        bins = int(np.clip(len(ranks) // 10, 5, 20))
        counts, edges = np.histogram(ranks, bins, (0.0, 1.0))
        return edges, counts, *histogram_band(len(ranks), bins, self.share)

    @property
    def share(self) -> float:
        """Each number's share of the false-alarm rate."""
        return self.false_alarm / len(self.ranks)

    @property
    def is_calibrated(self) -> bool:
        """Whether nothing is off, and there are enough ranks that something could be."""
        return self.is_telling and not any(v.is_off for v in self.verdicts)

    @property
    def is_telling(self) -> bool:
        """Whether ranks that all lie on one side of the middle would be off."""
        return self.blind_spot < 0.5

    @property
    def blind_spot(self) -> float:
        """By how much the ranks' distribution function may deviate anywhere and not be off."""
        of = uniformity(self._count)
        low, high = of.band(self.share)
        return float(np.max(np.maximum(high - of.points, of.points - low)))

    @property
    def _count(self) -> int:
        return len(next(iter(self.ranks.values())))

    def __repr__(self) -> str:
        off = [f"{v.name}: {v.shape} (p = {v.p_value:.2g})" for v in self.verdicts if v.is_off]
        least = self.verdicts[0]
        said = f"nothing is off, least p = {least.p_value:.2g} of {least.name}"
        if not self.is_telling:
            said = "too few ranks to say anything: take more data sets"
        if off:
            said = "OFF: " + "; ".join(off)
        why = f", the first of them: {self.distrust}" if self.distrust else ""
        pooled = f", pooled over '{self.block_axis}'" if self.block_axis else ""
        return (
            f"Calibration of {self.method}: {said}. {len(self.ranks)} numbers, {self._count} "
            f"ranks of each from {self.num_replicates} data sets{pooled}; chance of any false "
            f"alarm {self.false_alarm:g}, what deviates by less than {self.blind_spot:.2g} may not "
            f"show; {self.num_distrusted} of {self.num_replicates} fits distrust themselves{why}. "
            "recsim_ng.plot.plot_calibration draws it"
        )


def calibrate(
    story: Any,
    observed: Sequence[str],
    *,
    num_steps: int,
    num_replicates: int,
    method: str = "mcmc",
    settings: Any = None,
    seed: Any = 0,
    statistics: Mapping[str, Statistic] | None = None,
    pool: bool = True,
    false_alarm: float = 0.05,
    fitted_story: Any = None,
    progress: Progress = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Calibration:
    """Fits a story to its own simulations and ranks the truth among the draws.

    The ranks are those of every element of every unknown, of the log-likelihood, which sees what
    marginal ranks do not, and of statistics of one's own. Where the unknowns fall into independent
    blocks (users), given the logs, the ranks of different blocks are independent too, and each
    counts as a rank of the same number: a few data sets of many users are many ranks. That is right
    for blocks of whatever laws; but where these differ, so may what is wrong with them, and
    opposed errors of different blocks cancel: then do not pool.

    Args:
      story: a Network, or its variables, that draws its unknowns from their priors.
      observed: variables ("user response") and fields ("user state.satisfaction") that logs hold.
      num_steps: T, how long the logs are.
      num_replicates: R, how many data sets are simulated and fitted.
      method: as for `fit`. One that finds a point is taken as a posterior without any width.
      settings: as for `fit`.
      seed: an int or a pair of ints.
      statistics: name -> function of (unknowns, logs): "variable.field" -> `[N, ...]` values and
        the logs -> `[N]` numbers, continuous ones for the most power.
      pool: whether the ranks of independent blocks are those of one number.
      false_alarm: chance at most that any number of a right method is said to be off.
      fitted_story: is fitted in place of the story, for instance with other priors, to see what
        that does; of the same unknowns and fields. None: the story itself.
      progress: as for `fit`, of (data sets done, in all).
      checkpoint: a file that keeps the ranks; called again with the same arguments, an interrupted
        calibration goes on from it. It is deleted at the end.

    Returns:
      The calibration; what is off stands first in its `repr`.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range, or the checkpoint another run's.
      DataError: (also a ValueError) as for `fit`.
      FieldError: (also a ValueError) the story has no such variable or field.
      OutputError: (also an OSError) the checkpoint cannot be written.

    Source: Talts, Betancourt, Simpson, Vehtari and Gelman (2018), Validating Bayesian inference
      algorithms with simulation-based calibration, arXiv:1804.06788; Modrák et al. (2023),
      Simulation-based calibration checking for Bayesian computation: the choice of test quantities
      shapes sensitivity, Bayesian Analysis, for the log-likelihood.
    """
    check.whole("calibrate", "num_steps", num_steps, 1)
    check.whole("calibrate", "num_replicates", num_replicates, 1)
    check.real("calibrate", "false_alarm", false_alarm, 1e-12, 0.5)
    check.flag("calibrate", "pool", pool)
    check_story("calibrate", story)
    if fitted_story is not None:
        check_story("calibrate", fitted_story)
    statistics = {} if statistics is None else statistics
    check.instance("calibrate", "statistics", statistics, Mapping)
    for name, statistic in statistics.items():
        check.function("calibrate", f"statistics[{name!r}]", statistic)
    check.one_of("calibrate", "method", method, _METHODS)
    require_file_name("calibrate", checkpoint)
    simulator = _Simulator(story, observed, num_steps, seed)
    logs, truth = simulator.replicate(0)
    fitted = story if fitted_story is None else fitted_story
    fitter = Fitter(fitted, logs, method=method, settings=settings, seed=simulator.words(0, 1))
    density = _density_of(fitter)
    ranking = Ranking(density, statistics, pool)
    origin = NOWHERE
    if checkpoint is not None:
        origin = simulator.origin(density.target, method, settings, ranking.names)
    ranks: list[np.ndarray] = []
    distrusted: list[np.ndarray] = []
    with (
        Checkpoint(checkpoint, origin) as keeper,
        shown(progress, f"calibrate {method}") as told,
    ):
        held, done = keeper.load(), 0
        if held is not None:
            done, (ranks, distrusted) = held.done, held.lists
        for k in range(done, num_replicates):
            logs, truth = simulator.replicate(k)
            target, found = fitter.infer(logs, seed=simulator.words(k, 1))
            rng = np.random.default_rng(simulator.words(k, 2))
            ranks.append(ranking.ranks(target, found.draws, truth, logs, rng))
            distrusted.append(np.array("; ".join(found.problems)))
            keeper.save(k + 1, (), (ranks, distrusted))
            if told is not None:
                told(k + 1, num_replicates)
        keeper.remove()
    said = [str(problems) for problems in distrusted if str(problems)]
    return Calibration(
        ranking.named(ranks),
        method,
        num_replicates,
        len(said),
        false_alarm,
        ranking.axis,
        said[0] if said else "",
    )


class _Simulator:
    """Draws data sets out of a story."""

    def __init__(self, story: Any, observed: Sequence[str], num_steps: int, seed: Any) -> None:
        self._network = as_network(story)
        self._fields = selected_fields(self._network, observed)
        self._runtime = TFRuntime(self._network)
        self._num_steps = num_steps
        self._seed = tuple(int(np.asarray(word)) for word in seed_words(seed))

    def words(self, replicate: int, part: int) -> tuple[int, int]:
        """A seed for each part of each replicate."""
        made = np.random.SeedSequence([*self._seed, replicate, part]).generate_state(2)
        return int(made[0]) >> 1, int(made[1]) >> 1

    def replicate(self, number: int) -> tuple[dict[str, Value], Any]:
        """The logs, and the run that they are of."""
        run = self._runtime.trajectory(self._num_steps, seed=self.words(number, 0))
        return {name: run[name].at(*fields) for name, fields in self._fields.items()}, run

    def origin(self, target: Target, method: str, settings: Any, names: list[str]) -> Origin:
        digest = hashlib.sha256()
        for x in target.data():
            digest.update(np.ascontiguousarray(x).tobytes())
        said = f"calibrate {method} {settings} {self._seed} {names} {digest.hexdigest()}"
        return Origin(said, fixed_log_probs(target))


def _shape(ranks: np.ndarray) -> str:
    """How ranks deviate most from uniform ones, in location or in width."""
    size = len(ranks)
    location = (ranks.mean() - 0.5) * np.sqrt(12 * size)
    width = (np.mean((ranks - 0.5) ** 2) - 1 / 12) * np.sqrt(180 * size)
    if abs(width) > abs(location):
        return "draws are too narrow" if width > 0 else "draws are too wide"
    return "draws are too low" if location > 0 else "draws are too high"


def _density_of(fitter: Fitter) -> Density:
    if fitter.density is None:
        raise ConfigError(
            "calibrate: the story must draw its unknowns from priors, got variables that are "
            "trained; make them random variables"
        )
    return fitter.density
