"""Settings of choice models that make no law, each refused by name."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.choice_models import (
    CascadeChoiceModel,
    ExponentialAttraction,
    GeometricExamination,
    IteratedMultinomialLogitChoiceModel,
    LogitAttraction,
    MultinomialLogitChoiceModel,
    NestedLogitChoiceModel,
    PositionBasedChoiceModel,
    ProportionalAttraction,
    ProportionalChoiceModel,
    TableExamination,
)

U, S = 2, 3
REAL = "must be an array of real numbers, got"
BROADCAST = f"must broadcast to the shape [{U}], got [3]"
WRONG_LOGITS = {
    "none": (None, f"{REAL} None"),
    "text": ("x", f"{REAL} 'x'"),
    "complex": (1j, f"{REAL} 1j"),
    "nan": (np.nan, "must be within [-inf, 3.40282e+38], got nan"),
    "infinite": (np.inf, "must be within [-inf, 3.40282e+38], got inf"),
    "shape": (np.zeros(3), BROADCAST),
    "shape of a variable": (tf.Variable(np.zeros(3)), BROADCAST),
}
WRONG_BIAS = {
    "none": (None, f"{REAL} None"),
    "text": ("x", f"{REAL} 'x'"),
    "nan": (np.nan, "must be within (-inf, inf), got nan"),
    "infinite": (-np.inf, "must be within (-inf, inf), got -inf"),
    "vector": ([0.0, 0.0], "must be a scalar, got [2]"),
}
WHOLE_NESTS = "nests must be whole numbers within 0..1, one dissimilarity each, got"


def wrong_settings():
    logit = {"batch_shape": (U,), "nochoice_logits": 0.0}
    mnl = functools.partial(MultinomialLogitChoiceModel, **logit)
    iml = functools.partial(IteratedMultinomialLogitChoiceModel, num_choices=2, **logit)
    nested = functools.partial(NestedLogitChoiceModel, dissimilarity=[0.5, 1.0], **logit)
    for make in (mnl, iml, nested):
        for x, message in WRONG_LOGITS.values():
            yield make, {"nochoice_logits": x}, f"nochoice_logits {message}"
        for x, message in WRONG_BIAS.values():
            yield make, {"positional_bias": x}, f"positional_bias {message}"
    for x, got in (("x", "'x'"), (1.5, "1.5"), (0, "0"), (None, "None")):
        message = f"num_choices must be a whole number of at least 1, got {got}"
        yield iml, {"num_choices": x}, message
    for x, message in (
        (["a"], f"dissimilarity {REAL} ['a']"),
        (None, f"dissimilarity {REAL} None"),
        ([], "dissimilarity must be a vector, one for each nest, got shape [0]"),
        ([np.inf], "dissimilarity must be within (0, 1], got inf"),
    ):
        yield nested, {"dissimilarity": x}, message
    for x, message in (
        ("x", f"nests {REAL} 'x'"),
        (0, "nests must have an axis of places, got 0"),
        (np.zeros([3, S], int), "nests must broadcast to the shape [2, 3], got [3, 3]"),
        (np.zeros([1, U, S], int), "nests must broadcast to the shape [2, 3], got [1, 2, 3]"),
        (tf.Variable([0.0, 1.0]), f"{WHOLE_NESTS} <tf.Variable"),
    ):
        yield nested, {"nests": x}, message
    proportional = functools.partial(ProportionalChoiceModel, (U,))
    for x, message in (
        ("x", f"{REAL} 'x'"),
        (np.nan, "must be within (-inf, inf), got nan"),
        (np.inf, "must be within (-inf, inf), got inf"),
        (np.zeros(3), BROADCAST),
    ):
        yield proportional, {"nochoice_scores": x}, f"nochoice_scores {message}"
    for x, message in WRONG_BIAS.values():
        yield proportional, {"min_normalizer": x}, f"min_normalizer {message}"
    cascade = functools.partial(CascadeChoiceModel, (U,))
    position = functools.partial(PositionBasedChoiceModel, (U,), S)
    yield cascade, {"continuation": 1j}, f"continuation {REAL} 1j"
    for make in (cascade, position):
        for x in ("x", 3):
            yield make, {"attraction": x}, f"attraction must be an Attraction, got {x!r}"
            yield make, {"examination": x}, f"examination must be an Examination, got {x!r}"
        table = TableExamination([0.5])
        message = "attraction must be an Attraction, got <recsim_ng.entities.choice_models"
        yield make, {"attraction": table}, message
        parts = {
            "LogitAttraction: nochoice_logits": {"attraction": LogitAttraction(np.zeros(3))},
            "GeometricExamination: decay": {"examination": GeometricExamination(np.ones(3))},
            "GeometricExamination: first": {"examination": GeometricExamination(1, np.ones(3))},
        }
        for what, part in parts.items():
            yield make, part, f"{what} {BROADCAST}"
    for x, places in (([0.5], 1), ([[0.5]], 1), (np.ones([U, 2]), 2)):
        message = "TableExamination: examined must have a probability for each of the 3 places of"
        message += f" the slate, got {places}"
        yield position, {"examination": TableExamination(x)}, message
    wide = np.ones([3, S])
    message = "TableExamination: examined must broadcast to the shape [2, 3], got [3, 3]"
    yield position, {"examination": TableExamination(wide)}, message
    for part in (ProportionalAttraction, ExponentialAttraction):
        message = f"{part.__name__}: score_scaling must broadcast to the shape [2, 3]"
        yield position, {"attraction": part(score_scaling=np.ones(2))}, f"{message}, got [2]"
    for part, setting in (
        (LogitAttraction, "nochoice_logits"),
        (ProportionalAttraction, "min_normalizer"),
        (ProportionalAttraction, "score_scaling"),
        (ExponentialAttraction, "score_scaling"),
        (GeometricExamination, "decay"),
        (GeometricExamination, "first"),
        (TableExamination, "examined"),
    ):
        for x in (None, "x", 1j):
            yield part, {setting: x}, f"{setting} {REAL} {x!r}"
    yield LogitAttraction, {"nochoice_logits": np.nan}, "nochoice_logits must be within"
    yield ProportionalAttraction, {"min_normalizer": np.inf}, "min_normalizer must be within"
    yield TableExamination, {"examined": []}, "examined must have an axis of places, got []"


@pytest.mark.parametrize(("make", "settings", "message"), [*wrong_settings()])
def test_settings_that_make_no_law_are_refused(make, settings, message):
    with pytest.raises(ConfigError) as error:
        make(**settings)
    where, _, said = str(error.value).partition(": ")
    said = f"{where}: {said}" if message.partition(":")[0] == where else said
    assert said.startswith(message)
