"""What can be learnt: how likely trajectories are, and what logs say of what they lack."""

from recsim_ng.inference.em import EmSettings
from recsim_ng.inference.fitting import Fit, Fitter, fit
from recsim_ng.inference.mcmc import McmcSettings
from recsim_ng.inference.optimum import OptimumSettings
from recsim_ng.inference.score import Score, Scorer
from recsim_ng.inference.target import Target

__all__ = [
    "EmSettings",
    "Fit",
    "Fitter",
    "McmcSettings",
    "OptimumSettings",
    "Score",
    "Scorer",
    "Target",
    "fit",
]
