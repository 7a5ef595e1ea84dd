"""The ascent of the ELBO: a surrogate is moved until it is as near the posterior as it can be."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from scipy import stats

from recsim_ng.inference.checkpoint import Checkpoint
from recsim_ng.inference.density import Density
from recsim_ng.inference.origin import NOWHERE, Origin
from recsim_ng.inference.scaling import Scaling
from recsim_ng.inference.surrogate import Frame, Surrogate, white_log_prob

_CHUNK = 100  # steps of one compiled call
_LAST_RATE = 1e-2  # of the learning rate, at the end of the settling
_SETTLING = 2  # calls at least
_MOST_CHANCE = 0.1  # nats
_FALSE_RISES = 0.02  # rate at which blocks at rest seem to rise, any of them


@dataclasses.dataclass(frozen=True, eq=False)
class Learnt:
    """A surrogate that was fitted.

    Attributes:
      parameters: of the surrogate.
      frame: that it lies in.
      trace: `[K, B]` means of the ELBO over 100 steps each.
      is_at_rest: `[B]` whether the ELBO rose no more when the learning rate began to fall.
    """

    parameters: tuple[Any, ...] = dataclasses.field(repr=False)
    frame: Frame = dataclasses.field(repr=False)
    trace: np.ndarray
    is_at_rest: np.ndarray

    def problems(self) -> tuple[str, ...]:
        """Returns what speaks against it; nothing if nothing does."""
        wild = ~np.isfinite(self.trace[-1])
        if wild.any():
            return (f"the ELBO is not finite{_where(wild)}: take a lower learning_rate",)
        moving = ~self.is_at_rest
        if moving.any():
            return (f"the ELBO still rises{_where(moving)}: take more steps (num_steps)",)
        return ()


class _Moved(NamedTuple):
    parameters: tuple[Any, ...]
    mean: tuple[Any, ...]
    square: tuple[Any, ...]


class Ascent:
    """Maximises the ELBO of a surrogate q of every block, by Adam on draws of q.

        ELBO = E_q[log p(z, logs) - log q(z)] <= log p(logs)

    Draws are maps of white noise, so that gradients reach q's parameters through them. Where the
    map is easily inverted, q's own parameters are held in log q(z): if q is the posterior, the
    gradient is then zero draw by draw, and normal posteriors are found to rounding.

    Args:
      density: whose blocks are approximated.
      surrogate: q.
      num_steps: at the full learning rate, at most.
      num_samples: S, of the ELBO at each step.
      learning_rate: in units of the frame.
      tolerance: by which share of itself the ELBO may rise from one quarter of the steps to the
        next, and count as at rest.
      patience: hundreds of steps that are compared with those before, at least; networks at times
        learn nothing for a while.

    Source: Kucukelbir et al. (2017), Automatic differentiation variational inference, Journal of
      Machine Learning Research 18; Roeder et al. (2017), Sticking the landing, NeurIPS 30.
    """

    def __init__(
        self,
        density: Density,
        surrogate: Surrogate,
        *,
        num_steps: int,
        num_samples: int,
        learning_rate: float,
        tolerance: float,
        patience: int = 2,
    ) -> None:
        self._surrogate, self._shape = surrogate, density.shape
        self._num_steps, self._num_samples = num_steps, num_samples
        self._learning_rate, self._tolerance = learning_rate, tolerance
        self._patience = patience
        self._log_prob = density.batch(num_samples)
        self._sharpness = tf.ones([density.blocks.count])
        self._advance = tf.function(self._advanced, jit_compile=True, autograph=False)
        self._draw = tf.function(self._sampled, jit_compile=True, autograph=False)

    def learn(
        self,
        start: Any,
        scaling: Scaling,
        data: list[Any],
        seed: Any,
        *,
        features: Any = None,
        progress: Callable[[int, int], None] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        origin: Origin = NOWHERE,
    ) -> Learnt:
        """Returns the surrogate at its best.

        Args:
          start: `[B, n]` where to begin, on the real line.
          scaling: of the density, as far as it is known.
          data: of the density.
          seed: `[2]` int32.
          features: `[B, F]` of the blocks' logs, for amortised surrogates.
          progress: called with (steps done, steps at most) after every hundred.
          checkpoint: a file that keeps what is done; it is left for the caller to remove.
          origin: says what the run is of; a checkpoint of another is refused.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's.
        """
        frame = self._framed(tf.convert_to_tensor(start), scaling, features)
        parameters = self._surrogate.initial(_folded(seed, 0), frame.features.shape[1])
        zeros = tuple(tf.zeros_like(x) for x in parameters)
        state, done = _Moved(parameters, zeros, zeros), 0
        means: list[np.ndarray] = []
        errors: list[np.ndarray] = []
        with Checkpoint(checkpoint, origin) as keeper:
            held = keeper.load()
            if held is not None:
                done, (frame, state), (means, errors) = held.restored(frame, state)
            most = -(-self._num_steps // _CHUNK)
            while True:
                # The plan is a function of the trace, so that an interrupted run finds it again.
                full = _resting(means, errors, self._tolerance, self._patience, most)
                whole = full + max(_SETTLING, full // 3)
                if done >= whole:
                    break
                bounds = tf.constant([done, full if done >= full else whole, whole], tf.float32)
                state, mean, error = self._advance(state, frame, _folded(seed, 1), bounds, data)
                means.append(mean.numpy())
                errors.append(error.numpy())
                done += 1
                keeper.save(done, (frame, state), (means, errors))
                if progress is not None:
                    progress(done * _CHUNK, whole * _CHUNK)
        at_rest = ~_rises(means[:full], errors[:full], self._tolerance, self._patience)
        return Learnt(state.parameters, frame, np.stack(means), at_rest)

    def draws(self, learnt: Learnt, count: int, data: list[Any], seed: Any) -> tuple[Any, Any, Any]:
        """Returns (draws `[N, B, n]`, log p `[N, B]`, log q `[N, B]`), NumPy arrays.

        Args:
          learnt: the surrogate.
          count: N.
          data: of the density.
          seed: `[2]` int32.
        """
        seeds = tf.random.experimental.stateless_split(seed, -(-count // self._num_samples))
        found = [
            [x.numpy() for x in self._draw(learnt.parameters, learnt.frame, at, data)]
            for at in seeds
        ]
        z, p, q = (np.concatenate(part)[:count] for part in zip(*found, strict=True))
        return z, p, q

    def _framed(self, start: Any, scaling: Scaling, features: Any) -> Frame:
        factor = scaling.factor
        if factor.shape.rank == 3 and not self._surrogate.is_dense:
            factor = tf.sqrt(tf.reduce_sum(factor**2, axis=-1))
        if features is None:
            return Frame(start, Scaling(factor), tf.zeros([self._shape[0], 0]))
        # One frame for all blocks, those of logs to come too.
        loc, spread = tf.nn.moments(start, axes=[0], keepdims=True)
        factor = tf.sqrt(spread + tf.reduce_mean(factor**2, axis=0, keepdims=True))
        rows = tf.ones([self._shape[0], 1])
        return Frame(loc * rows, Scaling(factor * rows), features)

    def _sampled(
        self,
        parameters: tuple[Any, ...],
        frame: Frame,
        seed: Any,
        data: list[Any],
        held: bool = False,
    ) -> tuple[Any, Any, Any]:
        """(z `[S, B, n]`, log p `[S, B]`, log q `[S, B]`); held: q's parameters, in log q."""
        shape = [self._num_samples, *self._shape]
        e = tf.random.stateless_normal(shape, seed, alg="philox")
        own = self._surrogate.bijector(parameters, frame.features)
        y = own.forward(e)
        if held and self._surrogate.has_inverse:
            fixed = tuple(tf.stop_gradient(x) for x in parameters)
            own = self._surrogate.bijector(fixed, frame.features)
            e = own.inverse(y)
        outer = frame.bijector()
        moved = own.forward_log_det_jacobian(e, 1) + outer.forward_log_det_jacobian(y, 1)
        z = outer.forward(y)
        log_prob = self._log_prob(_with_finite_gradient(z), self._sharpness, *data)
        return z, log_prob, white_log_prob(e) - moved

    def _advanced(self, state: _Moved, frame: Frame, seed: Any, bounds: Any, data: Any) -> Any:
        """A hundred steps of Adam, and the ELBO's mean and standard error in them, `[B]`."""
        chunk, fall, whole = tf.unstack(bounds)
        first = tf.cast(chunk, tf.int32) * _CHUNK
        span = tf.maximum(whole - fall, 1.0) * _CHUNK

        def step(i: Any, state: _Moved, total: Any, squares: Any) -> tuple[Any, ...]:
            number = first + i
            with tf.GradientTape() as tape:
                tape.watch(state.parameters)
                key = _folded(seed, number)
                _, p, q = self._sampled(state.parameters, frame, key, data, held=True)
                # Draws without a density pull nowhere, but the trace tells of them.
                each = tf.where(tf.math.is_finite(p), p - q, 0.0)
                loss = -tf.reduce_sum(tf.reduce_mean(each, axis=0))
            elbo = tf.reduce_mean(p - q, axis=0)
            slopes = tape.gradient(loss, state.parameters)
            t = tf.cast(number + 1, tf.float32)
            fallen = tf.clip_by_value((t - fall * _CHUNK) / span, 0.0, 1.0)
            rate = self._learning_rate * _LAST_RATE**fallen
            return i + 1, _adam(state, slopes, t, rate), total + elbo, squares + elbo**2

        zeros = tf.zeros([self._shape[0]])
        start = (tf.constant(0), state, zeros, zeros)
        _, state, total, squares = tf.while_loop(lambda i, *_: i < _CHUNK, step, start)
        mean = total / _CHUNK
        spread = tf.maximum(squares / _CHUNK - mean**2, 0.0)
        return state, mean, tf.sqrt(spread / _CHUNK)


@tf.custom_gradient
def _with_finite_gradient(z: Any) -> Any:
    """z: a draw at which the density's gradient is not finite has none, and spoils no other's."""
    return z, lambda g: tf.where(tf.reduce_all(tf.math.is_finite(g), -1, keepdims=True), g, 0.0)


def _adam(state: _Moved, slopes: Any, t: Any, rate: Any) -> _Moved:
    found = []
    for x, g, m, s in zip(state.parameters, slopes, state.mean, state.square, strict=True):
        g = tf.where(tf.math.is_finite(g), g, 0.0)
        m, s = 0.9 * m + 0.1 * g, 0.99 * s + 0.01 * g**2
        move = (m / (1.0 - 0.9**t)) / (tf.sqrt(s / (1.0 - 0.99**t)) + 1e-8)
        found.append((x - rate * move, m, s))
    return _Moved(*(tuple(part) for part in zip(*found, strict=True)))


def _rises(
    means: list[np.ndarray], errors: list[np.ndarray], tolerance: float, patience: int
) -> np.ndarray:
    """`[B]` whether the ELBO of the last quarter of the calls is above that of the quarter before.

    Of as much of a rise as chance explains in one of fifty sets of blocks at rest nothing is made,
    but for more than 0.1: an ELBO that cannot be told yet is not at rest.
    """
    if len(means) < 2 * patience:
        return np.full_like(means[-1], True, bool)
    width = max(patience, len(means) // 4)
    late = np.mean(means[-width:], axis=0)
    early = np.mean(means[-2 * width : -width], axis=0)
    error = np.sqrt(np.sum(np.square(errors[-2 * width :]), axis=0)) / width
    quantile = stats.norm.isf(_FALSE_RISES / len(error))
    chance = np.minimum(quantile * error, _MOST_CHANCE)
    return ~(late - early <= tolerance * (1.0 + np.abs(late)) + chance)


def _resting(
    means: list[np.ndarray], errors: list[np.ndarray], tolerance: float, patience: int, most: int
) -> int:
    """How many hundreds of steps are, or were, at the full rate; `most` if it is not yet known."""
    for k in range(2 * patience, min(len(means), most) + 1):
        if not _rises(means[:k], errors[:k], tolerance, patience).any():
            return k
    return most


def _where(which: np.ndarray) -> str:
    return "" if len(which) == 1 else f" in {int(which.sum())} of {len(which)} blocks"


def _folded(seed: Any, number: Any) -> Any:
    return tf.random.experimental.stateless_fold_in(seed, number)
