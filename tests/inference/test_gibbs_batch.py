"""Blocks: dependence is found, and no two blocks of a batch enter a common term."""

import numpy as np
import tensorflow as tf

from recsim_ng.inference.gibbs_batch import block_batches, find_dependence


def of_pairs(codes):
    """Term m is made of elements m and m + 1, on a ring, and matters only where both are 0."""
    after = tf.roll(codes, -1, axis=-1)
    return tf.cast((codes == 0) & (after == 0), tf.float32)


RING = np.eye(12, dtype=bool) | np.roll(np.eye(12, dtype=bool), -1, axis=1)


def test_dependence_is_found(rng):
    # About half of all probes show each of the 24; that one is missed 30 times comes once in 10^8.
    found = find_dependence(of_pairs, np.full(12, 2, np.int32), rng)
    np.testing.assert_array_equal(found, RING)


def test_dependence_is_found_around_codes_that_are_given(rng):
    codes = np.ones([1, 12], np.int32)
    codes[0, 3] = 0
    found = find_dependence(of_pairs, np.full(12, 2, np.int32), rng, codes)
    assert set(zip(*np.nonzero(found), strict=True)) == {(2, 2), (4, 3)}


def test_blocks_of_a_batch_enter_no_common_term(rng):
    made = block_batches(RING, rng)
    sizes = set()
    for element, term in zip(made.element_block, made.term_block, strict=True):
        for block in np.unique(element[element < made.num_blocks]):
            mine = RING[element == block].any(axis=0)
            sizes.add(np.count_nonzero(element == block))
            np.testing.assert_array_equal(term == block, mine)
        assert not RING[element == made.num_blocks].all()
    assert sizes == {1, 2, 3}  # an element of a ring has two neighbours
    assert made.per_sweep == -(-len(made.element_block) // 8)


def test_each_element_is_moved_alone_in_some_batch(rng):
    made = block_batches(RING, rng)
    alone = set()
    for element in made.element_block:
        blocks, counts = np.unique(element[element < made.num_blocks], return_counts=True)
        alone |= set(np.flatnonzero(np.isin(element, blocks[counts == 1])))
    assert alone == set(range(12))


def test_elements_that_all_enter_one_term_are_moved_one_after_the_other(rng):
    made = block_batches(np.ones([5, 1], bool), rng)
    assert made.num_blocks == 1
    assert made.per_sweep == 5
