"""Settings, and the checks of parameters behind them."""

import dataclasses
import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.settings import Settings


def settings(**config):
    return Settings("Users", config)


def test_settings_are_read_by_name_with_their_types():
    read = settings(num_users=np.int64(5), rate=1, is_open=np.True_, extra="x")
    assert read.whole("num_users", 1) == 5
    assert isinstance(read.whole("num_users", 1), int)
    assert read.real("rate", 0) == 1.0
    assert read.flag("is_open") is True
    assert read.get("extra") == "x"
    assert read.whole("other", 1, default=7) == 7


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda s: s.whole("missing", 1), "config must have 'missing', got only ['a', 'n']"),
        (lambda s: s.whole("n", 1), "n must be a whole number of at least 1, got nan"),
        (lambda s: s.whole("a", 1, 5), "a must be a whole number within 1..5, got 'x'"),
        (lambda s: s.real("n"), "n must be a number within [-inf, inf], got nan"),
        (lambda s: s.flag("a"), "a must be True or False, got 'x'"),
        (lambda s: s.numbers("n"), "n must be within (-inf, inf), got nan"),
        (lambda s: s.numbers("a"), "a must be an array of real numbers, got 'x'"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(read, message):
    with pytest.raises(ConfigError) as error:
        read(settings(a="x", n=float("nan")))
    assert str(error.value) == f"Users: {message}"


def test_a_config_is_a_mapping():
    with pytest.raises(ConfigError, match="config must be settings by name"):
        Settings("Users", [("num_users", 5)])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.inf, "x must be within [0, inf), got inf"),
        ([1.0, -1.0], "x must be within [0, inf), got -1.0"),
        ([[1.0], [1.0, 2.0]], "x must be an array of real numbers, got [[1.0], [1.0, 2.0]]"),
        (None, "x must be an array of real numbers, got None"),
        (1j, "x must be an array of real numbers, got 1j"),
        (True, "x must be an array of real numbers, got True"),
        (tf.constant("s"), "x must be an array of real numbers, got"),
        (np.ones(3), "x must broadcast to the shape [2], got [3]"),
        (tf.Variable(np.ones((2, 1))), "x must broadcast to the shape [2], got [2, 1]"),
    ],
)
def test_parameters_are_checked_as_far_as_they_are_known(x, message):
    with pytest.raises(ConfigError) as error:
        require.numbers("Law", "x", x, 0.0, shape=(2,))
    assert str(error.value).startswith(f"Law: {message}")


def test_what_a_variable_holds_is_not_checked_and_lists_become_arrays():
    variable = tf.Variable([-1.0, -1.0])
    assert require.numbers("Law", "x", variable, 0.0, shape=(2,)) is variable
    given = require.numbers("Law", "x", [1, 2], 0.0, shape=(3, 2))
    assert given.dtype == np.float32


@pytest.mark.parametrize(
    ("ends", "wrong", "text"),
    [
        ("(]", 0.0, "(0, 1]"),
        ("[)", 1.0, "[0, 1)"),
        ("()", [0.5, 1.0], "(0, 1)"),
        ("[]", 2, "[0, 1]"),
    ],
)
def test_a_range_may_lack_its_ends(ends, wrong, text):
    assert require.numbers("Law", "x", 0.5, 0.0, 1.0, ends=ends) == 0.5
    with pytest.raises(ConfigError) as error:
        require.numbers("Law", "x", wrong, 0.0, 1.0, ends=ends)
    assert str(error.value).startswith(f"Law: x must be within {text}, got ")
    assert require.numbers("Law", "x", 0.0 if ends[0] == "[" else 1e-9, 0.0, 1.0, ends=ends) < 1e-8


def test_a_parameter_may_have_to_be_a_scalar():
    with pytest.raises(ConfigError) as error:
        require.numbers("Law", "x", [1.0, 2.0], shape=())
    assert str(error.value) == "Law: x must be a scalar, got [2]"


def test_logits_may_be_minus_infinity_only():
    assert require.logits("Law", "l", -np.inf) == -np.inf
    for x in (np.inf, np.nan):
        with pytest.raises(ConfigError, match="l must be within"):
            require.logits("Law", "l", x)


@pytest.mark.parametrize("shape", [(), (2, 3), [4], tf.TensorShape([2]), np.array([2, 3])])
def test_batch_shapes_are_sequences_of_sizes(shape):
    assert check.batch_shape("Law", "batch_shape", shape) == tuple(np.asarray(shape).tolist())


@pytest.mark.parametrize("shape", [(-1,), (0,), (1.5,), "x", (None,), None, 5, (True,)])
def test_other_batch_shapes_are_refused(shape):
    with pytest.raises(ConfigError, match="batch_shape must be a sequence of whole numbers"):
        check.batch_shape("Law", "batch_shape", shape)


def test_an_object_of_another_class_is_refused():
    with pytest.raises(ConfigError) as error:
        check.instance("Law", "x", 3, Settings, "make one")
    assert str(error.value) == "Law: x must be a Settings, got 3; make one"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: require.numbers("A", "x", [1.0], shape=(2,), exact=True),
            "A: x must be of shape [2], got [1]",
        ),
        (
            lambda: require.numbers("A", "x", 1.0, shape=(2,), exact=True),
            "A: x must be of shape [2], got []",
        ),
        (
            lambda: require.numbers("A", "x", np.ones((0, 2)), shape=(None, 2), exact=True),
            "A: x must be of shape [any, 2], got [0, 2]",
        ),
        (
            lambda: require.numbers("A", "x", tf.Variable([1.0]), shape=(None, 2), exact=True),
            "A: x must be of shape [any, 2], got [1]",
        ),
        (
            lambda: require.numbers("A", "x", [2.0], 0, 1, shape=(1,), exact=True),
            "A: x must be within [0, 1], got 2.0",
        ),
    ],
)
def test_arrays_of_another_shape_are_refused(call, message):
    with pytest.raises(ConfigError) as error:
        call()
    assert str(error.value) == message


def test_arrays_that_training_changes_are_checked_by_shape():
    trained = tf.Variable([[np.nan, 1.0]])
    assert require.numbers("A", "x", trained, shape=(None, 2), exact=True) is trained


@dataclasses.dataclass
class Flags:
    """Settings with flags, whose annotations are strings or types as the module has it."""

    number: float = 0.0
    named: "bool" = True
    typed: bool = False


def test_every_flag_of_a_dataclass_is_checked():
    check.flags("toy", Flags())
    for name in ("named", "typed"):
        for x in ("nope", None, [], float("nan"), 1):
            with pytest.raises(ConfigError) as error:
                check.flags("toy", Flags(**{name: x}))
            assert str(error.value) == f"toy: {name} must be True or False, got {x!r}"


def test_a_function_is_what_can_be_called():
    for x in (len, int, functools.partial(int, base=2)):
        check.function("toy", "ctor", x)
    with pytest.raises(ConfigError) as error:
        check.function("toy", "ctor", "int", remedy="pass int")
    assert str(error.value) == "toy: ctor must be a function, got 'int'; pass int"


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[0.0, 1.0], [-np.inf, -np.inf]], "got a row of minus infinity"),
        (np.zeros([2, 0]), "got a row of no number"),
        (np.nan, "p must be within [-inf, 3.40282e+38], got nan"),
        ("x", "p must be an array of real numbers, got 'x'"),
    ],
)
def test_a_law_has_a_finite_logit(x, message):
    for good in ([-np.inf, 0.0], tf.Variable([-np.inf])):
        require.laws("toy", "p", good)
    with pytest.raises(ConfigError) as error:
        require.laws("toy", "p", x)
    assert str(error.value).startswith("toy: p must") and str(error.value).endswith(message)


def test_a_random_variable_may_be_a_parameter():
    drawn = ed.Uniform(low=tf.zeros(2), high=1.0)
    assert require.numbers("Law", "x", drawn, 0.0, 1.0, shape=(3, 2)) is drawn
    with pytest.raises(ConfigError, match="x must broadcast to the shape"):
        require.numbers("Law", "x", drawn, shape=(3,))
