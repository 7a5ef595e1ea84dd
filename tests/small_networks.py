"""Small networks whose laws are known, for the tests of runtimes."""

import gymnasium
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng import ed
from recsim_ng.core import FieldSpec, Network, Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value

tfd = tfp.distributions

X = ValueSpec(x=FieldSpec())


def box(shape, dims=None):
    """The strict spec of an unbounded float32 field."""
    return Space(gymnasium.spaces.Box(-np.inf, np.inf, shape), dims=dims, strict=True)


def fibonacci():
    """n_t, the t-th Fibonacci number, with its predecessor."""
    v = Variable("fibonacci", ValueSpec(n=FieldSpec(), **{"last.n": FieldSpec()}))
    v.initial_value = value(lambda: Value(n=tf.constant(1), **{"last.n": tf.constant(0)}))
    v.value = value(
        lambda p: Value(n=p.get("n") + p.get("last.n"), **{"last.n": p.get("n")}), (v.previous,)
    )
    return Network([v])


def random_walk(size, scale=1.0):
    """x_0 = 0, x_{t+1} ~ N(x_t, scale), `[size]` independent walks."""
    v = Variable("walk", ValueSpec(x=box((size,), dims=("user",))))
    v.initial_value = value(lambda: Value(x=tf.zeros([size])))
    v.value = value(
        lambda p: Value(x=ed.Normal(loc=p.get("x"), scale=scale, name="x")), (v.previous,)
    )
    return Network([v])


def autoregression(size, coefficient, scale=1.0, start=0.0):
    """Returns `[size]` processes x_{t+1} ~ N(coefficient x_t, scale); a variable may be given."""
    v = Variable("process", X)
    v.initial_value = value(lambda: Value(x=tf.fill([size], start)))
    v.value = value(
        lambda p: Value(x=ed.Normal(loc=coefficient * p.get("x"), scale=scale)), (v.previous,)
    )
    return Network([v])


def markov_chain(size, transitions):
    """state_{t+1} ~ Categorical(transitions[state_t]), `[size]` independent chains from state 0."""
    logits = tf.math.log(tf.constant(transitions, tf.float32))
    v = Variable("chain", X)
    v.initial_value = value(lambda: Value(x=tf.zeros([size], tf.int32)))
    v.value = value(
        lambda p: Value(x=ed.Categorical(logits=tf.gather(logits, p.get("x")))), (v.previous,)
    )
    return Network([v])


def coupled():
    """A static variable, a random one that reads it, and one that nothing reads."""
    taste, mood = Variable("taste", X), Variable("mood", ValueSpec(**{"good.x": FieldSpec()}))
    seen = Variable("seen", X)
    taste.initial_value = value(lambda: Value(x=ed.Normal(loc=tf.zeros([3]), scale=1.0)))
    mood.initial_value = value(lambda: Value(**{"good.x": tf.zeros([3])}))
    mood.value = value(
        lambda p, t: Value(
            **{"good.x": ed.Normal(loc=0.9 * p.get("good.x") + t.get("x"), scale=0.5)}
        ),
        (mood.previous, taste),
    )
    seen.value = value(lambda m: Value(x=m.get("good.x") > 0.0), (mood,))
    return Network([taste, seen, mood])


def many_kinds():
    """Variables of every kind: static, random, data-like, without fields, nested, of many types."""
    taste = Variable("taste", ValueSpec(x=box((4, 2), dims=("user", "topic"))))
    clock = Variable("clock", X)
    mood = Variable("mood", ValueSpec(**{"good.x": box((4,)), "good.n": FieldSpec()}))
    pick = Variable("pick", X)
    nothing = Variable("nothing", ValueSpec())
    taste.initial_value = value(
        lambda: Value(
            x=ed.MixtureSameFamily(
                tfd.Categorical(logits=[0.0, 1.0]),
                tfd.MultivariateNormalDiag(loc=[[0.0, 0.0], [5.0, 5.0]], scale_diag=[1.0, 2.0]),
                sample_shape=4,
            )
        )
    )
    clock.initial_value = value(lambda: Value(x=tf.constant(0, tf.int64)))
    clock.value = value(lambda p: Value(x=p.get("x") + 1), (clock.previous,))
    mood.initial_value = value(lambda: Value(**{"good.x": tf.zeros([4]), "good.n": tf.zeros([])}))
    mood.value = value(
        lambda p, t: Value(
            **{
                "good.x": ed.Normal(loc=0.9 * p.get("good.x") + t.get("x")[:, 0], scale=0.5),
                "good.n": ed.Uniform(low=0.0, high=1.0 + p.get("good.n")),
            }
        ),
        (mood.previous, taste),
    )
    pick.value = value(
        lambda m, t: Value(
            x=ed.Bernoulli(logits=m.get("good.x") * tf.cast(t.get("x") % 2, tf.float32))
        ),
        (mood, clock),
    )
    nothing.value = value(lambda p: Value(), (pick,))
    return Network([taste, nothing, pick, clock, mood])
