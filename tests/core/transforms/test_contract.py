"""What every registered family keeps: one draw for one key, everywhere, and the way back."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core import noise, sampling
from recsim_ng.core.errors import NoInverseError
from recsim_ng.core.transforms import registered
from recsim_ng.core.transforms.parameter import can_map, map_parameters
from tests.core.transforms.families import FAMILIES, tfd

every_family = pytest.mark.parametrize("name", FAMILIES)
SAMPLE_SHAPE = (5,)
# Compiling takes a second or more: the same transform with its parameters given another way is
# tried in eager mode only.
VARIANTS = {n for n in FAMILIES if n.endswith((", log rate", ", logits", ", probs", ", broadcast"))}


def key_of(seed):
    return noise.site_key(seed, 3, "variable", "site")


def leaves(structure):
    return [x for x in tf.nest.flatten(structure) if x.dtype != tf.bool]


def assert_same(found, expected):
    """Floats to 1e-5 relative plus 1e-5 of the scale, integers equal."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    scale = np.abs(expected[np.isfinite(expected)]).max() if found.dtype.kind == "f" else 0
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * scale)


def stateful_random_ops(function):
    """Names of the stateful random operations in a concrete function and those that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    stateful = ("Random", "Multinomial", "TruncatedNormal", "ParameterizedTruncated")
    return sorted(n.op for n in nodes if n.op.startswith(stateful) and "Grad" not in n.op)


def test_every_registered_family_is_tried():
    tried = {cls for case in FAMILIES.values() for cls in type(case.make(tf.float32)).__mro__}
    # Entities register laws of their own, which are tried beside them.
    ours = [cls for cls in registered() if not cls.__module__.startswith("recsim_ng.entities")]
    left = {cls.__name__ for cls in ours if cls not in tried and cls.__name__[0] != "_"}
    # Joint distributions are no sites; they come inside Blockwise.
    assert left == {"JointDistribution"}


@pytest.fixture
def no_graph_optimiser():
    # It takes as long as all else, and other tests have it on.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


every_kind = pytest.mark.parametrize("name", [n for n in FAMILIES if n not in VARIANTS])


def drawn(name):
    """A function seed -> draws."""
    make = FAMILIES[name].make
    return lambda seed: sampling.sample(make(tf.float32), key_of(seed), SAMPLE_SHAPE)


@pytest.mark.usefixtures("no_graph_optimiser")
@every_kind
def test_draws_are_the_same_in_eager_graph_and_xla(name):
    draw, seed = drawn(name), tf.constant(7)
    expected = draw(7)
    graph = tf.function(draw, autograph=False)
    assert stateful_random_ops(graph.get_concrete_function(seed)) == []
    assert_same(graph(seed), expected)
    assert_same(tf.function(draw, autograph=False, jit_compile=True)(seed), expected)


@pytest.mark.slow
@pytest.mark.usefixtures("no_graph_optimiser")
@every_kind
def test_draws_are_the_same_in_vectorized_map(name):
    draw = drawn(name)
    mapped = tf.function(lambda seeds: tf.vectorized_map(draw, seeds), autograph=False)
    seeds = tf.constant([8, 7])
    assert stateful_random_ops(mapped.get_concrete_function(seeds)) == []
    for found, seed in zip(mapped(seeds), (8, 7), strict=True):
        assert_same(found, draw(seed))


def test_draws_mapped_over_seeds_and_compiled_by_xla_are_the_same():
    cases = [FAMILIES[name] for name in ("Categorical", "Gamma", "PlackettLuce")]

    def draw(seed):
        return [sampling.sample(case.make(tf.float32), key_of(seed)) for case in cases]

    compiled = tf.function(lambda seeds: tf.vectorized_map(draw, seeds), jit_compile=True)
    for found, expected in zip(compiled(tf.constant([5, 7])), draw(7), strict=True):
        assert_same(found[1], expected)


@every_family
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["single", "double"])
def test_draws_have_the_librarys_shape_and_dtype_and_can_be_scored(name, dtype):
    distribution = FAMILIES[name].make(dtype)
    for sample_shape in ((), (2, 3)):
        value = sampling.sample(distribution, key_of(1), sample_shape)
        batch_and_event = distribution.batch_shape.concatenate(distribution.event_shape)
        assert value.shape == tf.TensorShape(sample_shape).concatenate(batch_and_event)
        assert value.dtype == distribution.dtype
        log_prob = distribution.log_prob(value)
        assert log_prob.shape == tf.TensorShape(sample_shape).concatenate(distribution.batch_shape)
        assert np.isfinite(log_prob).all()


@every_family
def test_the_same_key_gives_the_same_draw_and_another_one_another(name):
    distribution = FAMILIES[name].make(tf.float32)
    one, again, other = (
        sampling.sample(distribution, key_of(seed), (20,)).numpy() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert "Deterministic" in name or np.any(one != other)


@every_family
def test_noise_depends_on_no_parameter(name):
    distribution = FAMILIES[name].make(tf.float32)
    expected = sampling.draw_noise(distribution, key_of(1), SAMPLE_SHAPE)
    start = tf.TensorShape(SAMPLE_SHAPE).concatenate(distribution.batch_shape)
    for leaf in tf.nest.flatten(expected):
        assert leaf.shape[: start.rank] == start
    if not can_map(distribution):
        return
    other = map_parameters(distribution, lambda x, _: 0.5 * x if x.dtype.is_floating else x)
    found = sampling.draw_noise(other, key_of(1), SAMPLE_SHAPE)
    tf.nest.map_structure(np.testing.assert_array_equal, found, expected)


@every_family
def test_extending_the_first_axis_or_the_last_moves_no_draw(name):
    distribution = FAMILIES[name].make(tf.float32)
    if distribution.batch_shape.rank != 1:
        pytest.skip("a slate is added in front of the batch")
    # Samples are the users here, the batch the last axis.
    few = sampling.sample(distribution, key_of(1), (4,))
    many = sampling.sample(distribution, key_of(1), (9,))
    assert_same(many[:4], few)


@every_family
def test_a_shard_draws_what_the_whole_draws(name):
    distribution = FAMILIES[name].make(tf.float32)
    key = key_of(1)
    whole = sampling.sample(distribution, key, (6,))
    shard = sampling.sample(distribution, noise.Key(key.words, first_index=2), (3,))
    assert_same(shard, whole[2:5])


@every_family
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["single", "double"])
def test_the_noise_behind_a_value_makes_it_again(name, dtype):
    case = FAMILIES[name]
    distribution, tolerance = case.make(dtype), case.tolerance
    drawn = sampling.draw_noise(distribution, key_of(1), (200,))
    value = sampling.transform(distribution, drawn)
    if case.inverse == "none":
        with pytest.raises(NoInverseError, match=f"{type(distribution).__name__}.*has no inverse"):
            sampling.invert(distribution, value, key_of(2))
        return
    if case.inverse == "posterior":
        with pytest.raises(NoInverseError, match="many noises make the same value; give a key"):
            sampling.invert(distribution, value)
    found = sampling.invert(distribution, value, key_of(2))
    tf.nest.assert_same_structure(found, drawn)
    again = sampling.transform(distribution, found)
    if value.dtype.is_integer:
        np.testing.assert_array_equal(again, value)
    np.testing.assert_allclose(again, value, rtol=tolerance, atol=tolerance)
    if case.inverse == "unique":
        for one, other in zip(leaves(found), leaves(drawn), strict=True):
            np.testing.assert_allclose(one, other, rtol=10 * tolerance, atol=10 * tolerance)


def test_the_search_for_stateful_operations_finds_them():
    inner = tf.function(lambda: tf.random.normal([2]))
    outer = tf.function(lambda: inner() + tf.random.categorical([[0.0]], 1)[0, 0].shape.rank)
    assert stateful_random_ops(outer.get_concrete_function())


def test_users_whose_number_is_known_only_at_run_time_draw_the_same():
    spec = [tf.TensorSpec([None], tf.float32)]

    def distributions(loc):
        logits = tf.stack([loc, -loc, loc * loc], -1)
        vector = tf.stack([loc, loc], -1)
        return [
            tfd.Normal(loc, 1.0),
            tfd.Gamma(tf.exp(loc), 1.0),
            tfd.Categorical(logits=logits),
            tfd.MultivariateNormalDiag(vector, [1.0, 2.0]),
            tfd.Independent(tfd.Laplace(vector, 1.0), 1),
            tfd.MixtureSameFamily(tfd.Categorical(logits=logits), tfd.Normal(logits, 1.0)),
        ]

    def draw(loc):
        return [sampling.sample(d, key_of(5)) for d in distributions(loc)]

    loc = tf.constant([0.5, -1.0, 2.0, 0.1])
    for found, expected in zip(tf.function(draw, spec)(loc), draw(loc), strict=True):
        assert_same(found, expected)
