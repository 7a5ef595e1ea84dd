"""Small stories whose laws are known, with logs, for the tests of the report."""

import numpy as np
import tensorflow as tf

from recsim_ng import Network, TFRuntime, ed
from recsim_ng.core import FieldSpec, Space, Value, ValueSpec, Variable
from recsim_ng.core.data import SlicedValue, data_variable
from recsim_ng.core.lazy import arviz
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


def mood_story(accumulates=False):
    """Mood that follows by how much the last slate was better than the one before it.

    best_t = shown_{t-1}, mood_t = mood_{t-1} / 2 + best_t - best_{t-1}, said_t ~ N(slope mood_t,
    1e-3); with `accumulates` best_t is the sum of all that was shown.
    """
    slope, shown, said = (Variable(name, X) for name in ("slope", "shown", "said"))
    mood = Variable("mood", ValueSpec(x=FieldSpec(), best=FieldSpec()))
    slope.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    shown.value = value(lambda: Value(x=ed.Normal(tf.zeros([50]), 1.0, name="x")))
    mood.initial_value = value(lambda: Value(x=tf.zeros([50]), best=tf.zeros([50])))

    def moved(before, last):
        best = last.get("x") + (before.get("best") if accumulates else 0.0)
        return Value(x=before.get("x") / 2 + best - before.get("best"), best=best)

    mood.value = value(moved, (mood.previous, shown.previous))
    said.value = value(
        lambda a, m: Value(x=ed.Normal(a.get("x") * m.get("x"), 1e-3, name="x")), (slope, mood)
    )
    return Network([slope, shown, mood, said])


def mood_logs(begin, *fields, accumulates=False):
    """Six steps of logs of moods, those fields of the mood among them, and the true slope."""
    run = TFRuntime(mood_story(accumulates)).trajectory(begin + 6, seed=3)
    logs = {"shown": run["shown"], "mood": run["mood"].at(*fields), "said": run["said"]}
    return part(logs, begin, begin + 6), np.asarray(run["slope"]["x"][0])


def fit_of(story, logs, posterior, problems=()):
    """A fit with a posterior of our own: name -> `[draws, ...]`, one chain."""
    data = arviz().from_dict(posterior={name: np.asarray(x)[None] for name, x in posterior.items()})
    return Fit(data, "mcmc", tuple(problems), Target(story, logs))
