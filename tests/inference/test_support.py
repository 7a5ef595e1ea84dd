"""Supports that depend on unknowns are refused; modes at the edge of one say so."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import fit
from tests.small_networks import X


def bounded_story(law):
    high, x, seen = Variable("high", X), Variable("level", X), Variable("seen", X)
    high.initial_value = value(lambda: Value(x=ed.HalfNormal(5.0, name="x")))
    x.initial_value = value(lambda h: Value(x=law(h.get("x"))), (high,))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), 0.5, name="x")), (x,))
    return Network([high, x, seen])


@pytest.mark.parametrize(
    "law",
    [lambda h: ed.Uniform(0.0, h, name="x"), lambda h: ed.Uniform(h, h + 1.0, name="x")],
)
def test_a_support_that_depends_on_an_unknown_is_refused(law):
    with pytest.raises(DataError, match="the support of 'level.x' must not depend on what is"):
        fit(bounded_story(law), {"seen": Value(x=tf.fill([5], 6.0))}, method="map")


@pytest.mark.slow
def test_a_law_that_depends_on_an_unknown_with_a_fixed_support_is_not():
    story = bounded_story(lambda h: ed.Gamma(2.0, 0.1 + h, name="x"))
    found = fit(story, {"seen": Value(x=tf.fill([5], 1.0))}, method="map")
    assert np.all(np.isfinite(found.data.posterior["level.x"]))


def test_a_mode_at_the_edge_of_its_support_says_so():
    noise, seen = Variable("noise", X), Variable("seen", X)
    noise.initial_value = value(lambda: Value(x=ed.HalfNormal(1.0, name="x")))
    seen.value = value(lambda n: Value(x=ed.Normal(0.0, n.get("x") + 1.0, name="x")), (noise,))
    found = fit([noise, seen], {"seen": Value(x=tf.fill([20], 0.1))}, method="map")
    assert "'noise.x' has run to the edge of its support: the density has no mode within" in (
        found.problems
    )
