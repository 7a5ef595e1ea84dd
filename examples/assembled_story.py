"""A story assembled from the shelf, served by one recommender after the other.

Listeners have a taste that moves towards what they play. Songs come and go. Only the listener is
written here, out of a state model and a choice model; corpus, recommenders and metrics are taken as
they are. The `Vocabulary` says which of the fields mean what, and a recommender need not be told
more: any of them serves here, by its constructor alone.

    python -m examples.assembled_story
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng import Network, Space, TFRuntime, Value, ValueSpec, Variable
from recsim_ng.entities.choice_models import (
    MultinomialLogitChoiceModel,
    TargetPointSimilarity,
    get_chosen,
)
from recsim_ng.entities.corpora import GaussianCorpus, RenewingCorpus
from recsim_ng.entities.metrics import CompositeMetrics, ExposureMetrics, RewardMetrics
from recsim_ng.entities.recommendation import User, Vocabulary
from recsim_ng.entities.recommenders import RECOMMENDERS
from recsim_ng.entities.state_models import ControlledLinearScaledGaussianStateModel
from recsim_ng.stories import recs_story

CONFIG: dict[str, Any] = {
    "num_users": 200,  # U
    "num_docs": 100,  # D
    "num_topics": 2,  # K
    "slate_size": 5,  # S
    "removal_rate": 0.02,  # of the songs, at each step
    "vocabulary": Vocabulary(
        features="doc_features",  # what is seen of a song
        reward="enjoyment",  # what a recommender is to learn to bring
        utility=lambda listener, songs: _enjoyment(
            listener.get("taste"), songs.get("doc_features")
        ),
    ),
}


class Listener(User):
    """Plays a song of the slate, likely one near its taste, which moves a little towards it.

        enjoyment(song)  = 2 - |taste_t - song|
        choice_t         ~ multinomial logit of the slate's enjoyments, no choice at 0
        taste_{t+1}      = 0.98 taste_t + 0.02 song played + 0.05 z_{t+1},   z standard normal

    Where nothing is played the taste is drawn towards itself.
    """

    def __init__(self, config: dict[str, Any], name: str = "Listener") -> None:
        super().__init__(config, name)
        ones = tf.ones(self._num_users)
        self._taste = ControlledLinearScaledGaussianStateModel(
            self._num_topics, 0.98 * ones, 0.02 * ones, 0.05 * ones, ones, name="taste"
        )
        self._choice = MultinomialLogitChoiceModel((self._num_users,), nochoice_logits=0.0)

    def specs(self) -> ValueSpec:
        users, topics = self._num_users, self._num_topics
        taste = Space.box(-np.inf, np.inf, (users, topics), dims=("user", "topic"))
        enjoyment = Space.box(-np.inf, np.inf, (users,), dims=("user",))
        return ValueSpec(
            state=self._taste.specs().prefixed_with("taste"),
            observation=ValueSpec(taste=taste),
            response=self._choice.specs().union(ValueSpec(enjoyment=enjoyment)),
        )

    def initial_state(self) -> Value:
        return self._taste.initial_state().prefixed_with("taste")

    def observation(self, user_state: Value) -> Value:
        return Value(taste=tf.convert_to_tensor(user_state.get("taste.state")))

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        taste, songs = user_state.get("taste.state"), slate_docs.get("doc_features")
        near = TargetPointSimilarity((self._num_users,), self._config["slate_size"])
        enjoyments = 2.0 + near.affinities(taste, songs).get("affinities")
        choice = self._choice.choice(enjoyments)
        played = get_chosen(Value(enjoyment=enjoyments), choice.get("choice"), nochoice_value=0)
        return choice.union(played)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        taste = previous_state.get("taste")
        songs, choice = slate_docs.at("doc_features"), user_response.get("choice")
        played = get_chosen(songs, choice, nochoice_value=0).get("doc_features")
        played = tf.where(
            (choice < self._config["slate_size"])[:, None], played, taste.get("state")
        )
        return self._taste.next_state(taste, Value(input=played)).prefixed_with("taste")


def _enjoyment(tastes: Any, songs: Any) -> Any:
    """`[U, D]` what each song is worth to each listener."""
    return 2.0 - tf.norm(tastes[:, None] - songs[None], axis=-1)


def story(name: str, config: dict[str, Any] | None = None) -> Sequence[Variable]:
    """Returns the story's variables with the recommender of this name.

    Args:
      name: as in `RECOMMENDERS`; all but "oracle".
      config: settings by name; None: `CONFIG`.
    """
    return recs_story(
        CONFIG if config is None else config,
        Listener,
        lambda config: RenewingCorpus(config, GaussianCorpus),
        RECOMMENDERS[name],
        lambda config: CompositeMetrics(
            config,
            {
                "": lambda config: RewardMetrics(config, "enjoyment"),
                "shown": lambda config: ExposureMetrics(config, item="doc_ranks"),
            },
        ),
    )


def enjoyment(name: str, num_steps: int, seed: int = 0) -> float:
    """Returns the mean enjoyment of a listener and step.

    Args:
      name: of the recommender.
      num_steps: T.
      seed: of the run.
    """
    last = TFRuntime(Network(story(name))).execute(num_steps, seed=seed)
    return float(np.mean(last["metrics state"]["cumulative_reward"])) / num_steps


def main() -> None:
    """Runs the story with each recommender named, or with all of them, from the same seed."""
    parser = argparse.ArgumentParser(description="Recommenders by their constructors alone.")
    served = sorted(set(RECOMMENDERS) - {"oracle"})
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(served)}")
    parser.add_argument("--num-steps", type=int, default=200, metavar="T", help="default: 200")
    args = parser.parse_args()
    for name in args.names or served:
        if name not in served or args.num_steps < 1:
            parser.error(f"NAME must be one of {', '.join(served)}, and T at least 1")
    print("enjoyment per listener and step")
    for name in args.names or served:
        print(f"  {enjoyment(name, args.num_steps):6.3f}  {name}", flush=True)


if __name__ == "__main__":
    main()
