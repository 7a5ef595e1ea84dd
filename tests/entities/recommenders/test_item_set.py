import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.entities.recommenders.item_set import ItemSet


@pytest.mark.parametrize("num_items", [1, 31, 32, 33, 100])
def test_it_is_a_set(rng, num_items):
    item_set, expected = ItemSet(num_items), np.zeros((5, num_items), bool)
    words = item_set.empty(5)
    items = tf.constant(rng.integers(0, num_items, 7), tf.int32)
    for _ in range(40):
        item = rng.integers(-1, num_items, 5).astype(np.int32)
        words = item_set.add(words, tf.constant(item))
        expected[np.arange(5)[item >= 0], item[item >= 0]] = True
    assert words.shape == (5, -(-num_items // 32)) == item_set.spec(5).space.shape
    np.testing.assert_array_equal(item_set.contains(words), expected)
    np.testing.assert_array_equal(item_set.contains(words, items), expected[:, items.numpy()])
