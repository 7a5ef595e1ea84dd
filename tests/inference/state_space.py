"""State-space stories with closed forms: Kalman's filter and smoother, the forward algorithm."""

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from tests.small_networks import box

# One column for each kind of user.
RATES, NOISES, ERRORS = np.array([[0.9, 0.5, -0.7], [0.5, 1.0, 0.3], [1.0, 0.5, 0.7]])
START = np.array([0.6, 0.4])
TRANSITIONS = np.array([[0.8, 0.2], [0.3, 0.7]])
LEVELS = np.array([-1.0, 1.0])


def users(shape):
    return ValueSpec(x=box(shape, dims=("user",)))


def linear_gaussian(count, traces=None):
    """x_0 ~ N(0, 1), x_{t+1} ~ N(a x_t, q), y_t ~ N(x_t, r): 3 kinds of users in turn.

    Args:
        count: how many users.
        traces: a list that grows whenever the observation's behaviour is called.
    """
    traces = [] if traces is None else traces

    def observation(v):
        traces.append(1)
        return Value(x=ed.Normal(v.get("x"), r, name="x"))

    a, q, r = (tf.constant(np.resize(x, count), tf.float32) for x in (RATES, NOISES, ERRORS))
    level, seen = Variable("level", users((count,))), Variable("seen", users((count,)))
    level.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(count), 1.0, name="x")))
    level.value = value(
        lambda p: Value(x=ed.Normal(a * p.get("x"), q, name="x")), (level.previous,)
    )
    seen.value = value(observation, (level,))
    return Network([level, seen])


def kalman(y):
    """Kalman's filter and the Rauch-Tung-Striebel smoother, in float64.

    Args:
        y: `[T, 3]` observations, one for each kind of user.

    Returns:
        `[3]` log-likelihoods, `[T, 3]` filtered means and variances, smoothed means and variances.
    """
    log_likelihood, mean, var = 0.0, np.zeros(3), np.ones(3)
    means, variances, ahead = [], [], []
    for t, seen in enumerate(np.asarray(y, np.float64)):
        if t:
            mean, var = RATES * mean, RATES**2 * var + NOISES**2
        ahead.append((mean, var))
        total = var + ERRORS**2
        log_likelihood -= 0.5 * (np.log(2 * np.pi * total) + (seen - mean) ** 2 / total)
        gain = var / total
        mean, var = mean + gain * (seen - mean), (1 - gain) * var
        means.append(mean)
        variances.append(var)
    smooth, smooth_var = [means[-1]], [variances[-1]]
    for t in range(len(means) - 2, -1, -1):
        gain = variances[t] * RATES / ahead[t + 1][1]
        smooth.insert(0, means[t] + gain * (smooth[0] - ahead[t + 1][0]))
        smooth_var.insert(0, variances[t] + gain**2 * (smooth_var[0] - ahead[t + 1][1]))
    return log_likelihood, *(np.array(x) for x in (means, variances, smooth, smooth_var))


def markov_chain(shape):
    """z_0 ~ START, z_{t+1} ~ TRANSITIONS[z_t]: one chain, or one for each user."""
    space = gymnasium.spaces.Box(0, 1, shape, np.int32)
    chain = Variable("chain", ValueSpec(x=Space(space, dims=("user",)[: len(shape)])))
    start = tf.broadcast_to(tf.constant(np.log(START), tf.float32), [*shape, 2])
    logits = tf.constant(np.log(TRANSITIONS), tf.float32)
    chain.initial_value = value(lambda: Value(x=ed.Categorical(logits=start, name="x")))
    chain.value = value(
        lambda p: Value(x=ed.Categorical(logits=tf.gather(logits, p.get("x")), name="x")),
        (chain.previous,),
    )
    return chain


def hidden_markov(count):
    """The chain of each of `count` users, and y_t ~ N(LEVELS[z_t], 1)."""
    chain, seen = markov_chain((count,)), Variable("seen", users((count,)))
    levels = tf.constant(LEVELS, tf.float32)
    seen.value = value(
        lambda z: Value(x=ed.Normal(tf.gather(levels, z.get("x")), 1.0, name="x")), (chain,)
    )
    return Network([chain, seen])


def forward_backward(y, like=None):
    """The forward-backward algorithm, in float64.

    Args:
        y: `[T]` observations.
        like: `[T, 2]` their densities in each state; None: those of `hidden_markov`.

    Returns:
        The log-likelihood; `[T]` probabilities of state 1 given y_0 ... y_t; given all.
    """
    y = np.asarray(y, np.float64)
    if like is None:
        like = np.exp(-0.5 * (y[:, None] - LEVELS) ** 2) / np.sqrt(2 * np.pi)
    alpha, log_likelihood, ahead = [], 0.0, START
    for of_step in like:
        joint = ahead * of_step
        log_likelihood += np.log(joint.sum())
        alpha.append(joint / joint.sum())
        ahead = alpha[-1] @ TRANSITIONS
    beta, smooth = np.ones(2), []
    for t in range(len(y) - 1, -1, -1):
        both = alpha[t] * beta
        smooth.insert(0, both / both.sum())
        beta = TRANSITIONS @ (like[t] * beta)
    return log_likelihood, np.array(alpha)[:, 1], np.array(smooth)[:, 1]
