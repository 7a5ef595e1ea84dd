"""Logs have the shapes of what the story makes; numbers of other types are taken if they can be."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import DataError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.inference import Scorer, Target
from tests.small_networks import X


def story(law):
    level, seen = Variable("level", X), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    seen.value = value(lambda v: Value(x=law(v.get("x"))), (level,))
    return Network([level, seen])


def three(v):
    return ed.Normal(v * tf.ones(3), 1.0, name="x")


LAWS = {
    "normal": lambda v: ed.Normal(v, 1.0, name="x"),
    "bernoulli": lambda v: ed.Bernoulli(logits=v, name="x"),
    "categorical": lambda v: ed.Categorical(tf.stack([v, 0.0, 0.0]), name="x"),
    "poisson": lambda v: ed.Poisson(log_rate=v, name="x"),
}


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 4), (2, 1, 3), (3,), (3, 2)])
def test_logs_of_another_shape_are_refused(shape):
    expected = f"expected \\(3,\\), got {str(shape[1:]).replace('(', '[(]').replace(')', '[)]')}"
    with pytest.raises(
        FieldError, match=f"variable 'seen', field 'x': .* at each step, {expected}"
    ):
        Target(story(three), {"seen": Value(x=tf.ones(shape))})


@pytest.mark.parametrize(
    ("law", "x"),
    [
        ("normal", np.array([1.0, 2.0])),
        ("normal", np.array([1, 2])),
        ("normal", [1.0, 2.0]),
        ("bernoulli", np.array([True, False])),
        ("bernoulli", np.array([1, 0])),
        ("categorical", np.array([2.0, 0.0])),
        ("poisson", np.array([2, 0], np.int32)),
    ],
)
def test_numbers_of_another_type_are_taken(law, x):
    target = Target(story(LAWS[law]), {"seen": Value(x=x)})
    right = np.asarray(x, target.given.moving["seen"].get("x").dtype.as_numpy_dtype)
    same = Target(story(LAWS[law]), {"seen": Value(x=right)})
    level = [tf.constant(0.3)]
    assert float(target.score(level).total) == float(same.score(level).total)
    again = same.with_logs({"seen": Value(x=x)})
    assert float(again.score(level).total) == float(same.score(level).total)


@pytest.mark.parametrize(
    ("law", "x", "dtypes"),
    [
        ("bernoulli", np.array([0.5, 1.0]), "int32 can hold, got float64"),
        ("categorical", np.array([2**40, 1]), "int32 can hold, got int64"),
        ("normal", np.array([1e300, 1.0]), "float32 can hold, got float64"),
        ("normal", np.array(["a", "b"]), "float32 can hold, got string"),
        ("normal", np.array([1j, 2.0]), "float32 can hold, got complex128"),
    ],
)
def test_numbers_that_the_type_cannot_hold_are_refused(law, x, dtypes):
    with pytest.raises(FieldError, match=f"'seen', field 'x': logs must be what the .* {dtypes}"):
        Target(story(LAWS[law]), {"seen": Value(x=x)})


@pytest.mark.parametrize(
    ("x", "what"),
    [
        (np.array([1, None], object), "a ndarray that cannot be one"),
        ([[1.0, 2.0], [1.0]], "a list that cannot be one"),
        (tf.ragged.constant([[1.0, 2.0], [1.0]]), "a RaggedTensor that cannot be one"),
        (np.ma.masked_array([1.0, 2.0], [0, 1]), "a masked array"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(x, what):
    with pytest.raises(
        DataError, match=f"'seen', field 'x': must be an array .*, got {what}; leave"
    ):
        Target(story(three), {"seen": Value(x=x)})


def test_logs_without_a_step_are_refused():
    with pytest.raises(DataError, match="must have at least one step, got {'seen.x': 0}"):
        Target(story(three), {"seen": Value(x=tf.ones([0, 3]))})


def test_a_static_field_must_not_change():
    logs = {"level": Value(x=tf.constant([0.5, 0.5, 0.7])), "seen": Value(x=tf.ones([3, 3]))}
    with pytest.raises(
        DataError,
        match="'level', field 'x': is static, and must be the same at all steps, got an.* 2",
    ):
        Scorer(story(three)).total(logs)
