"""Small stories whose laws are known, with logs, for the tests of the report."""

import warnings

import numpy as np
import tensorflow as tf

from recsim_ng import Network, TFRuntime, ed
from recsim_ng.core import FieldSpec, Space, Value, ValueSpec, Variable
from recsim_ng.core.data import SlicedValue, data_variable
from recsim_ng.core.variable import value
from recsim_ng.inference import Fit, Target
from tests.small_networks import X


def part(logs, begin, end):
    """Steps of logs."""
    return {name: v.map(lambda x: x[begin:end]) for name, v in logs.items()}


def taste_story(users, alternatives=3):
    """Choice of an alternative at each step, ~ Categorical(logits = taste), tastes N(0, 1.5)."""
    taste = Variable("taste", ValueSpec(x=Space.box(-np.inf, np.inf, (users, alternatives))))
    pick = Variable("pick", ValueSpec(choice=FieldSpec()))
    taste.initial_value = value(
        lambda: Value(x=ed.Normal(tf.zeros([users, alternatives]), 1.5, name="x"))
    )
    pick.value = value(
        lambda t: Value(choice=ed.Categorical(logits=t.get("x"), name="c")), (taste,)
    )
    return Network([taste, pick])


def taste_logs(steps, users, seed=5, alternatives=3):
    """Logs of choices and the true tastes."""
    run = TFRuntime(taste_story(users, alternatives)).trajectory(steps, seed=seed)
    return {"pick": run["pick"]}, np.asarray(run["taste"]["x"][0])


def rating_story(items, qualities=6):
    """Rating ~ N(quality[item], 0.5) of logged items `[T, U]`; qualities N(3, 1)."""
    quality, rating = Variable("quality", X), Variable("rating", X)
    shown = data_variable("shown", ValueSpec(item=FieldSpec()), SlicedValue(Value(item=items)))
    quality.initial_value = value(
        lambda: Value(x=ed.Normal(tf.fill([qualities], 3.0), 1.0, name="x"))
    )
    rating.value = value(
        lambda q, s: Value(x=ed.Normal(tf.gather(q.get("x"), s.get("item")), 0.5, name="x")),
        (quality, shown),
    )
    return Network([quality, shown, rating])


def fit_of(story, logs, posterior, problems=()):
    """A fit with a posterior of our own: name -> `[draws, ...]`, one chain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of its next major version
        import arviz as az

    data = az.from_dict(posterior={name: np.asarray(x)[None] for name, x in posterior.items()})
    return Fit(data, "mcmc", tuple(problems), Target(story, logs))
