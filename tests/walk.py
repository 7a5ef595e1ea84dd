"""Walks whose rate and scale are not known: the small story of fits and reports."""

import numpy as np
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.given import Condition
from recsim_ng.core.variable import value
from tests.small_networks import X


def walk_story(users=3, noise=None):
    """x_{t+1} ~ N(rate x_t, scale), `[users]` walks; rate and scale are drawn once for all."""
    rate, scale = Variable("rate", X), Variable("scale", X)
    walk = Variable("walk", ValueSpec(x=Space.box(-np.inf, np.inf, (users,), dims=("user",))))
    rate.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    scale.initial_value = value(lambda: Value(x=ed.HalfNormal(1.0, name="x")))
    walk.initial_value = value(lambda: Value(x=tf.zeros(users)))
    walk.value = value(
        lambda p, r, s: Value(
            x=ed.Normal(r.get("x") * p.get("x"), s.get("x") * tf.ones(users), name="x")
        ),
        (walk.previous, rate, scale),
    )
    return Network([rate, scale, walk])


def walk_logs(steps, users=3, seed=3, rate=0.7, scale=0.5):
    """Logs of the walk, parameters left out."""
    with Condition({("rate", "x"): rate, ("scale", "x"): scale}):
        run = PythonRuntime(walk_story(users)).trajectory(steps, seed=seed)
    return {"walk": run["walk"]}
