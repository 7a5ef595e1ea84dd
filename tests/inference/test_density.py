"""Densities in blocks: which blocks there are, and that they add up to the whole."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import Fitter, McmcSettings, Target, fit
from recsim_ng.inference.density import Density
from recsim_ng.inference.prior import Prior
from tests.inference.latent_level import PER_USER, STEPS, USERS, level_run, level_story


def coupled_story(coupling):
    """Users' tastes, seen together with `coupling` times the mean of all tastes."""
    taste, seen = Variable("taste", PER_USER), Variable("seen", PER_USER)
    taste.initial_value = value(lambda: Value(x=ed.Gamma(tf.fill([USERS], 2.0), 1.0, name="x")))
    seen.value = value(
        lambda t: Value(
            x=ed.Normal(t.get("x") + coupling * tf.reduce_mean(t.get("x")), 1.0, name="x")
        ),
        (taste,),
    )
    return Network([taste, seen])


def density_of(story, logs):
    target = Target(story, logs)
    points = Prior(target).draws(3, 0)
    return target, Density(target, points), points


def test_users_who_do_not_touch_are_blocks():
    target, density, points = density_of(level_story(), {"seen": level_run(1)["seen"]})
    assert density.shape == (USERS, 1 + STEPS)
    assert density.blocks.axis == "user"
    z = density.blocks.pack(points)
    value = density.batch(3)(z, tf.ones([USERS]), *density.data())
    for k in range(3):
        whole = target.log_prob(*[x[k] for x in points])
        assert float(tf.reduce_sum(value[k])) == pytest.approx(float(whole), rel=1e-5)
    for x, y in zip(density.blocks.unpack(z), points, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(("coupling", "count"), [(0.0, USERS), (1e-4, 1)])
def test_users_who_touch_are_one_block(coupling, count):
    logs = {"seen": Value(x=tf.ones([2, USERS]))}
    target, density, points = density_of(coupled_story(coupling), logs)
    assert density.shape == (count, USERS // count)
    z = density.blocks.pack(points)
    value = density.batch(3)(z, tf.ones([count]), *density.data())
    whole = target.log_prob(*[x[1] for x in points])
    assert float(tf.reduce_sum(value[1])) == pytest.approx(float(whole), rel=1e-5)


def rarely_coupled_story(rare):
    """Users' tastes, seen together with what only others' extreme tastes do."""
    spec = ValueSpec(x=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))
    taste, seen = Variable("taste", spec), Variable("seen", spec)
    taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))
    seen.value = value(
        lambda t: Value(x=ed.Normal(t.get("x") + rare(t.get("x")), 1.0, name="x")), (taste,)
    )
    return Network([taste, seen])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "rare",
    [
        lambda x: tf.nn.relu(tf.roll(x, 1, 0) - 2.0),
        lambda x: tf.where(tf.reduce_any(x > 2.5), 1.0, 0.0),
        lambda x: tf.minimum(tf.roll(x, 1, 0), -3.0),
        lambda x: x * tf.sign(tf.reduce_prod(x)),
    ],
    ids=["above", "any", "below", "sign"],
)
def test_what_others_do_rarely_is_found(rare, seed):
    target = Target(rarely_coupled_story(rare), {"seen": Value(x=tf.ones([2, USERS]))})
    assert Density(target, Prior(target).draws(4, seed)).blocks.axis is None


@pytest.mark.slow
def test_users_that_touch_at_the_posterior_alone_are_a_problem():
    far = rarely_coupled_story(lambda x: 5.0 * tf.nn.relu(tf.roll(x, 1, 0) - 40.0))
    logs = {"seen": Value(x=tf.fill([2000, USERS], 45.0))}
    settings = McmcSettings(num_draws=50, num_warmup=100)
    found = fit(far, logs, settings=settings)
    assert found.problems[0].startswith("users were fitted apart, but touch where the posterior")
    assert Fitter(far, logs, joint=True).density.blocks.axis is None


def test_sharpness_leads_from_the_prior_to_the_posterior():
    logs = {"seen": Value(x=tf.ones([2, USERS]))}
    _, density, points = density_of(coupled_story(0.0), logs)
    z, data = density.blocks.pack(points), density.data()
    prior, half, whole = (
        density.batch(3)(z, tf.fill([USERS], s), *data).numpy() for s in (0.0, 0.5, 1.0)
    )
    np.testing.assert_allclose(half, (prior + whole) / 2, rtol=1e-4, atol=1e-4)
    likelihood = density.tempered(3)(z, tf.ones([USERS]), *data)[1]
    np.testing.assert_allclose(whole - prior, likelihood, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(density.batch(3, "logs")(z, tf.ones([USERS]), *data), likelihood)
    x = np.exp(z.numpy())[..., 0]  # softplus or exponential: the Jacobian alone tells them apart
    jacobian = whole - density.batch(3, "unknowns")(z, tf.ones([USERS]), *data).numpy()
    assert np.all(np.isfinite(jacobian)) and x.shape == jacobian.shape


def test_logs_of_another_form_are_refused():
    run = level_run(1)
    target = Target(level_story(), {"seen": run["seen"]})
    with pytest.raises(DataError, match=r"they differ in \['level.x \(moving\)'\]; make a Fitter"):
        target.with_logs({"seen": run["seen"], "level": run["level"]})
    with pytest.raises(DataError, match=r"they differ in \['length', 'seen.x \(moving\)'\]"):
        target.with_logs({"seen": run["seen"].map(lambda x: x[:4])})
