"""What can be learnt: how likely trajectories are, and what logs say of what they lack."""

from recsim_ng.inference.annealing import Annealed, AnnealingSettings, anneal
from recsim_ng.inference.calibration import Calibration, Verdict, calibrate
from recsim_ng.inference.diagnosis import Diagnostics
from recsim_ng.inference.em import EmSettings
from recsim_ng.inference.filtered import Filtered
from recsim_ng.inference.fitted import Fit
from recsim_ng.inference.fitting import Fitter, fit
from recsim_ng.inference.gibbs import DiscreteDraws, GibbsSettings, run_gibbs
from recsim_ng.inference.marginal import Marginal
from recsim_ng.inference.marginal_chain import MarginalChain
from recsim_ng.inference.mcmc import McmcSettings
from recsim_ng.inference.neutra import NeutraSettings
from recsim_ng.inference.optimum import OptimumSettings
from recsim_ng.inference.particle_filter import ParticleFilter, SmcSettings, filter_particles
from recsim_ng.inference.posterior_predictive import PosteriorPredictive
from recsim_ng.inference.progress import ProgressBar
from recsim_ng.inference.score import Score, Scorer
from recsim_ng.inference.target import Target
from recsim_ng.inference.variational import ViSettings

__all__ = [
    "Annealed",
    "AnnealingSettings",
    "Calibration",
    "Diagnostics",
    "DiscreteDraws",
    "EmSettings",
    "Filtered",
    "Fit",
    "Fitter",
    "GibbsSettings",
    "Marginal",
    "MarginalChain",
    "McmcSettings",
    "NeutraSettings",
    "OptimumSettings",
    "ParticleFilter",
    "PosteriorPredictive",
    "ProgressBar",
    "Score",
    "Scorer",
    "SmcSettings",
    "Target",
    "Verdict",
    "ViSettings",
    "anneal",
    "calibrate",
    "filter_particles",
    "fit",
    "run_gibbs",
]
