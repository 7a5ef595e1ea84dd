"""Walks with an unknown drift: a story of a user's own, whose posterior is a formula."""

import numpy as np
import tensorflow as tf

from recsim_ng import ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value

SCALE = 0.5


def walks(num_users: int = 4, *, prior: float = 1.0):
    """Walks x_{t+1} ~ N(x_t + drift, 0.5), drift ~ N(0, prior), one for all.

    Args:
      num_users: U, how many walk.
      prior: standard deviation of the drift.
    """
    each = Space.box(-np.inf, np.inf, (num_users,), dims=("user",))
    drift = Variable("drift", ValueSpec(x=Space.box(-np.inf, np.inf, ())))
    walk = Variable("walk", ValueSpec(x=each))
    drift.initial_value = value(lambda: Value(x=ed.Normal(0.0, prior, name="x")))
    walk.initial_value = value(lambda: Value(x=tf.zeros(num_users)))
    walk.value = value(
        lambda before, drift: Value(x=ed.Normal(before.get("x") + drift.get("x"), SCALE, name="x")),
        (walk.previous, drift),
    )
    return [drift, walk]


def coins():
    """A coin that is fair or not, unknown which, thrown at each step: a discrete unknown."""
    one = ValueSpec(x=Space.box(-np.inf, np.inf, (), np.int32))
    kind, throw = Variable("kind", one), Variable("throw", one)
    kind.initial_value = value(lambda: Value(x=ed.Bernoulli(probs=0.5, name="x")))
    throw.value = value(
        lambda kind: Value(x=ed.Bernoulli(probs=tf.gather([0.5, 0.9], kind.get("x")), name="x")),
        (kind,),
    )
    return [kind, throw]


def bounded():
    """Throws on [0, 1) plus an unknown shift; no shift explains numbers that are far apart."""
    one = ValueSpec(x=Space.box(-np.inf, np.inf, ()))
    shift, throw = Variable("shift", one), Variable("throw", one)
    shift.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    throw.value = value(
        lambda shift: Value(x=ed.Uniform(0.0 * shift.get("x"), 1.0, name="x")), (shift,)
    )
    return [shift, throw]


def careless():
    """Walks with a mistake in their behaviour."""
    drift, walk = walks()
    walk.value = value(lambda before, drift: {}["gone"], (walk.previous, drift))
    return [drift, walk]


def number():
    """Returns no story."""
    return 3


def logged(drift: float, num_steps: int = 20):
    """Walks with logs of their own.

    Args:
      drift: the true one.
      num_steps: T.
    """
    moved = drift * np.arange(num_steps, dtype=np.float32)
    return walks(1), {"walk": Value(x=tf.constant(moved)[:, None])}
