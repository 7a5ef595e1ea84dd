"""TargetPointSimilarity against NumPy, and what is said of wrong input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.choice_models import TargetPointSimilarity

U, S, D, K = 4, 3, 5, 2


def inverse_euclidean(u, v, p):
    return 1.0 / max(np.linalg.norm(u - v), 1e-6)


def dot(u, v, p):
    return float(np.dot(u, v))


def negative_cosine(u, v, p):
    lengths = np.linalg.norm(u) * np.linalg.norm(v)
    return np.dot(u, v) / lengths if lengths else 0.0


def negative_euclidean(u, v, p):
    return -np.linalg.norm(u - v)


def single_peaked(u, v, p):
    return sum(p[i] - abs(u[i] * v[i] - p[i]) for i in range(len(u)))


FORMULAS = [inverse_euclidean, dot, negative_cosine, negative_euclidean, single_peaked]
on_all_types = pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.__name__)


def affinities(formula, u, v, size=S, **options):
    model = TargetPointSimilarity((len(u),), size, formula.__name__)
    return model.affinities(u, v, **options).get("affinities").numpy()


def points(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


@on_all_types
@pytest.mark.parametrize("topics", [1, 2, 40])
def test_each_users_own_items(formula, topics, rng):
    u, v, p = points(rng, U, topics), points(rng, U, S, topics), points(rng, U, topics)
    expected = [[formula(u[i], v[i, j], p[i]) for j in range(S)] for i in range(U)]
    got = affinities(formula, u, v, affinity_peaks=p)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@on_all_types
def test_items_may_lack_the_axes_of_the_users(formula, rng):
    u, v, p = points(rng, U, K), points(rng, D, K), points(rng, U, K)
    expected = [[formula(u[i], v[j], p[i]) for j in range(D)] for i in range(U)]
    got = affinities(formula, u, v, D, affinity_peaks=p)
    assert got.shape == (U, D)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@on_all_types
def test_users_may_have_the_items_axis_already(formula, rng):
    u, v, p = points(rng, U, S, K), points(rng, U, S, K), points(rng, U, S, K)
    expected = [[formula(u[i, j], v[i, j], p[i, j]) for j in range(S)] for i in range(U)]
    got = affinities(formula, u, v, broadcast=False, affinity_peaks=p)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@on_all_types
def test_batches_may_have_many_axes_or_none(formula, rng):
    u, v, p = points(rng, 2, U, K), points(rng, 2, U, S, K), points(rng, K)
    model = TargetPointSimilarity((2, U), S, formula.__name__)
    got = model.affinities(u, v, affinity_peaks=p).get("affinities")
    assert got.shape == (2, U, S)
    np.testing.assert_allclose(got[1, 2, 0], formula(u[1, 2], v[1, 2, 0], p), rtol=1e-4, atol=1e-5)
    one = TargetPointSimilarity((), S, formula.__name__)
    alone = one.affinities(u[1, 2], v[1, 2], affinity_peaks=p).get("affinities")
    np.testing.assert_allclose(alone, got[1, 2], rtol=1e-4, atol=1e-5)
    assert one.specs().get("affinities").space.shape == (S,)


def test_the_default_is_the_negative_distance(rng):
    u, v = points(rng, U, K), points(rng, U, S, K)
    got = TargetPointSimilarity((U,), S).affinities(u, v).get("affinities")
    np.testing.assert_allclose(got, -np.linalg.norm(u[:, None] - v, axis=-1), rtol=1e-5)


def test_the_spec_is_batch_and_slate():
    space = TargetPointSimilarity((2, U), S).specs().get("affinities").space
    assert space.shape == (2, U, S) and space.dtype == np.float32


def test_a_zero_vectors_cosine_is_zero_and_short_vectors_have_one():
    u = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1e-12]], np.float32)
    v = np.array([[0.0, 0.0], [6.0, 8.0], [0.0, -1e-9]], np.float32)
    got = affinities(negative_cosine, u, v)
    expected = [[0, 0, 0], [0, 1, -0.8], [0, 0.8, -1]]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_inverse_distance_is_bounded():
    u = np.array([[1.0, 1.0]], np.float32)
    assert affinities(inverse_euclidean, u, u, 1) == pytest.approx(1e6)


@on_all_types
@pytest.mark.parametrize("size", [0.0, 1.0])
def test_gradients_are_finite_also_where_points_coincide(formula, size):
    u = tf.fill([1, K], size)
    model = TargetPointSimilarity((1,), 1, formula.__name__)
    with tf.GradientTape() as tape:
        tape.watch(u)
        v = tf.fill([1, 1, K], size)
        tape.watch(v)
        y = model.affinities(u, v, affinity_peaks=tf.ones([1, K])).get("affinities")
    for gradient in tape.gradient(y, [u, v]):
        assert np.isfinite(tf.convert_to_tensor(gradient)).all()
        if "euclidean" in formula.__name__:
            np.testing.assert_array_equal(gradient, tf.zeros_like(gradient))


def test_gradients_are_those_of_finite_differences(rng):
    for formula in FORMULAS:
        u, v, p = points(rng, 1, K), points(rng, 1, 1, K), np.ones([1, K], np.float32)
        x = tf.constant(u)
        with tf.GradientTape() as tape:
            tape.watch(x)
            model = TargetPointSimilarity((1,), 1, formula.__name__)
            y = model.affinities(x, v, affinity_peaks=p).get("affinities")
        gradient = tape.gradient(y, x)
        for k in range(K):
            step = np.eye(K)[k] * 1e-5
            ends = [formula(u[0] + s * step, v[0, 0].astype(float), p[0]) for s in (1, -1)]
            expected = (ends[0] - ends[1]) / 2e-5
            np.testing.assert_allclose(gradient[0, k], expected, rtol=1e-2, atol=1e-3)


def test_double_precision_is_kept(rng):
    u, v = rng.normal(size=(U, K)), rng.normal(size=(U, S, K))
    for formula in FORMULAS:
        assert affinities(formula, u, v, affinity_peaks=np.ones(K)).dtype == np.float64


def test_users_may_be_variables():
    v = tf.ones([S, 2])
    for u in (tf.Variable(tf.zeros([1, 2])), keras.Variable(np.zeros([1, 2], np.float32))):
        assert TargetPointSimilarity((1,), S, "dot").affinities(u, v).get("affinities").shape == (
            1,
            S,
        )


def test_an_unknown_type_is_refused():
    with pytest.raises(ValueError) as error:
        TargetPointSimilarity((U,), S, similarity_type="cosine")
    assert str(error.value) == (
        "TargetPointSimilarity: similarity_type must be one of ['dot', 'inverse_euclidean', "
        "'negative_cosine', 'negative_euclidean', 'single_peaked'], got 'cosine'"
    )


def test_unequal_last_axes_are_refused():
    model = TargetPointSimilarity((U,), S)
    for last in (K + 1, 1):
        with pytest.raises(ValueError) as error:
            model.affinities(tf.zeros([U, K]), tf.zeros([U, S, last]))
        assert str(error.value) == (
            "TargetPointSimilarity.affinities: users and items must have the same last axis, "
            f"got ({U}, {K}) and ({U}, {S}, {last})"
        )


def test_peaks_must_be_given_and_fit():
    model = TargetPointSimilarity((U,), S, "single_peaked")
    with pytest.raises(
        ValueError, match="affinity_peaks must be given for similarity_type 'single"
    ):
        model.affinities(tf.zeros([U, K]), tf.zeros([U, S, K]))
    with pytest.raises(ValueError, match="affinity_peaks must have the last axis of the users"):
        model.affinities(tf.zeros([U, K]), tf.zeros([U, S, K]), affinity_peaks=tf.zeros([U, 3]))


@pytest.mark.parametrize("size", [1e-30, 1e-25, 1.0, 1e25, 1e30])
@pytest.mark.parametrize("topics", [2, 40])
def test_the_cosine_does_not_depend_on_lengths(size, topics, rng):
    u, v = points(rng, U, topics), points(rng, U, S, topics)
    expected = affinities(negative_cosine, u, v)
    x, y = (tf.constant(z) * tf.constant(size) for z in (u, v))
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = TargetPointSimilarity((U,), S, "negative_cosine").affinities(x, y)
        found = found.get("affinities")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    gradient = tape.gradient(found, x)
    # Along u itself nothing changes.
    along = tf.reduce_sum(gradient * x, axis=-1)
    assert np.all(np.isfinite(gradient))
    np.testing.assert_allclose(along, 0.0, atol=1e-5)


def test_one_item_for_each_user_needs_no_axis(rng):
    u, v = points(rng, U, K), points(rng, U, K)
    found = affinities(dot, u, v, broadcast=False)
    np.testing.assert_allclose(found, np.sum(u * v, axis=-1), rtol=1e-5)


@pytest.mark.parametrize(
    ("u", "v", "options", "message"),
    [
        ([4, 2], [4, 7, 2], {}, "users [5, K] and items [5, S, K] or [S, K], got (4, 2)"),
        ([5, 3, 2], [5, 3, 2], {}, "users [5, K] and items [5, S, K] or [S, K], got (5, 3, 2)"),
        ([5, 2], [4, 3, 2], {}, "users [5, K] and items [5, S, K] or [S, K], got (5, 2) and (4"),
        (
            [4, 2],
            [4, 2],
            {"broadcast": False},
            "users and items [5, S, K], or [5, K] of one item each, got (4, 2) and (4, 2)",
        ),
        (
            [5, 2],
            [3, 2],
            {"affinity_peaks": np.ones([4, 2])},
            "users [5, K] and items [5, S, K] or [S, K], got (5, 2) and (3, 2) and affinity_peaks",
        ),
    ],
)
def test_shapes_that_do_not_fit_the_batch_are_refused(u, v, options, message):
    model = TargetPointSimilarity((5,), 3)
    with pytest.raises(ConfigError) as error:
        model.affinities(tf.zeros(u), tf.zeros(v), **options)
    assert str(error.value).startswith(
        f"TargetPointSimilarity.affinities: shapes must be {message}"
    )


@pytest.mark.parametrize("x", [None, "x", [[1.0], [1.0, 2.0]], True, 1j])
def test_points_that_are_no_numbers_are_refused(x):
    model, u, v = TargetPointSimilarity((U,), S), np.zeros([U, K]), np.zeros([S, K])
    for name, given in {
        "target_embeddings": (x, v),
        "slate_item_embeddings": (u, x),
    }.items():
        with pytest.raises(ConfigError, match=f"{name} must be an array of real numbers, got"):
            model.affinities(*given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(
            ({"slate_size": x}, f"slate_size must be a whole number of at least 1, got {x}")
            for x in (0, -1, 1.5, None)
        ),
        *(
            ({"batch_shape": x}, "batch_shape must be a sequence of whole numbers of at least 1")
            for x in ("x", 5, None, (0,))
        ),
        ({"similarity_type": []}, "similarity_type must be one of ['dot', "),
        ({"similarity_type": None}, "similarity_type must be one of ['dot', "),
    ],
)
def test_settings_that_make_no_similarity_are_refused(settings, message):
    with pytest.raises(ConfigError) as error:
        TargetPointSimilarity(**{"batch_shape": (U,), "slate_size": S, **settings})
    assert str(error.value).startswith(f"TargetPointSimilarity: {message}")
