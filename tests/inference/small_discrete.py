"""A small story with discrete unknowns, and its posterior by enumeration."""

import itertools

import numpy as np
import tensorflow as tf
from scipy import stats

from recsim_ng import ed
from recsim_ng.core import FieldSpec, Value, ValueSpec, Variable
from recsim_ng.core.variable import value

START = np.array([0.5, 0.3, 0.2])
MOVE = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.25, 0.25, 0.5]])
MEANS = np.array([-1.0, 0.5, 2.0])
SHIFT = 1.2
SEEN = np.array([-0.3, 1.4, 0.9], np.float32)


def story(law=ed.Bernoulli):
    """A chain of three states is seen with noise; a switch that is drawn once shifts what is seen.

    regime_{t+1} ~ Categorical(MOVE[regime_t]),
    seen_t ~ Normal(MEANS[regime_t] + SHIFT switch, 1).
    """
    x = ValueSpec(x=FieldSpec())
    switch, regime, seen = (Variable(n, x) for n in ("switch", "regime", "seen"))
    if law is ed.Bernoulli:
        switch.initial_value = value(lambda: Value(x=ed.Bernoulli(probs=0.4, name="x")))
    else:
        switch.initial_value = value(lambda: Value(x=law(1.0, name="x")))
    start, move = (tf.constant(np.log(p), tf.float32) for p in (START, MOVE))
    regime.initial_value = value(lambda: Value(x=ed.Categorical(logits=start, name="x")))
    regime.value = value(
        lambda p: Value(x=ed.Categorical(logits=tf.gather(move, p.get("x")), name="x")),
        (regime.previous,),
    )

    def look(state, switched):
        mean = tf.gather(tf.constant(MEANS, tf.float32), state.get("x"))
        return Value(x=ed.Normal(mean + SHIFT * tf.cast(switched.get("x"), tf.float32), 1.0))

    seen.value = value(look, (regime, switch))
    return [switch, regime, seen]


LOGS = {"seen": Value(x=tf.constant(SEEN))}


CODES = np.array(list(itertools.product(range(2), *[range(3)] * 3)))


def log_prior():
    """`[54]` log p(code) of all codes (switch, three states)."""
    switch, states = CODES[:, 0], CODES[:, 1:]
    log_p = np.log(np.where(switch, 0.4, 0.6)) + np.log(START[states[:, 0]])
    return log_p + sum(np.log(MOVE[states[:, t], states[:, t + 1]]) for t in range(2))


def enumerated(shift=SHIFT):
    """All `[54, 4]` codes (switch, three states) and the `[54]` log p(code, seen) of each."""
    means = MEANS[CODES[:, 1:]] + shift * CODES[:, :1]
    return CODES, log_prior() + stats.norm.logpdf(SEEN, means, 1.0).sum(axis=1)
