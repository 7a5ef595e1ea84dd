"""What a fit is asked to find: names, variables, and what is neither."""

import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.parameter import named_and_trained


def test_names_and_variables_are_told_apart():
    variable = tf.Variable(0.0)
    assert named_and_trained(None, "mcmc") == ([], [])
    assert named_and_trained("rate.x", "mcmc") == (["rate.x"], [])
    names, variables = named_and_trained(("rate.x", variable), "em")
    assert names == ["rate.x"]
    assert variables[0] is variable
    assert named_and_trained(variable, "mle")[1][0] is variable


@pytest.mark.parametrize("parameters", [5, [3], [None], ["rate.x", 3]])
def test_what_is_neither_is_refused(parameters):
    with pytest.raises(ConfigError, match="parameters must be names 'variable.field' or tf.Var"):
        named_and_trained(parameters, "em")


def test_what_cannot_be_found_is_refused():
    real, whole = tf.Variable(0.0, name="r"), tf.Variable(1, name="w")
    with pytest.raises(ConfigError, match=r"different ones, got \['rate.x'\] more than once"):
        named_and_trained(["rate.x", "rate.x"], "em")
    with pytest.raises(ConfigError, match=r"different ones, got \['r:0'\] more than once"):
        named_and_trained([real, real], "mle")
    with pytest.raises(ConfigError, match="must name at least one, got none"):
        named_and_trained([], "map")
    with pytest.raises(ConfigError, match="'vi' infers what is drawn, got 1 variables as"):
        named_and_trained([real], "vi")
    with pytest.raises(ConfigError, match=r"must hold real numbers, got \['w:0 of int32'\]"):
        named_and_trained([real, whole], "mle")
