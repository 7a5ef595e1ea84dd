"""Bandits: the five roles of a bandit story, and their members."""

from recsim_ng.entities.bandits.algorithm import BanditAlgorithm
from recsim_ng.entities.bandits.arm_statistics import ArmStatisticsAlgorithm, IndexAlgorithm
from recsim_ng.entities.bandits.bernoulli import BernoulliGenerator, BernoulliProblem
from recsim_ng.entities.bandits.bernoulli_thompson import BernoulliThompson
from recsim_ng.entities.bandits.context import BanditContext, NoContext
from recsim_ng.entities.bandits.drifting import DriftContext, DriftingProblem
from recsim_ng.entities.bandits.epsilon_greedy import EpsilonGreedy
from recsim_ng.entities.bandits.gaussian import GaussianGenerator, GaussianProblem
from recsim_ng.entities.bandits.gaussian_thompson import GaussianThompson
from recsim_ng.entities.bandits.generator import BanditGenerator
from recsim_ng.entities.bandits.kl_ucb import KLUCB, kl_ucb_bound
from recsim_ng.entities.bandits.lin_ucb import LinUCB
from recsim_ng.entities.bandits.linear import FeatureContext, LinearGenerator, LinearProblem
from recsim_ng.entities.bandits.linear_statistics import LinearStatisticsAlgorithm
from recsim_ng.entities.bandits.linear_thompson import LinearThompson
from recsim_ng.entities.bandits.metrics import BanditMetrics
from recsim_ng.entities.bandits.problem import BanditProblem, MeanRewardProblem
from recsim_ng.entities.bandits.regret import RegretMetrics
from recsim_ng.entities.bandits.ucb1 import UCB1

__all__ = [
    "ArmStatisticsAlgorithm",
    "BanditAlgorithm",
    "BanditContext",
    "BanditGenerator",
    "BanditMetrics",
    "BanditProblem",
    "BernoulliGenerator",
    "BernoulliProblem",
    "BernoulliThompson",
    "DriftContext",
    "DriftingProblem",
    "EpsilonGreedy",
    "FeatureContext",
    "GaussianGenerator",
    "GaussianProblem",
    "GaussianThompson",
    "IndexAlgorithm",
    "KLUCB",
    "LinUCB",
    "LinearGenerator",
    "LinearProblem",
    "LinearStatisticsAlgorithm",
    "LinearThompson",
    "MeanRewardProblem",
    "NoContext",
    "RegretMetrics",
    "UCB1",
    "kl_ucb_bound",
]
