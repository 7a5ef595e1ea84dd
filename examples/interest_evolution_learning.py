"""A policy gradient learns to recommend in the interest evolution story.

REINFORCE through the compiled simulator: each iteration runs a population of new users, then scores
all slates shown, given the recorded histories, in parallel over users and time. With the reward
r_{t+1} (time consumed of the slate shown at t), discount g and the policy pi,

    return_t[u]    = sum_{s >= t} g^{s - t} r_{s+1}[u]
    baseline_t[u]  = a_t + b_t past_t[u] + c_t recent_t[u]
    advantage_t[u] = (return_t[u] - baseline_t[u]) / standard deviation of these
    gradient       = mean over t and u of advantage_t[u] grad log pi(slate_t[u] | history_t[u])

The baseline is the regression, of each step over its users, of the return on what a user consumed
before: in all, and of late. What it foretells is no merit of the slate. A bonus for entropy, of the
first pick, keeps the policy from settling too early; it fades to nothing.

Source: Williams (1992), Simple statistical gradient-following algorithms, Machine Learning 8.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng import TFRuntime, Value
from recsim_ng.core import ordered_picks
from recsim_ng.entities.recommenders import CollabFilteringRecommender
from recsim_ng.plot import plot_metric
from recsim_ng.runtime import results
from recsim_ng.stories import interest_evolution

_RECENT = 0.8  # share of what was consumed recently that still counts a step later
_METRICS = interest_evolution.STUDY.metrics
_RECORD = sorted({field for metric in _METRICS for field in metric.record})


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the example."""

    story: interest_evolution.Config = dataclasses.field(default_factory=interest_evolution.Config)
    """The story that all recommenders serve in when they are compared."""
    others: tuple[str, ...] = ("random", "popularity", "greedy", "myopic", "oracle")
    """The story's recommenders that the learner is compared to, beside itself untrained."""
    num_seeds: int = 5
    """N: for each seed a policy is trained, and everyone runs once."""
    first_seed: int = 0
    """The first of these seeds; the others follow it."""
    num_steps: int = 100
    """T, steps of a trajectory."""
    num_iterations: int = 300
    """Gradient steps, each on a population of its own."""
    num_training_users: int = 300
    """Users of such a population."""
    learning_rate: float = 0.01
    """Of Adam at first; it falls to a tenth of that."""
    discount: float = 0.98
    """g, how much of a reward counts a step earlier."""
    entropy_bonus: float = 0.01
    """Worth of a nat of entropy at first, in standard deviations of the advantages."""


class Learner:
    """A policy, the simulator that it is trained in, and its optimiser.

    Args:
      config: of the example.
      seed: of the training populations; no run with an int below 2^32 for seed has one of them.
    """

    def __init__(self, config: Config, seed: int = 0) -> None:
        self._config, self._seed = config, seed
        story = dataclasses.replace(config.story, num_users=config.num_training_users)
        self.policy, self._runtime = _simulator(story)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            config.learning_rate, config.num_iterations, alpha=0.1
        )
        self._optimizer = tf.keras.optimizers.Adam(schedule)
        self._optimizer.build(self.policy.trainable_variables)
        self._update = tf.function(self._one_update, jit_compile=True, autograph=False)

    def update(self, iteration: int) -> float:
        """Takes one gradient step; returns the mean time that its users consumed.

        Args:
          iteration: 0, 1, ...
        """
        seed = tf.constant([1 + self._seed, 1 + iteration], tf.int32)
        bonus = self._config.entropy_bonus * (1 - iteration / self._config.num_iterations)
        return float(self._update(seed, tf.constant(bonus, tf.float32)))

    def _one_update(self, seed: Any, bonus: Any) -> Any:
        run = self._runtime.trajectory(
            self._config.num_steps,
            seed=seed,
            record=["recommender state", "slate docs.doc_ranks", "user response.consumed_time"],
        )
        rewards = tf.maximum(run["user response"].get("consumed_time"), 0.0)
        advantage = advantages(rewards, self._config.discount)
        with tf.GradientTape() as tape:
            log_probability, entropy = score(self.policy, run)
            loss = -tf.reduce_mean(advantage * log_probability + bonus * entropy)
        weights = self.policy.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return tf.reduce_mean(tf.reduce_sum(rewards, axis=0))


def score(policy: CollabFilteringRecommender, trajectory: Any) -> tuple[Any, Any]:
    """Scores all slates of a trajectory at once: given the histories, they are independent.

    Args:
      policy: whose state the trajectory has.
      trajectory: with "recommender state" and the field doc_ranks of "slate docs".

    Returns:
      `[T, U]` float32 log-probabilities of the slates, `[T, U]` entropies of their first picks.
    """
    slates = trajectory["slate docs"].get("doc_ranks")
    shape = slates.shape[:2]
    histories = trajectory["recommender state"].map(_merged)
    logits = policy.scores(histories, Value(), Value(), Value())
    picks = ordered_picks.OrderedPicks(logits, slates.shape[-1])
    shares = tf.nn.softmax(logits)
    entropy = -tf.reduce_sum(shares * tf.nn.log_softmax(logits), axis=-1)
    return tf.reshape(picks.log_prob(_merged(slates)), shape), tf.reshape(entropy, shape)


def advantages(rewards: Any, discount: float) -> Any:
    """Returns what slates brought beyond what the past foretold, in standard deviations, `[T, U]`.

    Args:
      rewards: `[T, U]` float32 of the slates.
      discount: g.
    """
    steps = np.arange(rewards.shape[0])
    later = steps - steps[:, None]
    returns = tf.matmul(_weights(discount, later), rewards)
    past, recent = (tf.matmul(_weights(g, -1 - later), rewards) for g in (1.0, _RECENT))
    features = tf.stack([past, recent], axis=-1)
    features -= tf.reduce_mean(features, axis=1, keepdims=True)
    rest = returns - tf.reduce_mean(returns, axis=1, keepdims=True)
    # A ridge, for the first steps, at which there is no past.
    square = tf.matmul(features, features, transpose_a=True) + tf.eye(2)
    product = tf.matmul(features, rest[..., None], transpose_a=True)
    slope = tf.linalg.cholesky_solve(tf.linalg.cholesky(square), product)
    rest -= tf.squeeze(tf.matmul(features, slope), axis=-1)
    return rest / (tf.math.reduce_std(rest) + 1e-6)


def _simulator(story: interest_evolution.Config) -> tuple[CollabFilteringRecommender, TFRuntime]:
    """A story's trainable recommender, and the runtime of all of it."""
    made: list[CollabFilteringRecommender] = []

    def recommender(settings: Any) -> CollabFilteringRecommender:
        made.append(CollabFilteringRecommender(settings))
        return made[-1]

    variables = interest_evolution.story_with(story, recommender)
    return made[0], TFRuntime(variables)


def _weights(discount: float, distance: np.ndarray) -> np.ndarray:
    """`[T, T]` float32: discount ** distance, 0 where the distance is below 0."""
    return np.where(distance >= 0, discount ** np.maximum(distance, 0), 0.0).astype(np.float32)


def _merged(x: Any) -> Any:
    """`[T, U, ...]` as `[T U, ...]`."""
    return tf.reshape(x, [-1, *x.shape[2:]])


def run(config: Config, report: Callable[[int, int, float], None] | None = None) -> results.Results:
    """Trains a policy for each seed, and compares all recommenders on the same users.

    Args:
      config: settings.
      report: is told (seed, iteration, mean consumed time of its users) now and then.

    Returns:
      The story's headline metrics of the arms "learner", "untrained" and the others.
    """
    finished: dict[tuple[str, int], dict[str, np.ndarray]] = {}

    def finish(arm: str, runtime: TFRuntime, seed: int) -> None:
        found = runtime.trajectory(config.num_steps, seed=seed, record=_RECORD)
        finished[arm, seed] = {metric.name: metric.compute(found) for metric in _METRICS}

    shown, runtime = _simulator(config.story)
    untrained = [weight.numpy() for weight in shown.trainable_variables]
    seeds = range(config.first_seed, config.first_seed + config.num_seeds)
    for seed in seeds:
        _assign(shown, untrained)
        finish("untrained", runtime, seed)
        learner = Learner(config, seed)
        for iteration in range(config.num_iterations):
            time = learner.update(iteration)
            if report is not None and iteration % 10 == 0:
                report(seed, iteration, time)
        _assign(shown, learner.policy.trainable_variables)
        finish("learner", runtime, seed)
    for arm in config.others:
        story = dataclasses.replace(config.story, recommender=arm)
        runtime = TFRuntime(interest_evolution.story(story))
        for seed in seeds:
            finish(arm, runtime, seed)
    arms = ("learner", "untrained", *config.others)
    return results.Results.of(finished, arms, seeds, _METRICS, config.num_steps, {})


def _assign(recommender: CollabFilteringRecommender, weights: Sequence[Any]) -> None:
    for to, of in zip(recommender.trainable_variables, weights, strict=True):
        to.assign(of)


def main() -> None:
    """Trains and compares with the default settings; prints a table, and writes plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for plots")
    parser.add_argument("--seeds", type=int, default=Config.num_seeds)
    parser.add_argument("--iterations", type=int, default=Config.num_iterations)
    flags = parser.parse_args()
    config = Config(num_seeds=flags.seeds, num_iterations=flags.iterations)
    found = run(config, lambda s, i, x: print(f"seed {s} iteration {i:4d}: {x:6.1f}", flush=True))
    for metric in found.metrics:
        print(f"\n{found.label(metric)}, at the last step\n")
        for arm in found.arms:
            about, less = found.estimate(metric, arm), found.difference(metric, arm)
            print(
                f"{arm:12s} {about.mean[-1]:8.2f} ({about.low[-1]:.2f} to {about.high[-1]:.2f})"
                f"   less learner {less.mean[-1]:8.2f} ({less.low[-1]:.2f} to {less.high[-1]:.2f})"
            )
        if flags.out is not None:
            flags.out.mkdir(parents=True, exist_ok=True)
            plot_metric(found, metric, flags.out / f"{metric}.png")


if __name__ == "__main__":
    main()
