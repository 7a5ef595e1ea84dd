"""OrderedPicks against enumeration, Plackett-Luce and the categorical law."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.noise import site_key
from recsim_ng.core.ordered_picks import OrderedPicks
from recsim_ng.core.transforms import transform_of

tfd = tfp.distributions
LOGITS = np.array([[0.0, 1.0, -1.0, 0.5], [2.0, -np.inf, 0.1, -3.0]], np.float64)


def by_hand(logits, picks):
    left, total = list(range(len(logits))), 0.0
    for c in picks:
        total += logits[c] - np.log(np.sum(np.exp(logits[left])))
        left.remove(c)
    return total


@pytest.mark.parametrize("num_picks", [1, 2, 3, 4])
def test_probabilities_are_those_of_picking_one_after_the_other(num_picks):
    picks = np.array(list(itertools.permutations(range(4), num_picks)))
    found = OrderedPicks(LOGITS[0], num_picks).log_prob(picks)
    np.testing.assert_allclose(found, [by_hand(LOGITS[0], p) for p in picks], rtol=1e-12)
    np.testing.assert_allclose(np.exp(found).sum(), 1.0, rtol=1e-12)


def test_it_is_plackett_luce_where_all_are_picked():
    picks = np.array(list(itertools.permutations(range(4))))
    expected = tfd.PlackettLuce(np.exp(LOGITS[0])).log_prob(picks)
    np.testing.assert_allclose(OrderedPicks(LOGITS[0], 4).log_prob(picks), expected, rtol=1e-6)


def test_what_cannot_be_picked_has_probability_zero():
    law = OrderedPicks(LOGITS, 2)
    assert np.array_equal(law.log_prob([[0, 0], [1, 0]]), [-np.inf, -np.inf])
    assert np.array_equal(law.log_prob([[0, 4], [-1, 0]]), [-np.inf, -np.inf])
    pairs = np.array(list(itertools.permutations(range(4), 2)))
    np.testing.assert_allclose(np.exp(law.log_prob(pairs[:, None])).sum(0), 1.0, rtol=1e-12)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_are_those_of_the_formula_and_finite_beside_impossible_items(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def gradient(logits, picks):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            y = OrderedPicks(logits, 3).log_prob(picks)
        return tape.gradient(y, logits)

    picks = np.array([[1, 0, 3], [0, 2, 3]])
    found = gradient(tf.constant(LOGITS), tf.constant(picks)).numpy()
    for row, (logits, chosen) in enumerate(zip(LOGITS, picks, strict=True)):
        expected, left = np.zeros(4), list(range(4))
        for c in chosen:
            expected[c] += 1
            weights = np.exp(logits[left])
            expected[left] -= weights / weights.sum()
            left.remove(c)
        np.testing.assert_allclose(found[row], expected, atol=1e-12)
    impossible = gradient(tf.constant(LOGITS), tf.constant([[1, 1, 0], [1, 0, 2]]))
    assert np.all(np.isfinite(impossible))


def test_many_picks_of_many_items_keep_their_digits():
    logits = np.linspace(-30, 30, 200).astype(np.float32)
    picks = np.argsort(-logits)[:50]
    found = OrderedPicks(logits, 50).log_prob(picks)
    np.testing.assert_allclose(found, by_hand(logits.astype(np.float64), picks), rtol=1e-4)


INF = np.inf
UNEQUAL = [
    [1e30, 1e30, 1e30],
    [1e5, 1e5, 1e5],
    [1e30, 0.0, 0.0],
    [1e30, 0.0, -1e30],
    [-1e30, 2.0, 2.0],
    [0.0, -INF, -INF],
    [-INF, 0.0, 0.0],
    [-INF, -INF, -INF],
]


def exact(logits, picks):
    """The law by ranks and counts: of items as far apart as these, those tied share alike."""
    left, p = list(range(len(logits))), 1.0
    for c in picks:
        best = [i for i in left if logits[i] == max(logits[left])]
        certain = logits[c] == -INF
        p *= float(c == best[0]) if certain else (c in best) / len(best)
        left.remove(c)
    return p


@pytest.mark.parametrize("logits", UNEQUAL, ids=str)
@pytest.mark.parametrize("num_picks", [1, 2, 3])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_neither_great_nor_impossible_logits_cost_digits(logits, num_picks, jit_compile):
    logits = np.array(logits, np.float32)
    picks = np.array(list(itertools.permutations(range(3), num_picks)))

    @tf.function(jit_compile=jit_compile, reduce_retracing=True)
    def score(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = OrderedPicks(x, num_picks).log_prob(picks)
            total = tf.reduce_sum(tf.where(y > -INF, y, 0.0))
        return y, tape.gradient(total, x)

    found, gradient = score(tf.constant(logits))
    expected = [exact(logits, p) for p in picks]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-6)
    assert np.sum(expected) == pytest.approx(1.0)
    assert np.all(np.isfinite(gradient))
    # Each pick's gradient sums to 0 over the items, since differences of logits alone matter.
    np.testing.assert_allclose(np.sum(gradient), 0.0, atol=1e-5)


@pytest.mark.parametrize("logits", UNEQUAL, ids=str)
def test_the_sampler_draws_what_is_scored_as_possible_and_its_noise_is_found_again(logits):
    law = OrderedPicks(np.array(logits, np.float32), 2)
    transform = transform_of(law)
    drawn = transform.forward(law, transform.noise(law, site_key(1, 0, "v", "s"), (200,)))
    assert np.all(np.isfinite(law.log_prob(drawn)))
    noise = transform.inverse(law, drawn, site_key(2, 0, "v", "s"))
    assert np.all(np.isfinite(noise))
    if max(logits) - min(logits) < 1e6 or -INF in logits:  # else noise is lost beside the logits
        assert np.array_equal(transform.forward(law, noise), drawn)
        assert len(np.unique(drawn, axis=0)) == sum(
            exact(law.logits.numpy(), p) > 0 for p in itertools.permutations(range(3), 2)
        )


@pytest.mark.parametrize(
    ("logits", "num_picks", "message"),
    [
        (LOGITS, 0, "num_picks must be a whole number within 1..4, got 0"),
        (LOGITS, 5, "num_picks must be a whole number within 1..4, got 5"),
        (LOGITS, 1.5, "num_picks must be a whole number within 1..4, got 1.5"),
        (LOGITS, "x", "num_picks must be a whole number within 1..4, got 'x'"),
        (None, 1, "logits must be an array of real numbers, got None"),
        ([True], 1, "logits must be an array of real numbers, got bool"),
        (0.5, 1, "logits must have an axis of items, got 0.5"),
    ],
)
def test_what_makes_no_law_is_refused(logits, num_picks, message):
    with pytest.raises(ConfigError) as error:
        OrderedPicks(logits, num_picks)
    assert str(error.value) == f"OrderedPicks: {message}"
