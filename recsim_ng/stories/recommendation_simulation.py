"""Templates of recommendation stories: the roles, wired into variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recsim_ng.core import check
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities.recommendation import (
    BaseRecommender,
    Corpus,
    RecsMetricsBase,
    User,
    with_vocabulary,
)
from recsim_ng.stories.construction import Config, made


def recs_story(
    config: Config,
    user_ctor: Callable[[Config], User],
    corpus_ctor: Callable[[Config], Corpus],
    recommender_ctor: Callable[[Config], BaseRecommender],
    metrics_ctor: Callable[[Config], RecsMetricsBase],
) -> Sequence[Variable]:
    """Wires users, corpus, recommender and metrics into a story.

    Within a step, t current:

        available docs_t    = corpus.available_documents(corpus state_t)
        user observation_t  = user.observation(user state_t)
        slate docs_t        = recommender.slate_docs(recommender state_t, user observation_t,
                                                     available docs_t)
        user response_t     = user.next_response(user state_t, slate docs_t)

    From step to step, for each of corpus, user and recommender:

        state_{t+1}         = next_state(state_t, user response_t, slate docs_t)
        metrics state_{t+1} = metrics.next_metrics(metrics state_t, corpus state_t, user state_t,
                                                   user response_t, slate docs_t)

    Args:
      config: settings by name, handed to every constructor; the recommender's has a `Vocabulary`
        under "vocabulary" too, completed with the specs of users and corpus.
      user_ctor: makes the users.
      corpus_ctor: makes the corpus.
      recommender_ctor: makes the recommender.
      metrics_ctor: makes the metrics.

    Returns:
      The variables "corpus state", "available docs", "user state", "user observation",
      "recommender state", "slate docs", "user response", "metrics state".

    Raises:
      ConfigError: (also a ValueError) a constructor cannot be called, or makes no entity.
    """
    where = "recs_story"
    user: User = made(where, "user_ctor", user_ctor, config)
    corpus: Corpus = made(where, "corpus_ctor", corpus_ctor, config)
    seen_by = with_vocabulary(config, user, corpus)
    recommender: BaseRecommender = made(where, "recommender_ctor", recommender_ctor, seen_by)
    metrics: RecsMetricsBase = made(where, "metrics_ctor", metrics_ctor, config)

    corpus_state = Variable("corpus state", corpus.specs().get("state"))
    available_docs = Variable("available docs", corpus.specs().get("available_docs"))
    user_state = Variable("user state", user.specs().get("state"))
    user_observation = Variable("user observation", user.specs().get("observation"))
    recommender_state = Variable("recommender state", recommender.specs().get("state"))
    slate_docs = Variable("slate docs", recommender.specs().get("slate"))
    user_response = Variable("user response", user.specs().get("response"))
    metrics_state = Variable("metrics state", metrics.specs().get("state"))

    happened = (user_response.previous, slate_docs.previous)
    metrics_state.initial_value = value(metrics.initial_metrics)
    metrics_state.value = value(
        metrics.next_metrics,
        (metrics_state.previous, corpus_state.previous, user_state.previous, *happened),
    )
    for state, entity in (
        (corpus_state, corpus),
        (user_state, user),
        (recommender_state, recommender),
    ):
        state.initial_value = value(entity.initial_state)
        state.value = value(entity.next_state, (state.previous, *happened))
    available_docs.value = value(corpus.available_documents, (corpus_state,))
    user_observation.value = value(user.observation, (user_state,))
    seen = (recommender_state, user_observation, available_docs)
    slate_docs.value = value(recommender.slate_docs, seen)
    user_response.value = value(user.next_response, (user_state, slate_docs))
    return [
        corpus_state,
        available_docs,
        user_state,
        user_observation,
        recommender_state,
        slate_docs,
        user_response,
        metrics_state,
    ]


def simplified_recs_story(
    config: Config,
    user_ctor: Callable[[Config], User],
    recommender_ctor: Callable[[Config], BaseRecommender],
) -> Sequence[Variable]:
    """Wires users to a recommender that looks at nothing: its slates are made anew at each step.

        slate docs_t     = recommender.slate_docs()
        user response_t  = user.next_response(user state_t, slate docs_t)
        user state_{t+1} = user.next_state(user state_t, user response_t, slate docs_t)

    Args:
      config: settings by name, handed to both constructors.
      user_ctor: makes the users.
      recommender_ctor: makes the recommender, whose `slate_docs` takes no argument.

    Returns:
      The variables "slate docs", "user state", "user response".

    Raises:
      ConfigError: (also a ValueError) a constructor cannot be called, or makes no entity.
    """
    recommender: BaseRecommender = made(
        "simplified_recs_story", "recommender_ctor", recommender_ctor, config
    )
    slate_docs = Variable("slate docs", recommender.specs().get("slate"))
    slate_docs.value = value(recommender.slate_docs)
    return recs_story_using_logged_slate_docs(config, user_ctor, slate_docs)


def recs_story_using_logged_slate_docs(
    config: Config, user_ctor: Callable[[Config], User], slate_docs: Variable
) -> Sequence[Variable]:
    """Wires users to slates that are given, as by a log.

        user response_t  = user.next_response(user state_t, slate docs_t)
        user state_{t+1} = user.next_state(user state_t, user response_t, slate docs_t)

    Args:
      config: settings by name, handed to the users' constructor.
      user_ctor: makes the users.
      slate_docs: the slates, a variable with its definitions: `data_variable` makes one of a log.

    Returns:
      The slates, and the variables "user state", "user response".

    Raises:
      ConfigError: (also a ValueError) the constructor cannot be called, or makes no entity, or
        slate_docs is no variable.
    """
    where = "recs_story_using_logged_slate_docs"
    check.instance(where, "slate_docs", slate_docs, Variable, "data_variable makes one of a log")
    user: User = made(where, "user_ctor", user_ctor, config)
    user_state = Variable("user state", user.specs().get("state"))
    user_response = Variable("user response", user.specs().get("response"))
    user_state.initial_value = value(user.initial_state)
    user_state.value = value(
        user.next_state, (user_state.previous, user_response.previous, slate_docs.previous)
    )
    user_response.value = value(user.next_response, (user_state, slate_docs))
    return [slate_docs, user_state, user_response]
