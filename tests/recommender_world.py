"""A small world with a known truth, in which any recommender can serve, and many side by side."""

import dataclasses

import numpy as np
import tensorflow as tf

from recsim_ng.core import Network, Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel
from recsim_ng.entities.recommendation import Corpus, User, Vocabulary, with_vocabulary
from recsim_ng.entities.recommenders import RECOMMENDERS


@dataclasses.dataclass(frozen=True)
class World:
    """Users and documents of G groups; users like their own group's documents, and good ones.

        utility[u, d] = match [group of u = group of d] + quality[d] - strangeness

    A document is a candidate for all users but every fifth. Users choose by multinomial logit on
    utility, no choice at 0.
    """

    num_users: int = 12
    num_docs: int = 21
    num_groups: int = 3
    slate_size: int = 3
    match: float = 2.0
    strangeness: float = 2.0
    quality_sd: float = 1.0
    has_candidates: bool = True
    has_reward: bool = False

    @property
    def quality(self):
        """`[D]`, the same on every machine: normal quantiles in a shuffled order."""
        order = np.random.default_rng(3).permutation(self.num_docs)
        grid = (np.arange(self.num_docs) + 0.5) / self.num_docs
        return (self.quality_sd * np.sqrt(3) * (2 * grid - 1))[order].astype(np.float32)

    @property
    def candidates(self):
        """`[U, D]` bool."""
        users, docs = np.arange(self.num_users), np.arange(self.num_docs)
        return (users[:, None] + docs) % 5 != 0

    @property
    def utility(self):
        """`[U, D]`."""
        same = np.equal.outer(
            np.arange(self.num_users) % self.num_groups, np.arange(self.num_docs) % self.num_groups
        )
        return (self.match * same + self.quality - self.strangeness).astype(np.float32)

    def config(self, **settings):
        """What `recs_story` hands to a recommender."""
        config = {
            "num_users": self.num_users,
            "num_docs": self.num_docs,
            "num_topics": self.num_groups,
            "slate_size": self.slate_size,
            "vocabulary": Vocabulary(
                utility=lambda observation, docs: observation.get("utility"),
                reward="reward" if self.has_reward else "",
            ),
            "policy": lambda step, observation, docs: observation.get("utility"),
            **settings,
        }
        return with_vocabulary(config, WorldUser(config, self), WorldCorpus(config, self))

    def docs(self):
        return WorldCorpus(self.config(), self).available_documents(Value())

    def observation(self):
        return WorldUser(self.config(), self).observation(Value())


class WorldCorpus(Corpus):
    def __init__(self, config, world):
        super().__init__(config)
        self._world = world

    def available_documents(self, corpus_state):
        world = self._world
        group = np.arange(world.num_docs) % world.num_groups
        features = np.concatenate([np.eye(world.num_groups)[group], world.quality[:, None]], 1)
        fields = {
            "doc_id": tf.range(100, 100 + world.num_docs),
            "doc_features": tf.constant(features, tf.float32),
            "doc_popularity": tf.constant(np.arange(world.num_docs) % 4, tf.float32),
        }
        if world.has_candidates:
            fields["is_candidate"] = tf.constant(world.candidates)
        return Value(**fields)

    def specs(self):
        docs, users = self._num_docs, self._world.num_users
        features = (docs, self._num_topics + 1)
        fields = {
            "doc_id": Space.box(100, 99 + docs, (docs,), np.int32, dims=("doc",)),
            "doc_features": Space.box(-np.inf, np.inf, features, dims=("doc", "feature")),
            "doc_popularity": Space.box(0, np.inf, (docs,), dims=("doc",)),
        }
        if self._world.has_candidates:
            mask = Space.box(0, 1, (users, docs), np.bool_, dims=("user", "doc"))
            fields["is_candidate"] = mask
        return ValueSpec(state=ValueSpec(), available_docs=ValueSpec(**fields))


class WorldUser(User):
    def __init__(self, config, world):
        super().__init__(config)
        self._world = world
        self._choice = MultinomialLogitChoiceModel((self._num_users,), 0.0)

    def observation(self, user_state):
        return Value(utility=tf.constant(self._world.utility))

    def next_response(self, user_state, slate_docs):
        shown = tf.gather(
            tf.constant(self._world.utility), slate_docs.get("doc_ranks"), batch_dims=1
        )
        response = self._choice.choice(shown)
        if not self._world.has_reward:
            return response
        choice = tf.minimum(response.get("choice"), self._world.slate_size - 1)
        return response.union(Value(reward=tf.gather(shown, choice, batch_dims=1)))

    def specs(self):
        world = self._world
        users = (world.num_users,)
        response = {"choice": Space.box(0, world.slate_size, users, np.int32, dims=("user",))}
        if world.has_reward:
            response["reward"] = Space.box(-np.inf, np.inf, users, dims=("user",))
        utility = Space.box(-np.inf, np.inf, (*users, world.num_docs), dims=("user", "doc"))
        return ValueSpec(
            state=ValueSpec(),
            observation=ValueSpec(utility=utility),
            response=ValueSpec(**response),
        )


def side_by_side(world, names=tuple(RECOMMENDERS), **settings):
    """A network in which each of the named recommenders serves a population of its own."""
    config = world.config(**settings)
    user, corpus = WorldUser(config, world), WorldCorpus(config, world)
    docs = Variable("docs", corpus.specs().get("available_docs"))
    observation = Variable("observation", user.specs().get("observation"))
    docs.initial_value = value(lambda: corpus.available_documents(Value()))
    observation.initial_value = value(lambda: user.observation(Value()))
    variables = [docs, observation]
    for name in names:
        variables += _served_by(RECOMMENDERS[name](config), name, user, docs, observation)
    return Network(variables)


def _served_by(recommender, name, user, docs, observation):
    state = Variable(f"{name} state", recommender.specs().get("state"))
    slate = Variable(f"{name} slate", recommender.specs().get("slate"))
    response = Variable(f"{name} response", user.specs().get("response"))
    state.initial_value = value(recommender.initial_state)
    state.value = value(recommender.next_state, (state.previous, response.previous, slate.previous))
    slate.value = value(recommender.slate_docs, (state, observation, docs))
    response.value = value(lambda shown: user.next_response(Value(), shown), (slate,))
    return [state, slate, response]
