"""Logs that tell nothing of what is inferred, wholly or in part: the fit says so first."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng import ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from recsim_ng.inference import McmcSettings, ViSettings, fit

PAIR = ValueSpec(x=Space.box(-np.inf, np.inf, (2,)))
LOGS = {"seen": Value(x=tf.constant([[0.3, -0.2], [1.1, 0.4], [-0.5, 0.9]]))}
PRIOR = "NOT TO BE TRUSTED: the logs are as likely whatever is inferred, so that this is the prior"
SETTINGS = {
    "map": None,
    "mcmc": McmcSettings(num_draws=100, num_warmup=50),
    "vi": ViSettings(num_steps=100),
}


def pair_story(weights=(1.0, 1.0), mask=(True, True)):
    """Two levels, each seen through noise as far as its weight is not 0 and its mask is true."""
    level, seen = Variable("level", PAIR), Variable("seen", PAIR)
    level.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(2), 1.0, name="x")))
    seen.initial_value = seen.value = value(
        lambda level: Value(
            x=ed.Masked(
                tfp.distributions.Normal(tf.constant(weights) * level.get("x"), 1.0),
                tf.constant(mask),
                name="x",
            )
        ),
        (level,),
    )
    return [level, seen]


METHODS = ["map", *(pytest.param(m, marks=pytest.mark.slow) for m in ("mcmc", "vi"))]


@pytest.mark.parametrize("method", METHODS)
def test_logs_of_which_nothing_counts_leave_the_prior(method):
    story = pair_story(mask=(False, False))
    found = fit(story, LOGS, method=method, settings=SETTINGS[method])
    assert PRIOR in repr(found)


@pytest.mark.parametrize("method", METHODS)
def test_logs_of_which_some_counts_are_no_prior(method):
    found = fit(pair_story(mask=(True, False)), LOGS, method=method, settings=SETTINGS[method])
    assert "as likely whatever" not in repr(found)


@pytest.mark.slow
def test_a_level_that_the_likelihood_does_not_know_is_named():
    for story in (pair_story(weights=(1.0, 0.0)), pair_story(mask=(True, False))):
        said = repr(fit(story, LOGS, method="mle"))
        assert r"TRUSTED: the likelihood is the same whatever level.x[1]: the logs do" in said
    found = fit(pair_story(), LOGS, method="mle")
    assert "no diagnostic speaks against it" in repr(found)
    levels = found.data.posterior["level.x"].values.squeeze()
    np.testing.assert_allclose(levels, LOGS["seen"].get("x").numpy().mean(axis=0), atol=1e-4)


@pytest.mark.slow
def test_levels_that_are_seen_only_together_are_named():
    level, gap, seen = Variable("level", PAIR), Variable("gap", PAIR), Variable("seen", PAIR)
    level.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(2), 1.0, name="x")))
    gap.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(2), 1.0, name="x")))

    def story(of):
        seen.initial_value = seen.value = value(
            lambda a, b: Value(x=ed.Normal(of(a.get("x"), b.get("x")), 1.0, name="x")), (level, gap)
        )
        return [level, gap, seen]

    for of in (
        lambda a, b: a + b * tf.constant([0.0, 1.0]),  # a ridge that is straight,
        lambda a, b: (2.0 + a) * tf.exp(b * tf.constant([0.0, 1.0])),  # and one that is not
    ):
        found = fit(story(of), LOGS, method="mle")
        said = sorted(
            found.problems[1]
            .removeprefix("the likelihood is the same if ")
            .split(" change together")[0]
            .split(", ")
        )
        assert "whatever gap.x[0]" in found.problems[0]
        assert said == ["gap.x[1]", "level.x[1]"]
