"""What the study of agents that learn has them learn: ready environments of one user."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import gymnasium

import recsim_ng  # noqa: F401 (registers)
from recsim_ng import PythonRuntime
from recsim_ng.stories import interest_evolution, long_term_satisfaction, movielens

_CLOCK = "environment.step"


@dataclasses.dataclass(frozen=True)
class Task:
    """What is to be learnt.

    Attributes:
      environment: the id.
      options: of the environment.
      num_docs: D.
      slate_size: S.
      scale: by which observations are divided.
      story: settings -> variables, of the same story with a recommender of its own.
      config: recommender -> those settings.
      others: the story's recommenders that do not learn, or know more than one can.
      reward: trajectory -> `[T]` mean reward of its users.
      num_runs: of each of the others.
      learners: who learns here.
      wrapped: worlds, as Stable-Baselines3 takes them -> the same with other actions.
      ppo: what PPO's settings are here, where not the usual ones.
    """

    environment: str
    options: dict[str, Any]
    num_docs: int
    slate_size: int
    scale: tuple[float, ...]
    story: Callable[[Any], Any]
    config: Callable[[str], Any]
    others: tuple[str, ...]
    reward: Any
    num_runs: int = 5
    learners: tuple[str, ...] = ("policy_gradient", "slate_q", "ppo")
    wrapped: Callable[[Any], Any] = lambda worlds: worlds
    ppo: dict[str, Any] = dataclasses.field(default_factory=dict)

    def design(self) -> Any:
        """Returns the design of its environment."""
        made: Any = gymnasium.make(self.environment, **self.options)
        return made.unwrapped.design


def _kale(recommender: str) -> long_term_satisfaction.Config:
    return long_term_satisfaction.Config(
        num_users=4000,
        sensitivity=0.3,
        recommender=recommender,  # type: ignore[arg-type]
    )


def _interest(recommender: str) -> interest_evolution.Config:
    return interest_evolution.Config(
        num_users=4000,
        num_docs=10,
        recommender=recommender,  # type: ignore[arg-type]
    )


TASKS = {
    "long_term_satisfaction": Task(
        "recsim_ng/LongTermSatisfaction-v0",
        {
            "sensitivity": 0.3,
            "recommender": "myopic",
            "observation": ["user observation.net_kale_exposure", _CLOCK],
            "action": "slate",
            "info": ["user response.choice"],
        },
        10,
        1,
        (3.0, 60.0),
        long_term_satisfaction.story,
        _kale,
        ("random", "popularity", "myopic", "optimal"),
        long_term_satisfaction.STUDY.metrics[1],
    ),
    "interest_evolution": Task(
        "recsim_ng/InterestEvolution-v0",
        {
            "recommender": "myopic",
            "observation": ["user observation.interest", _CLOCK],
            "repeats": True,
            "info": ["user response.choice"],
        },
        10,
        2,
        (2.0, 2.0, 100.0),
        interest_evolution.story,
        _interest,
        ("random", "popularity", "myopic", "greedy", "oracle"),
        interest_evolution.STUDY.metrics[1],
    ),
}


def films(ratings: str) -> Task:
    """Returns the film story as a task: the first person of the file, who may see a film again.

    Args:
      ratings: the folder with the MovieLens files.
    """

    def config(recommender: str) -> movielens.Config:
        return movielens.Config(
            ratings,
            recommender,  # type: ignore[arg-type]
            num_users=1,
            allow_repeats=True,
        )

    def wrapped(worlds: Any) -> Any:
        from examples.film_genres import GenreStars

        docs = PythonRuntime(movielens.story(config("random"))).execute(0)["available docs"]
        return GenreStars(worlds, docs["doc_genres"].numpy(), docs["doc_quality"].numpy())

    options = {
        "ratings": ratings,
        "recommender": "myopic",
        "allow_repeats": True,
        "action": "scores",
        "action_range": (-1e3, 1e3),
        "observation": ["user observation.affinity", "user observation.recent_genres"],
    }
    return Task(
        "recsim_ng/MovieLens-v0",
        options,
        num_docs=1682,
        slate_size=5,
        scale=(1.0,),
        story=movielens.story,
        config=config,
        others=("random", "popularity", "learning", "myopic"),
        reward=movielens.STUDY.metrics[1],
        num_runs=200,
        learners=("ppo",),
        wrapped=wrapped,
        # Boredom fades within ten steps; actions are numbers, which need little noise to be tried.
        ppo={"discount": 0.9, "entropy_bonus": 0.0, "first_log_sd": -1.0},
    )
