"""Baselines: what a simulator must beat to be worth more than a table of frequencies."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.report import choice_baseline, rating_baseline
from recsim_ng.report.difference import Difference, mean_by_user
from recsim_ng.report.interaction import Interactions
from recsim_ng.report.prediction import Prediction


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A baseline beside the fitted story, on the same held-out interactions.

    Attributes:
      name: of the baseline.
      log_prob: its mean log-likelihood per interaction, nats.
      advantage: of the story over it, nats per interaction, paired, in blocks of users.
    """

    name: str
    log_prob: float
    advantage: Difference

    @property
    def is_beaten(self) -> bool:
        """Whether the story is better beyond chance: the whole interval is above 0."""
        return self.advantage.low > 0.0

    @property
    def verdict(self) -> str:
        """What to say of it: beaten, no clear difference, or better than the story."""
        if self.is_beaten:
            return "beaten"
        return "better than the story" if self.advantage.high < 0.0 else "no clear difference"


def compare(
    train: Interactions, prediction: Prediction, *, rank: int = 4, seed: int = 0
) -> list[Comparison]:
    """Compares a prediction with baselines that learn from the logs of the fit.

    Args:
      train: the interactions that the story was fitted to.
      prediction: of the held-out ones.
      rank: of matrix factorisation.
      seed: of inner splits and starts.

    Returns:
      One comparison for each baseline: of choices popularity, per-user frequency and matrix
      factorisation; of numbers the global mean, the mean by user and, where logs say what is rated,
      by item, and biased matrix factorisation.
    """
    test = prediction.interactions
    if test.is_choice:
        count = 1 + int(max(train.outcome.max(), test.outcome.max()))
        if prediction.probabilities is not None:
            count = prediction.probabilities.shape[1]
        log_probs = _of_choices(train, test, count, rank, seed)
    else:
        log_probs = _of_numbers(train, test, rank, seed)
    return [
        Comparison(name, float(np.mean(x)), mean_by_user(prediction.log_prob - x, test.user))
        for name, x in log_probs.items()
    ]


def _of_choices(
    train: Interactions, test: Interactions, count: int, rank: int, seed: int
) -> dict[str, np.ndarray]:
    before, after = choice_baseline.choices(train, test, count)
    weights = choice_baseline.popularity(before)
    return {
        "popularity": choice_baseline.popularity_log_prob(weights, after),
        "per-user frequency": choice_baseline.user_frequency_log_prob(before, weights, after),
        "matrix factorisation": choice_baseline.factorisation_log_prob(
            before, weights, after, rank, seed
        ),
    }


def _of_numbers(
    train: Interactions, test: Interactions, rank: int, seed: int
) -> dict[str, np.ndarray]:
    before, after = rating_baseline.numbers(train, test)
    members = {
        "global mean": (False, False, 0),
        "mean by user": (True, False, 0),
        "mean by item": (False, True, 0),
        "biased matrix factorisation": (True, True, rank),
    }
    if before.num_items == 1:
        members = {name: m for name, m in members.items() if not m[1]}
    return {
        name: rating_baseline.mean_log_prob(
            before, after, by_user=user, by_item=item, rank=dims, seed=seed
        )
        for name, (user, item, dims) in members.items()
    }
