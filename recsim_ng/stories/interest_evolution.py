"""Interest evolution: junk is engaging now and harmful later.

Documents have a topic and a quality. Junk takes more time of who consumes it, and drives their
interests away from what there is; good documents draw interests near. A recommender sees only what
was consumed, and how long. The trainable one is `CollabFilteringRecommender`;
`examples/interest_evolution_learning.py` trains it.

Source: Mladenov et al. (2021), RecSim NG, section on interest evolution.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.entity import story_with_trainable_variables
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora.topic_quality import CorpusWithTopicAndQuality, StaticCorpus
from recsim_ng.entities.metrics import ConsumedTimeAsRewardMetrics
from recsim_ng.entities.recommendation import BaseRecommender, Corpus, Vocabulary
from recsim_ng.entities.recommenders.oracle import OracleRecommender
from recsim_ng.entities.recommenders.registry import RecommenderName
from recsim_ng.entities.recommenders.registry import recommender as recommender_of
from recsim_ng.entities.users.interest_evolution import BEST_UTILITY, InterestEvolutionUser
from recsim_ng.stories.interest_optimum import InterestOptimum
from recsim_ng.stories.recommendation_simulation import recs_story

_KNOWING = ("myopic", "greedy", "oracle", "plackett_luce")


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the interest evolution story."""

    num_users: int = 1000
    """U, number of users."""
    num_topics: int = 2
    """K, topics, and the dimension of interests."""
    num_docs: int = 100
    """D, number of documents."""
    slate_size: int = 2
    """S, documents shown to a user at each step."""
    recommender: Literal["greedy", "oracle"] | RecommenderName = "collab_filtering"
    """Who chooses. myopic: of highest affinity to the interest, which it knows; greedy: what takes
    most time at this step, knowing interests and qualities; oracle: the same for all steps up to
    the horizon, by dynamic programming; collab_filtering: the trainable one, untrained. The others
    are those of any story."""
    freeze_corpus: bool = True
    """Whether the documents are those of corpus_seed in every run; else each run draws its own."""
    corpus_seed: int = 0
    """Seed of frozen documents."""
    history_length: int = 15
    """H, documents consumed last that the trainable recommender looks at."""
    interest_step_size: float = 0.1
    """How far interests move, as a share of the way and per unit of quality."""
    no_click_mass: float = 0.0
    """Logit of choosing nothing; that of a document at distance x from the interest is 2 - x."""
    horizon: int = 100
    """Steps that the oracle plans for; from then on it is greedy."""

    def __post_init__(self) -> None:
        where = "interest_evolution"
        check.flags(where, self)
        for name in ("num_users", "num_topics", "num_docs", "history_length", "horizon"):
            check.whole(where, name, getattr(self, name), 1)
        check.whole(where, "slate_size", self.slate_size, 1, self.num_docs)
        check.whole(where, "corpus_seed", self.corpus_seed, 0)
        names = ("greedy", "oracle", *get_args(RecommenderName))
        check.one_of(where, "recommender", self.recommender, names)
        check.real(where, "interest_step_size", self.interest_step_size, 0.0, 1.0)
        check.real(where, "no_click_mass", self.no_click_mass, -1e3, 1e3)
        if self.recommender == "oracle":
            check.whole(where, "num_topics, for the oracle,", self.num_topics, 1, 2)
        if self.recommender in ("oracle", "greedy") and not self.freeze_corpus:
            raise ConfigError(
                f"{where}: recommender {self.recommender!r} plans for a frozen corpus, got "
                "freeze_corpus False; freeze it, or take another recommender"
            )


def frozen_documents(config: Config) -> Value:
    """Draws the documents of a frozen corpus: those that an unfrozen one has at that seed.

    Args:
      config: of the story.

    Returns:
      doc_id `[D]`, doc_topic `[D]`, doc_quality `[D]`, doc_features `[D, K]`, doc_length `[D]`.
    """
    corpus = CorpusWithTopicAndQuality(dataclasses.asdict(config))
    with tf.init_scope(), Seed(config.corpus_seed), behaviour("corpus state"):
        return corpus.initial_state().map(tf.convert_to_tensor)


def optimum(config: Config, horizon: int | None = None) -> InterestOptimum:
    """Plans for the story's users and frozen documents, which takes some seconds.

    Args:
      config: of the story.
      horizon: T; the config's if None.

    Returns:
      The plan.
    """
    return InterestOptimum(
        frozen_documents(config),
        config.slate_size,
        config.horizon if horizon is None else horizon,
        step_size=config.interest_step_size,
        nochoice_logit=config.no_click_mass,
    )


def story_with(
    config: Config, recommender_ctor: Callable[[Mapping[str, Any]], BaseRecommender]
) -> Sequence[Variable]:
    """Makes the story's variables with any recommender.

    Args:
      config: its settings; its recommender says only whether the observation shows interests.
      recommender_ctor: makes the recommender.

    Returns:
      The variables of `recs_story`.
    """
    settings = {
        **dataclasses.asdict(config),
        "observe_interest": config.recommender in _KNOWING,
        "vocabulary": Vocabulary(
            reward="consumed_time",
            utility=_affinity if config.recommender in _KNOWING else None,
        ),
    }
    corpus: Callable[[Mapping[str, Any]], Corpus] = CorpusWithTopicAndQuality
    if config.freeze_corpus:
        corpus = functools.partial(StaticCorpus, static_state=frozen_documents(config))
    return recs_story(
        settings, InterestEvolutionUser, corpus, recommender_ctor, ConsumedTimeAsRewardMetrics
    )


def _affinity(observation: Value, docs: Value) -> Any:
    """`[u, D]` the logits of choice of users who show their interest."""
    away = observation.get("interest")[:, None] - docs.get("doc_features")
    return BEST_UTILITY - tf.norm(away, axis=-1)


def story(config: Config) -> Sequence[Variable]:
    """Makes the story's variables.

    Args:
      config: its settings.

    Returns:
      The variables of `recs_story`.
    """
    if config.recommender not in ("oracle", "greedy"):
        return story_with(config, recommender_of(config.recommender))
    found = optimum(config, 1 if config.recommender == "greedy" else None)

    def policy(step: Any, observation: Value, docs: Value) -> Any:
        return found.scores(step, observation.get("interest"), docs)

    return story_with(config, functools.partial(OracleRecommender, policy=policy))


def create_interest_evolution_simulation_network(
    num_users: int = 1000,
    num_topics: int = 2,
    num_docs: int = 100,
    freeze_corpus: bool = True,
    history_length: int = 15,
) -> tuple[Sequence[Variable], Sequence[Any]]:
    """Makes the story's variables with the trainable recommender.

    Args:
      num_users: U.
      num_topics: K.
      num_docs: D.
      freeze_corpus: whether the documents are the same in every run.
      history_length: H, documents consumed last that the recommender looks at.

    Returns:
      (the variables of `recs_story`, the recommender's trainable variables).
    """
    config = Config(
        num_users=num_users,
        num_topics=num_topics,
        num_docs=num_docs,
        freeze_corpus=freeze_corpus,
        history_length=history_length,
    )
    variables, trainable = story_with_trainable_variables(lambda: story(config))
    return variables, trainable["CollabFilteringRecommender"]


def _consumed(trajectory: Any) -> np.ndarray:
    return np.maximum(np.asarray(trajectory["user response"].get("consumed_time")), 0.0)


def _mean_time(trajectory: Any) -> np.ndarray:
    return _consumed(trajectory).mean(axis=1)


def _cumulative_time(trajectory: Any) -> np.ndarray:
    return np.cumsum(_mean_time(trajectory))


def _choice_rate(trajectory: Any) -> np.ndarray:
    """The share of slates of this step that were chosen from, `[T]`."""
    times = np.asarray(trajectory["user response"].get("consumed_time"))
    return np.mean(times >= 0, axis=1)


def _quality(trajectory: Any) -> np.ndarray:
    """The mean quality of what was consumed at this step, `[T]`; 0 where nobody consumed."""
    quality = np.asarray(trajectory["slate docs"].get("doc_quality"))
    choice = np.asarray(trajectory["user response"].get("choice"))
    is_chosen = choice < quality.shape[2]
    place = np.minimum(choice, quality.shape[2] - 1)[..., None]
    chosen = np.take_along_axis(quality, place, axis=2)[..., 0]
    return np.sum(chosen * is_chosen, axis=1) / np.maximum(np.sum(is_chosen, axis=1), 1)


_TIME = ("user response.consumed_time",)

STUDY = Study(
    metrics=(
        HeadlineMetric(
            "cumulative_time",
            "mean cumulative consumed time per user",
            _TIME,
            _cumulative_time,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "consumed_time",
            "mean consumed time per user and step",
            _TIME,
            _mean_time,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "choice_rate",
            "share of slates chosen from",
            _TIME,
            _choice_rate,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "quality",
            "mean quality of what was consumed",
            ("slate docs.doc_quality", "user response.choice"),
            _quality,
        ),
    ),
    num_steps=100,
    num_seeds=10,
)
