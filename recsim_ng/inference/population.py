"""Populations: where methods start, for any story, without being told."""

from __future__ import annotations

import dataclasses
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.inference.density import Density
from recsim_ng.inference.prior import Prior
from recsim_ng.inference.scaling import Scaling
from recsim_ng.inference.start import climbed
from recsim_ng.inference.support import require_fixed_supports
from recsim_ng.inference.target import Target
from recsim_ng.inference.tempering import Tempering

_POINTS = 32  # P, of a tempered population
_NARROW = 0.05  # standard deviation, of where a great block's surrogate starts
_MOST_TEMPERED = 64  # numbers in a block; more of them need more points than are worth their while


@dataclasses.dataclass(frozen=True, eq=False)
class Start:
    """Where a method starts.

    Attributes:
      points: `[C, B, n]` on the real line.
      scaling: of the density there.
      is_tempered: whether the points are draws of the posterior, nearly; else of its hills.
      is_informed: whether the logs were seen to tell any of the points from others; of a tempered
        start alone, else True.
    """

    points: Any
    scaling: Scaling
    is_tempered: bool
    is_informed: bool = True


class Populations:
    """Finds starting points of a target, and the density in its blocks.

    Small blocks are tempered from the prior to the posterior; greater ones go uphill from draws of
    the prior.

    Args:
      target: of unknowns that are all continuous.
      seed: an int or a pair of ints, of the draws by which blocks are found.
      is_joint: whether all is one block.

    Raises:
      DataError: (also a ValueError) the support of an unknown depends on another.
    """

    def __init__(self, target: Target, seed: Any, is_joint: bool = False) -> None:
        require_fixed_supports(target)
        self._prior = Prior(target)
        self.density = Density(target, self._prior.draws(4, seed), is_joint)
        self._tempering: Tempering | None = None
        self._climbs: dict[int, Any] = {}

    def at(
        self, target: Target, seed: Any, words: Any, count: int, *, is_wide: bool = False
    ) -> Start:
        """Returns points to start from.

        Args:
          target: whose logs are fitted; of the density's form.
          seed: an int or a pair of ints, of the prior's draws.
          words: `[2]` int32, of the rest.
          count: C, how many.
          is_wide: for methods that find the scales themselves: a great block starts at the middle
            of the prior, and not on a hilltop, which is where hierarchical scales collapse.

        Raises:
          DataError: (also a ValueError) no draw of the prior allows the logs.
        """
        density = self.density
        if density.blocks.size > _MOST_TEMPERED:
            if is_wide:
                return self._middle(target, seed, count)
            return self._climbed(target, seed, words, count)
        number = max(_POINTS, count)
        if self._tempering is None:
            self._tempering = Tempering(density, number)
        points = density.blocks.pack(self._prior.draws(number, seed))
        found = self._tempering.run(points, words, density.data(target))
        if not np.all(np.isfinite(found.log_evidence)):
            self._refuse(target, points)
        is_informed = bool(np.any(found.is_informed))
        return Start(found.points[:count], found.scaling, True, is_informed)

    def _climbed(self, target: Target, seed: Any, words: Any, count: int) -> Start:
        density = self.density
        if count not in self._climbs:
            log_prob, ones = density.batch(count), tf.ones([density.blocks.count])

            @tf.function(jit_compile=True, autograph=False)
            def climb(z: Any, words: Any, data: list[Any]) -> Any:
                at = log_prob(z, ones, *data)
                return at, *climbed(lambda z: log_prob(z, ones, *data), z, words)

            self._climbs[count] = climb
        points = density.blocks.pack(self._prior.draws(count, seed))
        value, tops, scaling = self._climbs[count](points, words, density.data(target))
        if not np.all(np.isfinite(value)):
            self._refuse(target, points)
        return Start(tops, scaling, False)

    def _middle(self, target: Target, seed: Any, count: int) -> Start:
        """The mean of the prior's draws, narrow about it."""
        density = self.density
        points = density.blocks.pack(self._prior.draws(_POINTS, seed))
        middle = tf.repeat(tf.reduce_mean(points, axis=0, keepdims=True), count, axis=0)
        ones = tf.ones([density.blocks.count])
        value = density.batch(count)(middle, ones, *density.data(target))
        if not np.all(np.isfinite(value)):
            self._refuse(target, middle)
        return Start(middle, Scaling(tf.fill(density.shape, _NARROW)), False)

    def _refuse(self, target: Target, points: Any) -> NoReturn:
        """Says which observation no draw of the prior allows."""
        x = target.constrain(self.density.blocks.unpack(points[0]))
        raise DataError(
            "fit: the logs must be possible for draws of the prior, got no probability for "
            f"{target.score(x).first_impossible()}; correct the logs, or widen the story's laws"
        )
