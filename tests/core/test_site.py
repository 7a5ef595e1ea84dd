"""Random sites: names, effects and their order, what cannot be a site."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import noise, sampling
from recsim_ng.core.edward2 import ed, is_random_variable
from recsim_ng.core.errors import SiteError
from recsim_ng.core.given import Condition, Do
from recsim_ng.core.site import Effect, Record, Seed, behaviour
from tests.core.transforms.families import FAMILIES

tfd = tfp.distributions


def two_draws():
    loc = ed.Normal(0.0, 1.0, name="loc")
    return loc, ed.Normal(loc, 1.0, name="x")


def run(fn, *effects):
    """The sites of `fn` as the behaviour of "v", under effects from the outermost inwards."""
    record = Record()
    entered = [record, *effects]
    for effect in entered:
        effect.__enter__()
    try:
        with behaviour("v"):
            fn()
    finally:
        for effect in reversed(entered):
            effect.__exit__()
    return record.sites


def test_a_seed_draws_from_the_noise_of_variable_site_and_step():
    sites = run(two_draws, Seed(5, 3))
    assert list(sites) == [("v", "loc"), ("v", "x")]
    key = noise.site_key(5, 3, "v", "loc")
    expected = sampling.sample(tfd.Normal(0.0, 1.0), key)
    np.testing.assert_array_equal(sites["v", "loc"].value, expected)
    x = sites["v", "x"]
    np.testing.assert_array_equal(x.distribution.loc, expected)
    np.testing.assert_array_equal(x.value, sampling.transform(x.distribution, x.noise))


def test_sites_without_a_name_are_numbered_and_repeated_names_are_told_apart():
    def draws():
        ed.Normal(0.0, 1.0)
        ed.Normal(0.0, 1.0, name="a")
        ed.Normal(0.0, 1.0, name="a")
        ed.Normal(0.0, 1.0)

    sites = run(draws, Seed(1))
    assert list(sites) == [("v", "#0"), ("v", "a"), ("v", "a#2"), ("v", "#3")]
    assert len({float(s.value) for s in sites.values()}) == 4


def test_the_random_variable_is_found_by_identity():
    with Seed(1), Record() as record, behaviour("v"):
        loc, x = two_draws()
    assert record.of(loc).address == ("v", "loc")
    assert record.of(x).address == ("v", "x")
    assert record.of(tf.constant(0.0)) is None
    np.testing.assert_array_equal(record.of(x).value, x.value)


def test_conditioning_gives_a_value_and_others_are_drawn_given_it():
    free = run(two_draws, Seed(5))
    sites = run(two_draws, Seed(5), Condition({("v", "loc"): 10}))
    loc, x = sites["v", "loc"], sites["v", "x"]
    assert loc.observed and not loc.intervened and loc.noise is None
    assert float(loc.value) == 10.0 and float(x.distribution.loc) == 10.0
    # The same noise as without conditioning.
    np.testing.assert_array_equal(x.noise, free["v", "x"].noise)
    assert not x.observed


SEED, SEEN, DONE = Seed(5), Condition({("v", "x"): 1.0}), Do({("v", "x"): 2.0})


@pytest.mark.parametrize(
    ("effects", "value", "observed", "intervened"),
    [
        ((SEED, SEEN), 1.0, True, False),
        ((SEEN, SEED), 1.0, True, False),
        ((SEED, DONE), 2.0, False, True),
        ((DONE, SEED), 2.0, False, True),
        ((SEED, SEEN, DONE), 2.0, False, True),
        ((DONE, SEEN, SEED), 2.0, False, True),
        ((SEEN, DONE, SEED), 2.0, False, True),
    ],
)
def test_doing_wins_over_seeing_and_seeing_over_drawing_in_any_order(
    effects, value, observed, intervened
):
    x = run(two_draws, *effects)["v", "x"]
    assert (float(x.value), x.observed, x.intervened) == (value, observed, intervened)
    assert x.noise is None
    assert float(x.random_variable.value) == value


def test_the_inner_of_two_conditions_counts_and_the_outer_of_two_interventions():
    inner, outer = Condition({("v", "x"): 1.0}), Condition({("v", "x"): 3.0})
    assert float(run(two_draws, SEED, outer, inner)["v", "x"].value) == 1.0
    inner, outer = Do({("v", "x"): 1.0}), Do({("v", "x"): 3.0})
    assert float(run(two_draws, SEED, outer, inner)["v", "x"].value) == 3.0


def test_a_given_value_is_broadcast_and_cast_and_its_shape_is_checked():
    def draws():
        ed.Normal(tf.zeros([3, 2]), 1.0, sample_shape=4, name="x")

    found = run(draws, SEED, Do({("v", "x"): [1, 2]}))["v", "x"].value
    assert found.shape == [4, 3, 2] and found.dtype == tf.float32
    message = r"site \('v', 'x'\): the given value must broadcast to shape \(4, 3, 2\), got \(5,\)"
    with pytest.raises(SiteError, match=message):
        run(draws, SEED, Do({("v", "x"): np.zeros(5)}))


def test_effects_end_with_their_context():
    with pytest.raises(ZeroDivisionError), Seed(1):
        _ = 1 / 0
    first, second = (float(ed.Normal(0.0, 1.0).value) for _ in range(2))
    assert first != second  # plain Edward2 again


def test_an_effect_of_ones_own_sees_every_site():
    class Shift(Effect):
        def process(self, site):
            return (
                site if site.value is None else dataclasses.replace(site, value=site.value + 100.0)
            )

    sites = run(two_draws, Shift(), Seed(5))
    plain = run(two_draws, Seed(5))
    assert float(sites["v", "loc"].value) == float(plain["v", "loc"].value + 100.0)


def test_a_shard_begins_at_the_first_index_of_its_variable():
    def draws():
        ed.Normal(tf.zeros([6]), 1.0, name="x")

    def some():
        ed.Normal(tf.zeros([2]), 1.0, name="x")

    whole = run(draws, Seed(1))["v", "x"].value
    shard = run(some, Seed(1, first_index={"v": 3}))["v", "x"].value
    np.testing.assert_array_equal(shard, whole[3:5])
    other = run(some, Seed(1, first_index={"w": 3}))["v", "x"].value
    np.testing.assert_array_equal(other, whole[:2])


def in_while_loop():
    tf.while_loop(
        lambda i: i < 2, lambda i: i + tf.cast(ed.Normal(0.0, 1.0), tf.int32) * 0 + 1, [0]
    )


def in_vectorized_map():
    tf.vectorized_map(lambda x: x + ed.Normal(0.0, 1.0), tf.zeros([3]))


def in_map_fn():
    tf.map_fn(lambda x: x + ed.Normal(0.0, 1.0), tf.zeros([3]))


def in_function():
    tf.function(lambda: tf.identity(ed.Normal(0.0, 1.0)))()


MESSAGE = (
    r"site \('v', '#0'\): a random variable must be drawn in the behaviour itself, got one inside "
    r"a loop, a condition, a vectorized_map or another tf.function"
)


@pytest.mark.parametrize("fn", [in_while_loop, in_vectorized_map, in_map_fn, in_function])
def test_a_site_inside_a_loop_or_a_function_is_an_error_in_a_graph(fn):
    with pytest.raises(SiteError, match=MESSAGE):
        tf.function(lambda: run(fn, Seed(1)) and None, autograph=False)()


def test_a_site_inside_a_condition_is_an_error_in_a_graph():
    @tf.function(autograph=False)
    def draws(flag):
        def body():
            tf.cond(flag, lambda: tf.identity(ed.Normal(0.0, 1.0)), lambda: 0.0)

        run(body, Seed(1))

    with pytest.raises(SiteError, match=MESSAGE):
        draws(tf.constant(True))


@pytest.mark.parametrize("fn", [in_vectorized_map, in_function])
def test_a_site_inside_a_traced_function_is_an_error_in_eager_mode(fn):
    with pytest.raises(SiteError, match=MESSAGE):
        run(fn, Seed(1))


def test_whole_behaviours_may_be_mapped_compiled_and_looped_over():
    def value(step):
        return run(two_draws, Seed(5, step))["v", "x"].value

    expected = [float(value(t)) for t in range(3)]
    mapped = tf.vectorized_map(value, tf.range(3))
    compiled = tf.function(value, jit_compile=True)

    @tf.function
    def looped():
        array = tf.TensorArray(tf.float32, 3)
        for t in tf.range(3):
            array = array.write(t, value(t))
        return array.stack()

    for found in (mapped, [compiled(tf.constant(t)) for t in range(3)], looped()):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


EDWARD2_NAMES = sorted(
    {type(case.make(tf.float32)).__name__.lstrip("_") for case in FAMILIES.values()}
)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_a_site_by_its_edward2_name_and_as_a_random_variable(name):
    distribution = FAMILIES[name].make(tf.float32)
    family = type(distribution).__name__.lstrip("_")

    def by_wrapping():
        return ed.RandomVariable(distribution, sample_shape=(2,), name="x")

    def by_name():
        given = {k: v for k, v in distribution.parameters.items() if v is not None and k != "name"}
        return getattr(ed, family)(**given, sample_shape=(2,), name="x")

    key = noise.site_key(1, 2, "v", "x")
    expected = sampling.sample(distribution, key, (2,))
    # Edward2 takes the `sample_shape` of tfd.Sample for its own.
    named = hasattr(ed, family) and family != "Sample"
    behaviours = [by_wrapping, by_name] if named else [by_wrapping]
    for fn in behaviours:
        with Seed(1, 2), Record() as record, behaviour("v"):
            value = fn()
        assert is_random_variable(value)
        assert list(record.sites) == [("v", "x")]
        np.testing.assert_array_equal(value.value, expected)
        log_prob = value.distribution.log_prob(record.of(value).value)
        assert np.isfinite(log_prob).all()


def test_edward2_has_most_families_by_name():
    assert sum(hasattr(ed, name) for name in EDWARD2_NAMES) >= 40


def test_a_value_of_none_is_drawn_like_one_that_is_not_given():
    def draw(**more):
        with behaviour("v"), Seed(1):
            return ed.Normal(loc=0.0, scale=1.0, name="x", **more).numpy()

    assert draw(value=None) == draw()


@pytest.mark.parametrize(
    ("effect", "address"),
    [(e, a) for e in (Do, Condition) for a in (("price",), ("a", 1), ("a", "b", "c"))]
    + [(Condition, "price")],
)
def test_an_address_is_a_pair_of_names(effect, address):
    with pytest.raises(SiteError, match=r"an address must be \(variable name, site name\)"):
        effect({address: 1.0})


@pytest.mark.parametrize("effect", [Do, Condition])
def test_an_address_of_no_site_is_an_error_that_lists_the_sites(effect):
    with pytest.raises(SiteError) as error:
        with Seed(1), effect({("nosuch", "x"): 1.0}), behaviour("v"):
            ed.Normal(0.0, 1.0, name="x")
    assert str(error.value) == (
        f"{effect.__name__}: every address must be that of a site that is drawn, got "
        "[('nosuch', 'x')]; there were [('v', 'x')]"
    )


@pytest.mark.parametrize("effect", [Seed(0), Record(), Do({}), Condition({})])
def test_autograph_which_converts_what_a_story_calls_can_convert_effects(effect):
    for method in (effect.process, effect.observe):
        converted = tf.autograph.to_graph(method.__func__)
        assert converted.__name__ == f"tf__{method.__name__}"
