"""Small stories in which each recommender, and each choice model, is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng import Network, Space, Value, ValueSpec, Variable, value
from recsim_ng.entities.choice_models import (
    CascadeChoiceModel,
    IteratedMultinomialLogitChoiceModel,
    MultinomialLogitChoiceModel,
    NestedLogitChoiceModel,
    PositionBasedChoiceModel,
    ProportionalChoiceModel,
)
from recsim_ng.entities.recommendation import Vocabulary
from recsim_ng.entities.recommenders import RECOMMENDERS

_FEATURES = 8
_SEED = 0


def story(name: str, users: int, docs: int, slate: int, chunk: int = 0) -> Network:
    """Users whose tastes for features fade, documents that stand still, and the named recommender.

    Tastes move, so that no compiler can take what is made of them out of the loop.

    Args:
      name: of the recommender.
      users: U.
      docs: D.
      slate: S.
      chunk: how many users are scored at a time; 0: all.
    """
    draw = np.random.default_rng(_SEED)
    features = tf.constant(draw.normal(size=(docs, _FEATURES)), tf.float32)
    tastes = tf.constant(draw.normal(size=(users, _FEATURES)), tf.float32)

    def utility(observation: Value, available: Value) -> Any:
        return tf.matmul(observation.get("taste"), available.get("doc_features"), transpose_b=True)

    shown = Space.box(-np.inf, np.inf, (docs, _FEATURES), dims=("doc", "feature"))
    taste = Space.box(-np.inf, np.inf, (users, _FEATURES), dims=("user", "feature"))
    docs_spec, seen_spec = ValueSpec(doc_features=shown), ValueSpec(taste=taste)
    choice = MultinomialLogitChoiceModel((users,), 0.0)
    config = {
        "num_users": users,
        "num_docs": docs,
        "num_topics": _FEATURES,
        "slate_size": slate,
        "chunk": chunk,
        "vocabulary": Vocabulary(
            docs=docs_spec,
            observation=seen_spec,
            response=choice.specs(),
            utility=utility,
        ),
        "policy": lambda step, observation, available: utility(observation, available),
    }
    recommender = RECOMMENDERS[name](config)

    def response(observation: Value, slates: Value) -> Value:
        taste = observation.get("taste")
        return choice.choice(tf.einsum("uf,usf->us", taste, slates.get("doc_features")))

    available = Variable("docs", docs_spec)
    observation = Variable("observation", seen_spec)
    state = Variable("state", recommender.specs().get("state"))
    slates = Variable("slates", recommender.specs().get("slate"))
    choices = Variable("choices", choice.specs())
    available.initial_value = value(lambda: Value(doc_features=features))
    observation.initial_value = value(lambda: Value(taste=tastes))
    observation.value = value(
        lambda before: before.map(lambda x: 0.999 * x), (observation.previous,)
    )
    state.initial_value = value(recommender.initial_state)
    state.value = value(recommender.next_state, (state.previous, choices.previous, slates.previous))
    slates.value = value(recommender.slate_docs, (state, observation, available))
    choices.value = value(response, (observation, slates))
    return Network([available, observation, state, slates, choices])


def choice_stories(users: int, slate: int) -> dict[str, Network]:
    """Users who choose from the same slates at every step, by each choice model.

    Args:
      users: U.
      slate: S.
    """
    batch = (users,)
    models: dict[str, Any] = {
        "multinomial logit": MultinomialLogitChoiceModel(batch, 0.0),
        "iterated multinomial logit": IteratedMultinomialLogitChoiceModel(3, batch, 0.0),
        "cascade": CascadeChoiceModel(batch),
        "position-based": PositionBasedChoiceModel(batch, slate),
        "proportional": ProportionalChoiceModel(batch),
        "nested logit": NestedLogitChoiceModel(
            batch, [0.5, 0.8], 0.0, nests=[i % 2 for i in range(slate)]
        ),
    }
    logits = tf.constant(np.random.default_rng(_SEED).random((users, slate)), tf.float32)
    return {name: _chosen(model.choice, model.specs(), logits) for name, model in models.items()}


def _chosen(choice: Callable[[Any], Value], specs: Value, logits: Any) -> Network:
    spec = ValueSpec(**{k: v for k, v in specs.as_dict.items() if k in choice(logits)})
    variable = Variable("choice", spec)
    variable.value = value(lambda: choice(logits))
    return Network([variable])
