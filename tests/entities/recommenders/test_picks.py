import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.entities.recommenders.picks import pick
from recsim_ng.entities.recommenders.random_slate import pick_noise
from tests.statistical import assert_frequencies, must_catch

LOGITS = np.array([0.3, -1.0, 1.2, 0.0, 0.6], np.float32)
TIER = np.array([0, 1, 0, 2, 1], np.int32)


def uniforms(users, slate, seed):
    with Seed(seed), behaviour("slate"):
        return tf.convert_to_tensor(pick_noise(users, slate))


def law(slate, logits=LOGITS, tier=None):
    """Probability of each ordered slate, by the definition."""
    tier, found = np.zeros(len(logits)) if tier is None else tier, {}
    for picks in itertools.permutations(range(len(logits)), slate):
        left, p = set(range(len(logits))), 1.0
        for i in picks:
            level = min(tier[j] for j in left)
            weights = {j: np.exp(logits[j]) for j in left if tier[j] == level}
            p *= weights.get(i, 0.0) / sum(weights.values())
            left.discard(i)
        found[picks] = p
    return found


@pytest.mark.parametrize("tier", [None, TIER])
@pytest.mark.parametrize("logits", [None, LOGITS])
def test_ordered_picks_follow_their_law_and_say_its_probability(seed, tier, logits):
    users, slate = 60_000, 3
    wide = None if tier is None else tf.tile(tier[None], [users, 1])
    picks, log_p = pick(
        logits if logits is None else tf.constant(logits), wide, uniforms(users, slate, seed), 5
    )
    truth = law(slate, np.zeros(5) if logits is None else logits, tier)
    assert abs(sum(truth.values()) - 1) < 1e-6
    picks, log_p = picks.numpy(), log_p.numpy()
    said = {tuple(row): p for row, p in zip(picks, log_p, strict=True)}
    for slate_, p in said.items():
        np.testing.assert_allclose(np.exp(p), truth[slate_], rtol=1e-5)
    keys = [k for k, p in truth.items() if p > 0]
    counts = np.array([0] * len(keys))
    for k, n in zip(*np.unique(picks, axis=0, return_counts=True), strict=True):
        counts[keys.index(tuple(k))] = n
    p = np.array([truth[k] for k in keys])
    assert_frequencies(counts, p, what="ordered slates")
    with must_catch():
        wrong = p * np.where(np.arange(len(p)) % 2, 1.35, 1.0)
        assert_frequencies(counts, wrong / wrong.sum(), what="slates that prefer every other")


@pytest.mark.parametrize("num_docs", [1, 2, 3, 10, 101])
def test_all_documents_can_be_picked_whatever_the_number(num_docs):
    picks, log_p = pick(None, None, uniforms(50, num_docs, 1), num_docs)
    np.testing.assert_array_equal(np.sort(picks, axis=1), np.tile(np.arange(num_docs), (50, 1)))
    factorial = np.sum(np.log(np.arange(1, num_docs + 1)))
    np.testing.assert_allclose(log_p, -factorial, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("tier", [None, [0, 0, 0, 1]])
@pytest.mark.parametrize("tied", [3e6, -3e6, 1e20])
def test_great_logits_cost_no_digits(tier, tied):
    # The last is far below the rest, the greatest of those is picked first.
    logits = tf.constant([tied, tied, tied + abs(tied), tied - 2 * abs(tied)])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        wide = None if tier is None else tf.constant([tier] * 100)
        picks, log_p = pick(logits, wide, uniforms(100, 4, 1), 4)
        total = tf.reduce_sum(log_p)
    assert np.all(picks.numpy()[:, [0, 3]] == [2, 3]) and set(picks.numpy()[:, 1]) == {0, 1}
    np.testing.assert_allclose(log_p, np.log(0.5), rtol=1e-6)
    firsts = np.sum(picks.numpy()[:, 1] == 0)
    expected = [firsts - 50, 50 - firsts, 0, 0]
    np.testing.assert_allclose(tape.gradient(total, logits), expected, atol=1e-4)


def test_documents_of_minus_infinity_come_last_and_no_more_than_all_are_picked():
    logits = tf.constant([-np.inf, 0.0, -np.inf, 0.0, -np.inf])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        picks, log_p = pick(logits, None, uniforms(50, 5, 2), 5)
        total = tf.reduce_sum(log_p)
    np.testing.assert_array_equal(np.sort(picks[:, :2], axis=1), [[1, 3]] * 50)
    np.testing.assert_array_equal(np.sort(picks[:, 2:], axis=1), [[0, 2, 4]] * 50)
    np.testing.assert_allclose(log_p, -np.log(2.0 * 6.0), rtol=1e-6)
    assert np.all(np.isfinite(tape.gradient(total, logits)))


@pytest.mark.parametrize("uniform", [0.0, 1.0 - 2.0**-24])
def test_the_ends_of_the_uniform_pick_what_may_be_picked(uniform):
    tier = tf.constant(np.array([[2, 0, 1, 0, 2]] * 3, np.int32))
    picks, log_p = pick(tf.constant(LOGITS), tier, tf.fill([3, 5], uniform), 5)
    assert (np.sort(picks, axis=1) == np.arange(5)).all()
    assert (np.sort(picks.numpy()[:, :2]) == [1, 3]).all() and (picks.numpy()[:, 2] == 2).all()
    assert np.isfinite(log_p).all()


def test_logits_far_apart_are_picked_in_their_order():
    logits = tf.constant(np.array([0.0, -900.0, 300.0, -200.0, 50.0]), tf.float32)
    picks, log_p = pick(logits, None, uniforms(100, 5, 3), 5)
    np.testing.assert_array_equal(picks, np.tile([2, 4, 0, 3, 1], (100, 1)))
    np.testing.assert_allclose(log_p, 0.0, atol=1e-4)


def test_the_log_probability_has_the_gradient_of_its_definition(rng):
    logits = tf.constant(rng.normal(size=(1, 5)), tf.float32)
    noise = uniforms(1, 3, 2)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        picks, log_p = pick(logits, None, noise, 5)
    left, expected = np.ones(5, bool), np.zeros(5)
    for i in picks.numpy()[0]:
        weights = np.where(left, np.exp(logits.numpy()[0]), 0)
        expected -= weights / weights.sum()
        expected[i] += 1
        left[i] = False
    np.testing.assert_allclose(tape.gradient(log_p, logits)[0], expected, atol=1e-5)
