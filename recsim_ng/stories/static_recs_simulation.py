"""Template of a static story: users respond, once, to all that there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recsim_ng.core.variable import Variable, value
from recsim_ng.entities.recommendation import Corpus, User
from recsim_ng.stories.construction import Config, made


def static_recs_story(
    config: Config,
    user_ctor: Callable[[Config], User],
    corpus_ctor: Callable[[Config], Corpus],
) -> Sequence[Variable]:
    """Wires users and corpus into a story of one step, whose variables are all static.

        available docs = corpus.available_documents(corpus state)
        user response  = user.next_response(user state, available docs)

    Args:
      config: settings by name, handed to both constructors.
      user_ctor: makes the users.
      corpus_ctor: makes the corpus.

    Returns:
      The variables "corpus state", "available docs", "user state", "user response".

    Raises:
      ConfigError: (also a ValueError) a constructor cannot be called, or makes no entity.
    """
    user: User = made("static_recs_story", "user_ctor", user_ctor, config)
    corpus: Corpus = made("static_recs_story", "corpus_ctor", corpus_ctor, config)
    corpus_state = Variable("corpus state", corpus.specs().get("state"))
    available_docs = Variable("available docs", corpus.specs().get("available_docs"))
    user_state = Variable("user state", user.specs().get("state"))
    user_response = Variable("user response", user.specs().get("response"))

    corpus_state.initial_value = value(corpus.initial_state)
    available_docs.initial_value = value(corpus.available_documents, (corpus_state,))
    user_state.initial_value = value(user.initial_state)
    user_response.initial_value = value(user.next_response, (user_state, available_docs))
    return [corpus_state, available_docs, user_state, user_response]
