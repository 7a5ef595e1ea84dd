"""What can be learnt: how likely trajectories are, and what logs say of what they lack."""

from recsim_ng.inference.fitting import Fit, fit
from recsim_ng.inference.mcmc import McmcSettings
from recsim_ng.inference.score import Score, Scorer
from recsim_ng.inference.target import Target

__all__ = ["Fit", "McmcSettings", "Score", "Scorer", "Target", "fit"]
