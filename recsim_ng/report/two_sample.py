"""Two-sample test: can a classifier tell simulated from real trajectories?"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import stats

from recsim_ng.core.errors import DataError
from recsim_ng.report import classifier

_LEAST_PAIRS = 20
_HIDDEN = 8
_LEVEL = 0.05


@dataclasses.dataclass(frozen=True)
class Told:
    """How well one classifier tells real from simulated on users that it has not seen.

    Attributes:
      classifier: its name.
      accuracy: share of trajectories put into the right class; 0.5 is chance.
      apart: pairs of a user's real and simulated trajectory that it put into different classes.
      right: those of them that it put into the right ones.
      p_value: of that many right ones or more, by the fair coin.
    """

    classifier: str
    accuracy: float
    apart: int
    right: int
    p_value: float


@dataclasses.dataclass(frozen=True)
class TwoSample:
    """A classifier two-sample test.

    Attributes:
      num_users: whose trajectories were judged, others than those that were learnt from.
      tests: one for each classifier.
      p_value: the least of theirs times their number.
      giveaways: (feature, real minus simulated in standard deviations, weight of the logistic
        regression), those with the largest weights first.
    """

    num_users: int
    tests: tuple[Told, ...]
    p_value: float
    giveaways: tuple[tuple[str, float, float], ...]

    @property
    def is_told_apart(self) -> bool:
        """Whether simulated trajectories differ from real ones beyond chance, at level 0.05."""
        return self.p_value < _LEVEL


def two_sample_test(
    real: np.ndarray, simulated: np.ndarray, names: list[str], *, seed: int = 0
) -> TwoSample:
    """Tests whether classifiers can tell features of real from those of simulated trajectories.

    Row u of both is the same user. Half of the users, by chance, are learnt from, with ridges
    chosen by cross-validation among them; of the others each pair is judged. If the simulator is
    right, the two of a pair are exchangeable, whatever the user's own parameters, so that of the
    pairs that are put into different classes each is right with probability 1/2, independently:
    the p-value is exact, and the rate of false alarms at most the level.

    Args:
      real: `[U, F]` features.
      simulated: `[U, F]` features of the same users, simulated.
      names: of the features.
      seed: of the halves and of the network's start.

    Returns:
      What came out.

    Raises:
      DataError: (also a ValueError) there are too few users, or no feature varies.

    Source: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR 2017; the pairs make
      it a sign test.
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
    x = np.concatenate([one[learnt], two[learnt]])
    y = np.repeat([1.0, 0.0], learnt.sum())
    group = np.tile(np.arange(learnt.sum()), 2)

    def regression(x: np.ndarray, y: np.ndarray, ridge: float) -> classifier.Score:
        w = classifier.logistic(x, y, ridge)
        return lambda z: w[0] + z @ w[1:]

    def network(x: np.ndarray, y: np.ndarray, ridge: float) -> classifier.Score:
        return classifier.network(x, y, ridge, _HIDDEN, seed)

    tests = []
    for name, fitted in (("logistic regression", regression), ("neural network", network)):
        score = fitted(x, y, classifier.best_ridge(x, y, group, fitted))
        tests.append(_judge(name, score(one[~learnt]) > 0, score(two[~learnt]) > 0))
    weights = classifier.logistic(x, y, classifier.best_ridge(x, y, group, regression))[1:]
    away = one.mean(axis=0) - two.mean(axis=0)
    kept = [name for name, is_kept in zip(names, varies, strict=True) if is_kept]
    largest = np.argsort(-np.abs(weights))[:8]
    p_value = min(1.0, len(tests) * min(test.p_value for test in tests))
    giveaways = tuple((kept[i], float(away[i]), float(weights[i])) for i in largest)
    return TwoSample(int((~learnt).sum()), tuple(tests), p_value, giveaways)


def _judge(name: str, real: np.ndarray, simulated: np.ndarray) -> Told:
    """Counts what a classifier took for real, of both."""
    apart = real != simulated
    right = int((apart & real).sum())
    accuracy = 0.5 * (float(np.mean(real)) + 1.0 - float(np.mean(simulated)))
    count = int(apart.sum())
    return Told(name, accuracy, count, right, float(stats.binom.sf(right - 1, count, 0.5)))
