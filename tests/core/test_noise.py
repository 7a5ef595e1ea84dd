"""Keyed noise: published vectors, the same words everywhere, nobody's words moved by others."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core import noise
from recsim_ng.core.errors import ConfigError

# Random123 1.14, tests/kat_vectors, "threefry2x32 20": counter, key, output.
KNOWN_ANSWERS = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
]


def words(values):
    return tuple(np.uint32(v) for v in values)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_threefry_gives_the_published_answers(counter, key, answer):
    found = noise.threefry2x32(words(key), words(counter))
    assert tuple(int(w) for w in found) == answer


@pytest.mark.parametrize("jit", [False, True])
def test_threefry_in_tensorflow_gives_the_published_answers(jit):
    @tf.function(jit_compile=jit)
    def answers(counters, keys):
        key, counter = (keys[:, 0], keys[:, 1]), (counters[:, 0], counters[:, 1])
        return tf.stack(noise._threefry2x32_tf(key, counter), 1)

    counters, keys, known = (tf.constant(x, tf.uint32) for x in zip(*KNOWN_ANSWERS, strict=True))
    np.testing.assert_array_equal(answers(counters, keys), known)


def test_words_are_threefry_of_the_element():
    key = noise.site_key(5, 2, "user state", "interest")
    found = noise.bits(key, (3, 2, 4)).numpy()
    for u, s, k in np.ndindex(3, 2, 4):
        assert found[u, s, k] == noise.threefry2x32(key.words, (u, 4 * s + k))[0]


SHAPES = [(), (5,), (3, 4), (2, 3, 4), (0,), (3, 0)]


def test_words_are_the_same_in_every_backend():
    def bits(seed, step):
        key = noise.site_key(seed, step, "v", "s", first_index=7)
        return tuple(noise.bits(key, shape) for shape in SHAPES)

    reference = bits(2**40 + 3, 9)
    seed, step = tf.constant(2**40 + 3, tf.int64), tf.constant(9)
    in_graph, by_xla = (tf.function(bits, jit_compile=jit)(seed, step) for jit in (False, True))
    seeds = tf.constant([1, 2**40 + 3], tf.int64)
    mapped = tf.vectorized_map(lambda s: bits(s, step), seeds)
    for i in range(len(SHAPES)):
        np.testing.assert_array_equal(in_graph[i], reference[i])
        np.testing.assert_array_equal(by_xla[i], reference[i])
        np.testing.assert_array_equal(mapped[i][1], reference[i])


def test_words_of_a_shape_known_only_at_run_time_are_the_same():
    key = noise.site_key(1, 2, "v", "s", first_index=3)
    found = tf.function(lambda shape: noise.bits(key, shape))(tf.constant([4, 2, 3]))
    np.testing.assert_array_equal(found, noise.bits(key, (4, 2, 3)))


def test_words_are_mapped_over_steps_too():
    def bits(step):
        return noise.bits(noise.site_key(3, step, "v", "s"), (2, 2))

    mapped = tf.vectorized_map(bits, tf.range(4))
    np.testing.assert_array_equal(mapped, tf.stack([bits(t) for t in range(4)]))


@pytest.mark.parametrize("jit", [False, True])
def test_a_shard_draws_what_the_whole_population_draws(jit):
    whole = noise.bits(noise.site_key(1, 2, "v", "s"), (10, 3)).numpy()

    @tf.function(jit_compile=jit)
    def shard(first):
        return noise.bits(noise.site_key(1, 2, "v", "s", first_index=first), (4, 3))

    for first in (0, 1, 6):
        np.testing.assert_array_equal(shard(tf.constant(first)), whole[first : first + 4])
        eager = noise.bits(noise.site_key(1, 2, "v", "s", first_index=first), (4, 3))
        np.testing.assert_array_equal(eager, whole[first : first + 4])


@pytest.mark.parametrize("more", [(9, 4), (5, 6), (9, 6), (5, 4, 1)])
def test_more_users_a_longer_slate_or_an_axis_of_one_move_no_word(more):
    key = noise.site_key(1, 2, "v", "s")
    few, many = noise.bits(key, (5, 4)).numpy(), noise.bits(key, more).numpy()
    np.testing.assert_array_equal(many.reshape(*more[:2])[:5, :4], few)


def test_a_longer_slate_keeps_its_first_places_also_with_topics_after_it():
    key = noise.site_key(1, 2, "v", "s")
    few, many = noise.bits(key, (5, 4, 3)).numpy(), noise.bits(key, (5, 6, 3)).numpy()
    np.testing.assert_array_equal(many[:, :4], few)


ADDRESSES = [
    (seed, step, variable, site)
    for seed in (0, 1, 2**32, 2**63 - 1)
    for step in (0, 1, 2)
    for variable in ("user", "user state", "")
    for site in ("a", "b", "#0")
]


def test_every_part_of_an_address_changes_the_words():
    first = {tuple(int(w) for w in noise.site_key(*address).words) for address in ADDRESSES}
    assert len(first) == len(ADDRESSES)
    elements = {int(noise.bits(noise.site_key(*address), (2,))[1]) for address in ADDRESSES}
    assert len(elements) == len(ADDRESSES)


def test_names_do_not_run_into_each_other():
    one = noise.site_key(1, 0, "user s", "tate").words
    other = noise.site_key(1, 0, "user", " state").words
    assert tuple(map(int, one)) != tuple(map(int, other))


@pytest.mark.parametrize("data", [0, 5, 2**31, 2**32 - 1, (3, 4), "name", -1])
def test_folding_is_the_same_with_numbers_and_with_tensors(data):
    plain = noise.Key(words((1, 2))).fold(data).words

    @tf.function
    def folded(w):
        return noise.Key((w[0], w[1])).fold(data).words

    found = folded(tf.constant([1, 2], tf.uint32))
    assert [int(w) for w in found] == [int(w) for w in plain]


def test_folding_keeps_where_a_shard_begins():
    assert noise.Key(words((1, 2)), first_index=5).fold("x").first_index == 5


SEEDS = [0, 1, -1, -5, 2**31 - 1, 2**32, 2**40 + 3, 2**63 - 1, -(2**63)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_is_the_same_as_number_array_and_tensor(seed):
    expected = [int(w) for w in noise.seed_words(seed)]
    dtypes = [tf.int64] + ([tf.int32] if -(2**31) <= seed < 2**31 else [])
    forms = [np.int64(seed), np.array(seed)] + [tf.constant(seed, d) for d in dtypes]
    for form in forms:
        assert [int(w) for w in noise.seed_words(form)] == expected
    for dtype in dtypes:
        symbolic = tf.function(noise.seed_words)(tf.constant(seed, dtype))
        assert [int(w) for w in symbolic] == expected


def test_a_pair_of_seeds_is_the_same_in_every_form():
    expected = [3, 2**32 - 1]
    forms = [(3, -1), [3, -1], np.array([3, -1]), tf.constant([3, -1]), np.uint32([3, 2**32 - 1])]
    for form in forms:
        assert [int(w) for w in noise.seed_words(form)] == expected
    symbolic = tf.function(noise.seed_words)(tf.constant([3, -1]))
    assert [int(w) for w in symbolic] == expected


@pytest.mark.parametrize(
    ("seed", "got"),
    [
        (True, "got True"),
        (1.5, "got 1.5"),
        ("one", "got 'one'"),
        ((1, 2, 3), r"got \(1, 2, 3\)"),
        (None, "got None"),
        (tf.constant(1.0), "got float32"),
        (tf.constant([1, 2, 3]), r"got int32 \(3,\)"),
    ],
)
def test_what_is_no_seed_is_refused(seed, got):
    with pytest.raises(ValueError, match=f"seed: must be an int.* or pair.*{got}|seed: .*{got}"):
        noise.seed_words(seed)


def test_fresh_seeds_differ_and_fit_a_tensor():
    seeds = {noise.fresh_seed() for _ in range(20)}
    assert len(seeds) == 20
    assert all(0 <= s < 2**63 for s in seeds)


def test_another_key_does_not_trace_again():
    traces = []

    @tf.function
    def bits(seed, step):
        traces.append(1)
        return noise.bits(noise.site_key(seed, step, "v", "s"), (4,))

    for seed in range(3):
        bits(tf.constant(seed), tf.constant(seed + 1))
    assert len(traces) == 1


@pytest.mark.parametrize(
    "seed", [(1.5, 2), (True, 1), ("a", "b"), (None, 1), ((1, 2), 3), np.array([1.0, 2.0])]
)
def test_a_pair_of_anything_but_ints_is_no_seed(seed):
    with pytest.raises(ConfigError, match="seed: each of a pair must be an int, got"):
        noise.seed_words(seed)
