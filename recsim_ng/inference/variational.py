"""Variational inference: a surrogate stands in for the posterior, with an account of how well."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.amortisation import AmortisedMeanField, Standard, features_of, standard_of
from recsim_ng.inference.ascent import Ascent, Learnt
from recsim_ng.inference.checkpoint import Checkpoint
from recsim_ng.inference.density import Density
from recsim_ng.inference.flow import Flow
from recsim_ng.inference.importance import pareto_shapes, shape_problems
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.origin import NOWHERE, Origin
from recsim_ng.inference.population import Start
from recsim_ng.inference.surrogate import FullRank, MeanField, Surrogate
from recsim_ng.inference.target import Target

_PATIENCE = 5  # with networks


@dataclasses.dataclass(frozen=True)
class ViSettings:
    """How a surrogate is fitted.

    Attributes:
      family: "mean_field": independent normals; "full_rank": normals with all correlations within a
        block; "flow": inverse autoregressive flows.
      num_steps: at the full learning rate, at most; they end when the ELBO rises no more. A third
        as many follow, in which the rate falls.
      num_samples: of the ELBO at each step; None: 8, and 32 for flows.
      learning_rate: of Adam, in units of the scales at the start; None: 0.05, and 0.01 for
        networks, those of flows and of amortised surrogates.
      num_draws: of the surrogate, in the result.
      tolerance: by which share of itself the ELBO may rise from one quarter of the steps to the
        next, and count as at rest.
      num_layers: of a flow.
      hidden_units: of each layer of a flow's or an amortising network.
      amortised: whether means and scales are a network's, of each block's own logs; further logs of
        the same form then need no steps. Of the mean-field family alone.
    """

    family: str = "mean_field"
    num_steps: int = 3000
    num_samples: int | None = None
    learning_rate: float | None = None
    num_draws: int = 1000
    tolerance: float = 1e-4
    num_layers: int = 2
    hidden_units: int = 32
    amortised: bool = False

    def __post_init__(self) -> None:
        where = "ViSettings"
        check.one_of(where, "family", self.family, ("mean_field", "full_rank", "flow"))
        for name in ("num_steps", "num_draws", "num_layers", "hidden_units"):
            check.whole(where, name, getattr(self, name), 1)
        if self.num_samples is not None:
            check.whole(where, "num_samples", self.num_samples, 1)
        if self.learning_rate is not None:
            check.real(where, "learning_rate", self.learning_rate, 1e-6, 1.0)
        check.real(where, "tolerance", self.tolerance, 0.0, 1.0)
        check.flag(where, "amortised", self.amortised)
        if self.amortised and self.family != "mean_field":
            raise ConfigError(
                "ViSettings: amortised=True must have family 'mean_field', got "
                f"'{self.family}'; change one of them"
            )


class Variational:
    """Approximates the posterior by a surrogate, and says what that is worth.

    Args:
      density: whose blocks are approximated.
      settings: how.

    Raises:
      ConfigError: (also a ValueError) the surrogate would be too large.
    """

    def __init__(self, density: Density, settings: ViSettings) -> None:
        self._settings = settings
        self._blocks = density.blocks
        self._learnt: Learnt | None = None
        self._standard: Standard | None = None
        self.surrogate = _surrogate(density.shape, settings)
        has_network = settings.amortised or settings.family == "flow"
        self.ascent = Ascent(
            density,
            self.surrogate,
            num_steps=settings.num_steps,
            num_samples=settings.num_samples or (32 if settings.family == "flow" else 8),
            learning_rate=settings.learning_rate or (0.01 if has_network else 0.05),
            tolerance=settings.tolerance,
            patience=_PATIENCE if has_network else 2,
        )

    @property
    def is_learnt(self) -> bool:
        """Whether an amortising network has been learnt: runs need no start and no steps."""
        return self._learnt is not None

    def run(
        self,
        start: Start | None,
        target: Target,
        seed: Any,
        *,
        progress: Callable[[int, int], None] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        origin: Origin = NOWHERE,
    ) -> Inferred:
        """Returns draws of the surrogate, and what they are worth.

        The first run of an amortised surrogate learns the network. Later ones, of other logs, only
        draw from it: their ELBO and Pareto k say whether it was learnt well enough for them.

        Args:
          start: where to begin; not used once a network has been learnt.
          target: whose logs are fitted.
          seed: `[2]` int32.
          progress: called with (steps done, steps at most) after every hundred.
          checkpoint: a file that keeps what is done, and from which an interrupted run goes on.
          origin: says what the run is of; a checkpoint of another is refused.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's, or there is nothing that
            a network could learn from.
        """
        learnt, data = self._learnt, target.data()
        features = None
        if self._settings.amortised:
            found = features_of(target, self._blocks)
            if self._standard is None:
                self._standard = standard_of(found)
            features = self._standard.of(found)
        if learnt is not None:
            learnt = dataclasses.replace(learnt, frame=learnt.frame._replace(features=features))
        elif start is not None:
            learnt = self.ascent.learn(
                start.points[0],
                start.scaling,
                data,
                _folded(seed, 0),
                features=features,
                progress=progress,
                checkpoint=checkpoint,
                origin=origin,
            )
            Checkpoint(checkpoint, origin).remove()
        else:
            raise ValueError("Variational: the first run must have a start, got None; give one")
        if self._settings.amortised:
            self._learnt = learnt
        draws, log_density, log_surrogate = self.ascent.draws(
            learnt, self._settings.num_draws, data, _folded(seed, 1)
        )
        weights = log_density.astype(np.float64) - log_surrogate
        shapes = pareto_shapes(weights)
        return Inferred(
            draws[None],
            {"log_density": log_density[None], "log_surrogate": log_surrogate[None]},
            (*learnt.problems(), *shape_problems(shapes, weights)),
            {
                "elbo": weights.mean(axis=0),
                "elbo_error": weights.std(axis=0) / np.sqrt(len(weights)),
                "elbo_trace": learnt.trace,
                "pareto_k": shapes,
                "learnt": learnt,
                "surrogate": self.surrogate,
            },
        )


def _surrogate(shape: tuple[int, int], settings: ViSettings) -> Surrogate:
    if settings.amortised:
        return AmortisedMeanField(shape, settings.hidden_units)
    if settings.family == "flow":
        return Flow(shape, settings.num_layers, settings.hidden_units)
    return MeanField(shape) if settings.family == "mean_field" else FullRank(shape)


def _folded(seed: Any, number: int) -> Any:
    return tf.random.experimental.stateless_fold_in(seed, number)
