"""A level for each user that moves and is seen with noise: its marginal likelihood is exact."""

import numpy as np
import tensorflow as tf

from recsim_ng import Network, TFRuntime, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.given import Condition
from recsim_ng.core.variable import value

USERS, STEPS = 3, 15
MOVES, NOISE, PRIOR = 0.5, 0.3, 2.0
TRUE_RATE = 0.8
PER_USER = ValueSpec(x=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))


def level_story(rate=None):
    """level_{t+1} ~ N(rate level_t, 0.5), seen_t ~ N(level_t, 0.3); rate ~ N(0, 2) if None."""
    level, seen = Variable("level", PER_USER), Variable("seen", PER_USER)
    drawn = Variable("rate", PER_USER)
    zeros = tf.zeros(USERS)
    drawn.initial_value = value(lambda: Value(x=ed.Normal(zeros, PRIOR, name="x")))
    level.initial_value = value(lambda: Value(x=ed.Normal(zeros, 1.0, name="x")))
    if rate is None:
        level.value = value(
            lambda p, r: Value(x=ed.Normal(r.get("x") * p.get("x"), MOVES, name="x")),
            (level.previous, drawn),
        )
    else:
        level.value = value(
            lambda p: Value(x=ed.Normal(rate * p.get("x"), MOVES, name="x")), (level.previous,)
        )
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), NOISE, name="x")), (level,))
    return Network([drawn, level, seen] if rate is None else [level, seen])


def level_run(seed):
    """A trajectory at the true rate."""
    with Condition({("rate", "x"): np.full(USERS, TRUE_RATE, np.float32)}):
        return TFRuntime(level_story()).trajectory(STEPS, seed=seed)


def log_likelihood(rate, seen):
    """The Kalman filter's log-probability of one user's observations."""
    mean, variance, total = 0.0, 1.0, 0.0
    for t, y in enumerate(np.asarray(seen, np.float64)):
        if t:
            mean, variance = rate * mean, rate**2 * variance + MOVES**2
        spread = variance + NOISE**2
        total -= 0.5 * ((y - mean) ** 2 / spread + np.log(2 * np.pi * spread))
        gain = variance / spread
        mean, variance = mean + gain * (y - mean), (1 - gain) * variance
    return total
