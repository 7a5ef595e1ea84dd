"""A mean-field posterior: each unknown normal on the real line, independent of the others.

With z = m + exp(s) e, e standard normal, the evidence's lower bound

    E log p(b(z), logs) |db/dz| + sum s,

is climbed by Adam in m and s, one e a step; the rate falls from step 3/10 on, straight to a
fiftieth.

Source: Kucukelbir et al. (2017), Automatic differentiation variational inference, Journal of
Machine Learning Research 18.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng import TFRuntime
from recsim_ng.inference import Target, blocks, gradient, inference_data, inferred

_FIRST_LOG_SCALE = -3.0
_STARTS = 30  # draws of the prior whose mean is the start: near its middle, yet not symmetric


def mean_field(
    target: Target, *, seed: int, num_steps: int, learning_rate: float, num_draws: int
) -> Any:
    """Fits a target.

    Args:
      target: whose unknowns are sought.
      seed: of the start, a mean of draws of the prior, and of the noise.
      num_steps: of Adam.
      learning_rate: of Adam at first.
      num_draws: from the fitted law.

    Returns:
      An ArviZ InferenceData of one chain.
    """
    packing = blocks.Blocks(target.network, target.unknowns, target.unconstrained_shapes())
    size = packing.size
    density = gradient.with_gradient(
        lambda z: target.log_prob(*packing.unpack(z[None])), tf.TensorSpec([size], tf.float32)
    )

    def noise(step: Any) -> Any:
        key = tf.stack([tf.constant(seed, tf.int32), step])
        return tf.random.stateless_normal([size], key, alg="threefry")

    def climb(step: Any, x: Any, mean: Any, square: Any, recent: Any) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            bound = density(x[0] + tf.exp(x[1]) * noise(step)) + tf.reduce_sum(x[1])
        slope = tape.gradient(bound, x)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        t = tf.cast(step + 1, tf.float32)
        left = (1.0 - t / num_steps) / 0.7
        rate = learning_rate * tf.clip_by_value(left, 0.02, 1.0)
        move = mean / (1.0 - 0.9**t) / (tf.sqrt(square / (1.0 - 0.999**t)) + 1e-8)
        return step + 1, x + rate * move, mean, square, 0.99 * recent + 0.01 * bound

    @tf.function(jit_compile=True, autograph=False)
    def fit(x: Any) -> tuple[Any, Any]:
        zero = tf.zeros_like(x)
        state = (tf.constant(0), x, zero, zero, tf.zeros([]))
        _, x, _, _, bound = tf.while_loop(lambda step, *_: step < num_steps, climb, state)
        draws = tf.map_fn(
            lambda k: x[0] + tf.exp(x[1]) * noise(num_steps + k),
            tf.range(num_draws),
            fn_output_signature=tf.float32,
        )
        return draws, bound

    names = [unknown.name for unknown in target.unknowns]
    runtime = TFRuntime(target.network)
    starts = []
    for k in range(_STARTS):
        run = runtime.trajectory(target.given.length, seed=(seed, k), record=names)
        drawn = [run[u.variable].get(u.field)[0] for u in target.unknowns]
        starts.append(packing.pack(target.unconstrain(drawn))[0])
    start = tf.reduce_mean(tf.stack(starts), axis=0)
    draws, bound = fit(tf.stack([start, tf.fill([size], _FIRST_LOG_SCALE)]))
    stats = {"bound": np.full((1, num_draws), bound, np.float32)}
    return inference_data.inference_data(
        target, packing, inferred.Inferred(draws.numpy()[None, :, None], stats), False
    )
