"""Sampling: draw, transform, invert; and the fall-back of families without a transform."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import noise, sampling
from recsim_ng.core.errors import NoInverseError
from recsim_ng.core.transforms.transform import fallback

tfd = tfp.distributions
KEY = noise.site_key(1, 2, "v", "s")


def test_a_sample_is_the_transform_of_its_noise():
    normal = tfd.Normal([0.0, 10.0], 2.0)
    drawn = sampling.draw_noise(normal, KEY, 3)
    expected = normal.loc + 2.0 * drawn
    np.testing.assert_array_equal(sampling.transform(normal, drawn), expected)
    np.testing.assert_array_equal(sampling.sample(normal, KEY, 3), expected)


def test_noise_of_an_observed_world_is_replayed_under_another_law():
    observed = tfd.Normal([0.0, 0.0], 1.0)
    recovered = sampling.invert(observed, [1.0, -2.0])
    np.testing.assert_allclose(sampling.transform(tfd.Normal(10.0, 2.0), recovered), [12.0, 6.0])


def test_a_choice_changes_only_for_an_item_that_gained():
    logits = tf.constant(np.random.default_rng(0).normal(size=(2000, 6)), tf.float32)
    chosen = sampling.sample(tfd.Categorical(logits=logits), KEY)
    recovered = sampling.invert(tfd.Categorical(logits=logits), chosen, KEY.fold("recovered"))
    raised = tfd.Categorical(logits=logits + [0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    now = sampling.transform(raised, recovered).numpy()
    changed = now != chosen.numpy()
    assert 0 < changed.sum() < 1000
    assert np.all(now[changed] == 2)


@pytest.mark.parametrize(
    "shape", [(2, 3), [2, 3], tf.TensorShape([2, 3]), np.array([2, 3]), tf.constant([2, 3])]
)
def test_shapes_of_any_form_are_tuples_of_ints(shape):
    found = sampling.static_shape(shape)
    assert found == (2, 3) and all(type(n) is int for n in found)


@pytest.mark.parametrize("size", [4, np.int64(4), tf.constant(4)])
def test_a_number_is_a_shape_of_one_axis(size):
    assert sampling.static_shape(size) == (4,)


def test_a_sample_shape_known_only_at_run_time_is_refused():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def draw(shape):
        return sampling.sample(tfd.Normal(0.0, 1.0), KEY, shape)

    with pytest.raises(ValueError, match="sample_shape: must be known when the graph is built"):
        draw([3])


class OwnSampler(tfd.Normal):
    """A family whose sampler is its own: Normal's transform would be wrong for it."""

    def _sample_n(self, n, seed=None):
        return super()._sample_n(n, seed) + 100.0


class OtherLocation(tfd.Normal):
    """A family that keeps Normal's sampler."""


def quiet_sample(*args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sampling.sample(*args)


@pytest.fixture
def nobody_warned():
    fallback.warned.clear()


def test_a_family_without_a_transform_warns_once_and_draws_by_its_own_sampler(nobody_warned):
    von_mises = tfd.VonMises([0.0, 1.0], 2.0)
    with pytest.warns(
        UserWarning, match="VonMises has no keyed transform: its own sampler is used"
    ):
        first = sampling.sample(von_mises, KEY, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = sampling.sample(von_mises, KEY, 3)
        other = sampling.sample(von_mises, KEY.fold("other"), 3)
    assert first.shape == [3, 2]
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)
    with pytest.raises(NoInverseError, match="VonMises: its noise cannot be recovered"):
        sampling.invert(von_mises, first, KEY)


def test_shards_of_a_family_without_a_transform_do_not_repeat_each_other():
    von_mises = tfd.VonMises([0.0, 1.0], 2.0)
    one, other = (quiet_sample(von_mises, noise.Key(KEY.words, first)) for first in (0, 2))
    assert np.all(one != other)


def test_a_family_with_its_own_sampler_does_not_get_its_parents_transform(nobody_warned):
    with pytest.warns(UserWarning, match="OwnSampler has no keyed transform"):
        assert float(sampling.sample(OwnSampler(0.0, 1.0), KEY)) > 50
    same = sampling.sample(tfd.Normal(0.0, 1.0), KEY)
    np.testing.assert_array_equal(sampling.sample(OtherLocation(0.0, 1.0), KEY), same)


def test_a_fall_back_inside_a_wrapper_has_the_wrappers_shape():
    inner = tfd.VonMises([0.0, 1.0], 2.0)
    for wrapper, shape in (
        (tfd.Independent(inner, 1), [4, 2]),
        (tfd.BatchBroadcast(inner, [3, 2]), [4, 3, 2]),
        (tfd.TransformedDistribution(inner, tfp.bijectors.Exp()), [4, 2]),
        (tfd.MixtureSameFamily(tfd.Categorical([0.0, 1.0]), inner), [4]),
    ):
        draws = quiet_sample(wrapper, KEY, 4)
        assert draws.shape == shape
        assert len(np.unique(draws)) == draws.numpy().size


def test_wrappers_that_are_no_composite_tensors_have_transforms_too():
    class Plain(tfd.Distribution):
        def __init__(self):
            kind = tfd.FULLY_REPARAMETERIZED
            super().__init__(tf.float32, kind, False, True, parameters={}, name="Plain")

        def _batch_shape(self):
            return tf.TensorShape([2])

        def _event_shape(self):
            return tf.TensorShape([])

        def _sample_n(self, n, seed=None):
            return tf.ones([n, 2])

    wrapped = tfd.Independent(Plain(), 1)
    assert type(wrapped).__name__ == "_Independent"
    assert quiet_sample(wrapped, KEY, 3).shape == [3, 2]
    fallback.warned.discard(type(wrapped))
    quiet_sample(wrapped, KEY, 3)
    assert type(wrapped) not in fallback.warned


def test_scales_of_zero_draw_the_location_and_recover_noise_that_makes_it():
    for distribution in (
        tfd.Normal([1.0, 2.0], [0.0, 1.0]),
        tfd.MultivariateNormalDiag([1.0, 2.0], [0.0, 1.0]),
    ):
        value = sampling.sample(distribution, KEY)
        assert float(value[0]) == 1.0
        recovered = sampling.invert(distribution, value)
        assert np.isfinite(recovered).all()
        np.testing.assert_allclose(sampling.transform(distribution, recovered), value, rtol=1e-6)


def test_a_bijector_of_several_points_to_one_has_no_inverse():
    folded = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfp.bijectors.AbsoluteValue())
    value = sampling.sample(folded, KEY, 3)
    with pytest.raises(NoInverseError, match="maps several points to one"):
        sampling.invert(folded, value)


def test_impossible_categories_are_never_drawn_and_recover_finite_noise():
    categories = tfd.Categorical(logits=[[0.0, -float("inf"), 1.0]] * 500)
    drawn = sampling.sample(categories, KEY)
    assert not np.any(drawn == 1)
    recovered = sampling.invert(categories, drawn, KEY.fold("recovered"))
    assert np.isfinite(recovered).all()
    np.testing.assert_array_equal(sampling.transform(categories, recovered), drawn)


def test_recovered_gumbels_make_the_choice_in_every_one_of_a_million_draws():
    logits = tf.random.stateless_normal([200_000, 5], [1, 2]) * 3.0
    categories = tfd.Categorical(logits=logits)
    drawn = sampling.sample(categories, KEY)
    recovered = sampling.invert(categories, drawn, KEY.fold("recovered"))
    np.testing.assert_array_equal(sampling.transform(categories, recovered), drawn)
