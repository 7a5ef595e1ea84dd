"""Posterior predictive simulations, against the Python runtime and closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import FieldError
from recsim_ng.core.given import Condition
from recsim_ng.core.variable import value
from recsim_ng.inference.posterior_predictive import PosteriorPredictive
from recsim_ng.inference.target import Target
from tests.statistical import assert_covariance, assert_mean, must_catch

USERS, STEPS, DRAWS = 2, 5, 400
BOX = ValueSpec(x=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))
SCALE, NOISE = 0.5, 0.3
WORDS = [3, 4]


def story():
    """A level that walks from a drawn start, what is seen of it, and twice that."""
    rate, level = Variable("rate", BOX), Variable("level", BOX)
    spec = ValueSpec(x=BOX.get("x"), twice=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))
    seen = Variable("seen", spec)
    rate.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))
    level.initial_value = value(lambda: Value(x=tf.zeros(USERS)))
    level.value = value(
        lambda p, r: Value(x=ed.Normal(r.get("x") * p.get("x") + 1.0, SCALE, name="x")),
        (level.previous, rate),
    )

    def look(v):
        x = ed.Normal(v.get("x"), NOISE, name="x")
        return Value(x=x, twice=2.0 * x)

    seen.value = value(look, (level,))
    return Network([rate, level, seen])


@pytest.fixture(scope="module")
def run():
    return PythonRuntime(story()).trajectory(STEPS, seed=5)


def test_a_simulation_is_the_run_with_the_unknowns_given(run):
    target = Target(story(), {name: run[name] for name in ("level", "seen")})
    rates = np.random.default_rng(0).normal(0, 1, (3, USERS)).astype(np.float32)
    made = PosteriorPredictive(target).simulate([rates], WORDS)
    assert sorted(made) == ["level.x", "seen.twice", "seen.x"]
    seeds = tf.random.experimental.stateless_split(tf.constant(WORDS), 3)
    for i, rate in enumerate(rates):
        with Condition({("rate", "x"): rate}):
            expected = PythonRuntime(story()).trajectory(STEPS, seed=seeds[i])
        for name in ("level", "seen"):
            for field in expected[name]:
                np.testing.assert_allclose(
                    made[f"{name}.{field}"][i], expected[name].get(field), rtol=1e-5, atol=1e-5
                )


@pytest.fixture(scope="module")
def followed(run):
    """Simulations under a rate and a path of levels from step 1 on."""
    target = Target(story(), {"seen": run["seen"]})
    assert [(u.name, u.when) for u in target.unknowns] == [
        ("rate.x", "always"),
        ("level.x", "later"),
    ]
    path = np.linspace(-3.0, 3.0, (STEPS - 1) * USERS, dtype=np.float32).reshape(-1, USERS)
    every = [np.ones((DRAWS, USERS), np.float32), np.broadcast_to(path, (DRAWS, *path.shape))]
    return target, every, PosteriorPredictive(target).simulate(every, WORDS)


def test_what_is_seen_follows_the_path_that_is_given(followed):
    _, (_, path), made = followed
    seen = made["seen.x"]
    assert seen.shape == (DRAWS, STEPS, USERS)
    expected = np.concatenate([np.zeros((1, USERS)), path[0]])
    # Means that are off by 0.4 of the noise are caught.
    assert_mean(seen, expected, NOISE)
    assert_covariance(
        seen.reshape(DRAWS, -1)[:, :4], NOISE**2 * np.eye(4), mean=expected.ravel()[:4]
    )
    with must_catch():  # a step late
        assert_mean(seen, np.roll(expected, 1, axis=0), NOISE)
    np.testing.assert_array_equal(made["seen.twice"], 2.0 * seen)


def test_what_is_held_stays_as_the_logs_have_it(followed, run):
    target, every, _ = followed
    few = [x[:3] for x in every]
    made = PosteriorPredictive(target, held=["seen.x"]).simulate(few, WORDS)
    assert list(made) == ["seen.twice"]
    expected = np.broadcast_to(run["seen"]["twice"], (3, STEPS, USERS))
    np.testing.assert_allclose(made["seen.twice"], expected, rtol=1e-6)
    with pytest.raises(FieldError, match="'sen' must name a variable or a field of one"):
        PosteriorPredictive(target, held=["sen"])
