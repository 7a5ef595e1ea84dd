"""OrderedPicks against enumeration, Plackett-Luce and the categorical law."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.ordered_picks import OrderedPicks

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


@pytest.mark.parametrize("num_picks", [0, 5])
def test_the_number_of_picks_must_fit(num_picks):
    with pytest.raises(ValueError, match=r"num_picks must be within 1\.\.4, .* got"):
        OrderedPicks(LOGITS, num_picks)
