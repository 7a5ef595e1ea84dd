"""What the study of agents that learn has them learn: ready environments of one user."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import gymnasium
import tensorflow as tf

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
      settings: who learns here, with settings of their own where these are not the usual ones.
      choice_logits: `[B, F]` observation -> `[B, D]`, the choice model that SlateQ is told, and the
        logit of choosing nothing; None: it does not learn here.
      wrapped: worlds, as Stable-Baselines3 takes them -> the same with other actions.
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
    settings: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    choice_logits: tuple[Callable[[Any], Any], float] | None = None
    wrapped: Callable[[Any], Any] = lambda worlds: worlds

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


def _always_the_one(observation: Any) -> Any:
    return tf.zeros([tf.shape(observation)[0], 10])


def _nearest(observation: Any) -> Any:
    docs = interest_evolution.frozen_documents(_interest("myopic")).get("doc_features")
    return 2.0 - tf.norm(observation[:, None, :2] - docs, axis=-1)


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
        settings={
            "policy_gradient": {},
            # Satisfaction forgets within ten steps; nearer values are better told from the noise.
            # Engagement has a long tail, and its mean is what counts.
            "slate_q": {
                "reward_scale": 100.0,
                "discount": 0.9,
                "num_worlds": 256,
                "batch_size": 2048,
                "most_error": math.inf,
            },
            "ppo": {},
        },
        choice_logits=(_always_the_one, -math.inf),  # one is shown, and always consumed
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
        settings={
            "policy_gradient": {
                "num_updates": 400,
                "learning_rate": 0.01,
                "entropy_bonus": 0.01,
                "discount": 0.99,
            },
            "slate_q": {"num_updates": 200, "discount": 0.97},
            "ppo": {},
        },
        choice_logits=(_nearest, 0.0),
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
        # Boredom fades within ten steps; actions are numbers, which need little noise to be tried.
        # The step is not seen, so that the end of an episode is not the learner's.
        settings={
            "ppo": {
                "num_steps": 300_000,
                "discount": 0.9,
                "entropy_bonus": 0.0,
                "first_log_sd": -1.0,
                "is_finite": False,
            }
        },
        wrapped=wrapped,
    )
