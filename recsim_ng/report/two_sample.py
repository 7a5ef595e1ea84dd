"""Two-sample test: can a classifier tell simulated from real trajectories?"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from scipy import stats

from recsim_ng.core.errors import DataError
from recsim_ng.report import classifier

_LEAST_PAIRS = 20
_HIDDEN = 8
_LEVEL = 0.05
_LEAST_OTHERS = round(1 / _LEVEL) - 1


@dataclasses.dataclass(frozen=True)
class Told:
    """How well one classifier tells which of a user's two trajectories is the real one.

    Attributes:
      classifier: its name.
      accuracy: share of the pairs in which it is right, 0.5 being chance; ties are half right.
      pairs: pairs, of users that it has not seen, without ties.
      right: those of them in which it took the real one for more likely real.
      p_value: of that many right ones or more, by the fair coin.
    """

    classifier: str
    accuracy: float
    pairs: int
    right: int
    p_value: float


@dataclasses.dataclass(frozen=True)
class TwoSample:
    """A classifier two-sample test.

    Attributes:
      num_users: whose trajectories were judged, others than those that were learnt from.
      tests: one for each classifier.
      p_value: the least of theirs times their number.
      p_among_simulated: share of trajectories, simulated ones put in the place of the real one and
        the real one itself, that are told as well or better; None if that was not looked at.
      giveaways: (feature, mean of real minus simulated, in standard deviations among users, weight
        of the logistic regression), those with the largest weights first.
    """

    num_users: int
    tests: tuple[Told, ...]
    p_value: float
    p_among_simulated: float | None
    giveaways: tuple[tuple[str, float, float], ...]

    @property
    def is_told_apart(self) -> bool:
        """Whether simulated trajectories differ from real ones beyond chance, at level 0.05."""
        if self.p_among_simulated is not None and self.p_among_simulated > _LEVEL:
            return False
        return self.p_value < _LEVEL


def two_sample_test(
    real: np.ndarray,
    simulated: np.ndarray,
    names: list[str],
    others: Sequence[np.ndarray] = (),
    *,
    seed: int = 0,
) -> TwoSample:
    """Tests whether classifiers can tell features of real from those of simulated trajectories.

    Row u of both is the same user. Half of the users, by chance, are learnt from, with ridges
    chosen by cross-validation among them. Of the others the classifier says which of the two is the
    real one: that of the higher log odds. Logistic regression learns from the differences within
    pairs, in which what users are drops out, the network from the features as they are.

    If the simulator is right, the two of a pair are exchangeable given the user's own parameters,
    so that each answer is right with probability 1/2, independently: the p-value is exact, and the
    rate of false alarms at most the level. But what a posterior is uncertain about for all users at
    once, and what users have to do with each other, makes pairs dependent. So what looks told apart
    is put among further simulated trajectories: if the simulator is right they and the real one are
    exchangeable, so that the rate is at most the level in all cases.

    Args:
      real: `[U, F]` features.
      simulated: `[U, F]` features of the same users, simulated.
      names: of the features.
      others: `[U, F]` features of further simulated trajectories, each by a posterior draw of its
        own; they are used if there are 19 or more.
      seed: of the halves and of the network's start.

    Returns:
      What came out.

    Raises:
      DataError: (also a ValueError) there are too few users, or no feature varies.

    Source: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR 2017; the pairs make
      it one of two alternatives, a sign test.
    """
    users = len(real)
    if users < 2 * _LEAST_PAIRS:
        raise DataError(
            f"two_sample_test: must have {2 * _LEAST_PAIRS} users at least, got {users}"
        )
    learnt = np.random.default_rng(seed).permutation(users) < users // 2
    both = np.concatenate([real[learnt], simulated[learnt]])
    spread = both.std(axis=0)
    varies = spread > 1e-9 * np.maximum(1.0, np.abs(both.mean(axis=0)))
    if not varies.any():
        raise DataError("two_sample_test: a feature must vary among users, got none that does")
    centre, spread = both.mean(axis=0)[varies], spread[varies]
    one, two = ((x[:, varies] - centre) / spread for x in (real, simulated))
    group = np.tile(np.arange(learnt.sum()), 2)
    y = np.repeat([1.0, 0.0], learnt.sum())
    half = (one - two) / 2
    tests = []
    for name, fitted, sides in (
        ("logistic regression", _regression, (half, -half)),
        ("neural network", functools.partial(_network, seed=seed), (one, two)),
    ):
        x = np.concatenate([side[learnt] for side in sides])
        score = fitted(x, y, classifier.best_ridge(x, y, group, fitted))
        tests.append(_judge(name, *(score(side[~learnt]) for side in sides)))
    x = np.concatenate([half[learnt], -half[learnt]])
    weights = classifier.logistic(x, y, classifier.best_ridge(x, y, group, _regression))[1:]
    away = one.mean(axis=0) - two.mean(axis=0)
    kept = [name for name, is_kept in zip(names, varies, strict=True) if is_kept]
    largest = np.argsort(-np.abs(weights))[:8]
    p_value = min(1.0, len(tests) * min(test.p_value for test in tests))
    giveaways = tuple((kept[i], float(away[i]), float(weights[i])) for i in largest)
    among = None
    if p_value < _LEVEL and len(others) >= _LEAST_OTHERS:
        rest = [two_sample_test(x, simulated, names, seed=seed).p_value for x in others]
        among = (1 + sum(p <= p_value for p in rest)) / (1 + len(rest))
    return TwoSample(int((~learnt).sum()), tuple(tests), p_value, among, giveaways)


def _regression(x: np.ndarray, y: np.ndarray, ridge: float) -> classifier.Score:
    w = classifier.logistic(x, y, ridge)
    return lambda z: w[0] + z @ w[1:]


def _network(x: np.ndarray, y: np.ndarray, ridge: float, seed: int) -> classifier.Score:
    return classifier.network(x, y, ridge, _HIDDEN, seed)


def _judge(name: str, real: np.ndarray, simulated: np.ndarray) -> Told:
    """Counts the pairs in which the real one has the higher log odds."""
    right, wrong = int((real > simulated).sum()), int((real < simulated).sum())
    accuracy = 0.5 + 0.5 * (right - wrong) / len(real)
    p_value = float(stats.binom.sf(right - 1, right + wrong, 0.5))
    return Told(name, accuracy, right + wrong, right, p_value)
