"""Social contagion: interests spread from friend to friend, and a recommender feeds them.

Users drift towards their neighbours in a social network and towards what they consume. Company
makes a population alike; what it is shown decides whether it stays apart.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora import GaussianCorpus
from recsim_ng.entities.metrics import CompositeMetrics, OpinionMetrics, RewardMetrics
from recsim_ng.entities.networks import SocialNetwork, read_edge_list, watts_strogatz_edges
from recsim_ng.entities.recommendation import Vocabulary
from recsim_ng.entities.recommenders.registry import RecommenderName, recommender
from recsim_ng.entities.users.social import SocialUser
from recsim_ng.stories.recommendation_simulation import recs_story


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the social story."""

    num_users: int = 1000
    """U, number of users."""
    num_docs: int = 100
    """D, documents, drawn at the first step and kept."""
    num_topics: int = 2
    """K, dimension of the space of interests."""
    slate_size: int = 5
    """S, documents shown to a user at each step."""
    recommender: RecommenderName = "random"
    """Who chooses the slates; myopic: who knows each user's interest and shows what is nearest."""
    edges: str = ""
    """File of ties, two users' numbers a line; "": a small world is drawn."""
    num_neighbours: int = 10
    """Of the small world: the nearest on the ring that a user is tied to, even."""
    rewiring: float = 0.1
    """Of the small world: probability that a tie goes to a user taken by chance instead."""
    network_seed: int = 0
    """Seed of the small world, which is the same for all seeds of a run."""
    social_weight: float = 0.2
    """How far a step moves a user towards the neighbours' mean, as a share of the way."""
    consumption_effect: float = 0.1
    """How far it moves a user towards what was consumed, as a share of the way."""
    interest_noise: float = 0.05
    """Standard deviation of a step's chance."""
    interest_scale: float = 1.0
    """Standard deviation of interests at first, in each topic."""
    doc_scale: float = 1.0
    """Standard deviation of documents around the origin, in each topic."""
    best_utility: float = 2.0
    """Utility of a document at the user's interest; it falls by 1 a unit of distance."""
    nochoice_logit: float = 0.0
    """Logit of choosing nothing; that of a document is its utility."""
    chunk: int = 0
    """How many users the recommender scores at a time; 0: all, which takes users x documents."""

    def __post_init__(self) -> None:
        where = "social"
        for name in ("num_users", "num_docs", "num_topics"):
            check.whole(where, name, getattr(self, name), 1)
        check.whole(where, "slate_size", self.slate_size, 1, self.num_docs)
        recommender(self.recommender)
        if not isinstance(self.edges, str):
            raise ConfigError(f"{where}: edges must name a file, got {self.edges!r}")
        if not self.edges:
            check.whole(where, "num_neighbours", self.num_neighbours, 0, self.num_users - 1)
            if self.num_neighbours % 2:
                raise ConfigError(
                    f"{where}: num_neighbours must be even, got {self.num_neighbours}"
                )
        check.real(where, "rewiring", self.rewiring, 0.0, 1.0)
        check.whole(where, "network_seed", self.network_seed, 0)
        check.real(where, "social_weight", self.social_weight, 0.0, 1.0)
        check.real(where, "consumption_effect", self.consumption_effect, 0.0, 1.0)
        for name in ("interest_noise", "interest_scale", "doc_scale"):
            check.real(where, name, getattr(self, name), 1e-6, 1e6)
        check.real(where, "best_utility", self.best_utility, -1e3, 1e3)
        check.real(where, "nochoice_logit", self.nochoice_logit, -1e9, 1e3)
        check.whole(where, "chunk", self.chunk, 0)


def story(config: Config) -> Sequence[Variable]:
    """Draws or reads the network, and makes the story's variables.

    Args:
      config: its settings.

    Returns:
      The variables of `recs_story`.

    Raises:
      DataError: (also a ValueError) the file of ties cannot be read.
      ConfigError: (also a ValueError) a tie is not between two different users.
    """
    if config.edges:
        edges = read_edge_list(config.edges, config.num_users)
    else:
        edges = watts_strogatz_edges(
            config.num_users, config.num_neighbours, config.rewiring, seed=config.network_seed
        )
    return create_social_simulation_network(config, edges)


def create_social_simulation_network(config: Config, ties: Any) -> Sequence[Variable]:
    """Makes the story's variables for a given network.

    Args:
      config: its settings; those of the small world are not read.
      ties: a `networkx.Graph` or `DiGraph` whose nodes are 0 ... U-1, or `[E, 2]` whole numbers.

    Returns:
      The variables of `recs_story`.

    Raises:
      ConfigError: (also a ValueError) the network is not one of the users.
    """
    network = SocialNetwork(config.num_users, ties)
    settings = {
        **dataclasses.asdict(config),
        "observe_interest": config.recommender == "myopic",
        "feature_dim": config.num_topics,
    }
    user = SocialUser(settings, network)
    settings["vocabulary"] = Vocabulary(
        reward="utility", utility=user.utility if config.recommender == "myopic" else None
    )
    members: dict[str, Callable[[Any], Any]] = {
        "": functools.partial(RewardMetrics, field="utility"),
        "interest": functools.partial(OpinionMetrics, network=network),
    }
    return recs_story(
        settings,
        lambda config: user,
        GaussianCorpus,
        recommender(config.recommender),
        functools.partial(CompositeMetrics, members=members),
    )


def _mean(variable: str, field: str) -> Callable[[Any], np.ndarray]:
    return lambda trajectory: np.mean(trajectory[variable].get(field), axis=1)


def _choice_rate(trajectory: Any) -> np.ndarray:
    """The share of users, `[T]`, who chose something."""
    slates = np.asarray(trajectory["slate docs"].get("doc_ranks"))
    choice = np.asarray(trajectory["user response"].get("choice"))
    return np.mean(choice < slates.shape[-1], axis=1)


def polarisation(trajectory: Any) -> np.ndarray:
    """The mean squared distance of interests from their mean, `[T]`, at each step.

    Args:
      trajectory: with "user state".
    """
    interest = np.asarray(trajectory["user state"].get("interest"), np.float64)
    apart = interest - interest.mean(axis=1, keepdims=True)
    return np.square(apart).sum(axis=2).mean(axis=1)


def _disagreement(trajectory: Any) -> np.ndarray:
    return np.asarray(trajectory["metrics state"].get("interest.disagreement"))


STUDY = Study(
    metrics=(
        HeadlineMetric(
            "cumulative_utility",
            "mean cumulative utility per user",
            ("metrics state.cumulative_reward",),
            _mean("metrics state", "cumulative_reward"),
            higher_is_better=True,
        ),
        HeadlineMetric(
            "utility",
            "mean utility per user and step",
            ("user response.utility",),
            _mean("user response", "utility"),
            higher_is_better=True,
        ),
        HeadlineMetric(
            "polarisation",
            "mean squared distance from the mean interest",
            ("user state.interest",),
            polarisation,
        ),
        HeadlineMetric(
            "disagreement",
            "mean squared distance of neighbours, one step before",
            ("metrics state.interest.disagreement",),
            _disagreement,
        ),
        HeadlineMetric(
            "choice_rate",
            "share of users who choose something",
            ("user response.choice", "slate docs.doc_ranks"),
            _choice_rate,
        ),
    ),
    num_steps=100,
    num_seeds=10,
)
