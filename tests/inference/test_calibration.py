"""Calibration is flat where a method is right, and says what is off where it is not.

With 400 ranks and a false-alarm rate of 1e-9, ranks of draws that are a third as wide as they
should be, as here, are caught all but always (`test_power`).
"""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import Network, ed
from recsim_ng.core import FieldSpec, Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.inference import McmcSettings
from recsim_ng.inference.calibration import Calibration, calibrate
from recsim_ng.inference.uniformity import uniformity
from tests.statistical import FALSE_ALARM, assert_same_distribution, must_catch

USERS, STEPS, REPLICATES = 200, 4, 2
BOX = ValueSpec(x=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))
SETTINGS = McmcSettings(num_draws=250, num_warmup=100)
UNIFORM = stats.uniform.cdf


def normal_story(noise=1.0):
    """A taste for each user, seen through normal noise."""
    taste, seen = Variable("taste", BOX), Variable("seen", BOX)
    taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))
    seen.value = value(lambda t: Value(x=ed.Normal(t.get("x"), noise, name="x")), (taste,))
    return Network([taste, seen])


def click_story():
    """A taste and a patience for each user, of which clicks tell: nothing is conjugate."""
    taste, patience = Variable("taste", BOX), Variable("patience", BOX)
    clicks = Variable("clicks", BOX)
    taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.5, name="x")))
    patience.initial_value = value(lambda: Value(x=ed.Gamma(2.0 * tf.ones(USERS), 2.0, name="x")))
    clicks.value = value(
        lambda t, p: Value(x=ed.Poisson(p.get("x") * tf.nn.sigmoid(t.get("x")), name="x")),
        (taste, patience),
    )
    return Network([taste, patience, clicks])


def calibrated(story, observed, **settings):
    settings = {"settings": SETTINGS, "seed": 1, "num_replicates": REPLICATES} | settings
    return calibrate(story, [observed], num_steps=STEPS, false_alarm=FALSE_ALARM, **settings)


def test_nuts_is_calibrated_where_the_posterior_is_normal(seed):
    def shrunk(unknowns, logs):
        del logs
        return np.mean(unknowns["taste.x"], axis=1)

    found = calibrated(normal_story(), "seen", seed=seed, statistics={"mean taste": shrunk})
    assert list(found.ranks) == ["taste.x[*]", "log-likelihood", "mean taste"]
    assert found.ranks["taste.x[*]"].shape == (REPLICATES * USERS,)
    assert found.ranks["mean taste"].shape == (REPLICATES,)
    assert found.is_calibrated, found
    assert repr(found).startswith("Calibration of mcmc: nothing is off, least p = ")
    assert "pooled over 'user'" in repr(found)
    for name in ("taste.x[*]", "log-likelihood"):
        assert_same_distribution(found.ranks[name], UNIFORM)


def test_a_fit_of_another_noise_is_off(seed):
    found = calibrated(normal_story(), "seen", seed=seed, fitted_story=normal_story(0.33))
    assert not found.is_calibrated
    assert repr(found).startswith("Calibration of mcmc: OFF: ")
    assert {v.shape for v in found.verdicts if v.is_off} == {"draws are too narrow"}
    with must_catch():
        assert_same_distribution(found.ranks["taste.x[*]"], UNIFORM)


def test_power(rng):
    # The fit above believes in precision 1 + 4 / 0.33^2 about a mean that has its own error.
    of, share, caught = uniformity(REPLICATES * USERS), FALSE_ALARM / 2, 0
    for _ in range(200):
        taste = rng.standard_normal(REPLICATES * USERS)
        mean = taste + rng.standard_normal(REPLICATES * USERS) / np.sqrt(STEPS)
        precision = 1.0 + STEPS / 0.33**2
        fitted = mean * (STEPS / 0.33**2) / precision
        caught += of.p_value(stats.norm.cdf((taste - fitted) * np.sqrt(precision))) <= share
    assert caught == 200


def test_nuts_is_calibrated_where_nothing_is_conjugate(seed):
    found = calibrated(click_story(), "clicks", seed=seed)
    assert list(found.ranks) == ["taste.x[*]", "patience.x[*]", "log-likelihood"]
    assert found.is_calibrated, found
    for ranks in found.ranks.values():
        assert_same_distribution(ranks, UNIFORM)


def test_a_point_is_off_and_an_interrupted_calibration_goes_on(tmp_path):
    path, kept = tmp_path / "calibration", tmp_path / "kept"

    def keep(done, total):
        assert total == REPLICATES
        if done == 1:
            shutil.copy(path, kept)

    options = {"method": "map", "settings": None}
    found = calibrated(normal_story(), "seen", checkpoint=path, progress=keep, **options)
    assert not path.exists()
    assert {v.name for v in found.verdicts if v.is_off} == {"taste.x[*]", "log-likelihood"}
    assert {*found.ranks["taste.x[*]"]} == {0.0, 1.0}
    steps = []
    resumed = calibrated(
        normal_story(),
        "seen",
        checkpoint=kept,
        progress=lambda done, total: steps.append(done),
        **options,
    )
    assert steps == [2]
    for name, ranks in found.ranks.items():
        np.testing.assert_array_equal(resumed.ranks[name], ranks)


def pair_story():
    shift, seen = Variable("shift", ValueSpec(x=FieldSpec())), Variable("seen", BOX)
    shift.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(2), 1.0, name="x")))
    seen.value = value(
        lambda s: Value(x=ed.Normal(tf.reduce_sum(s.get("x")) + tf.zeros(USERS), 1.0, name="x")),
        (shift,),
    )
    return Network([shift, seen])


def test_where_blocks_touch_each_element_has_its_own_ranks():
    found = calibrated(pair_story(), "seen", method="map", settings=None, num_replicates=3)
    assert {name: x.shape for name, x in found.ranks.items()} == {
        "shift.x[0]": (3,),
        "shift.x[1]": (3,),
        "log-likelihood": (3,),
    }
    assert "pooled" not in repr(found)


def test_what_is_off_stands_first(rng):
    ranks = {"right": rng.random(100), "wrong": rng.random(100) ** 3, "wide": rng.beta(9, 9, 100)}
    found = Calibration(ranks, "mcmc", 100, 4, 0.05)
    assert {v.name: v.shape for v in found.verdicts if v.is_off} == {
        "wrong": "draws are too high",
        "wide": "draws are too wide",
    }
    assert found.verdicts[-1].name == "right"
    assert repr(found).endswith(
        "3 numbers, 100 ranks of each from 100 data sets; chance of any false alarm 0.05; 4 of 100 "
        "fits distrust themselves"
    )
    points, difference, low, high = found.ecdf_difference("wrong")
    assert len(points) == 49
    assert np.any((difference > high) | (difference < low))
    edges, counts, least, most = found.histogram("wrong")
    assert counts.sum() == 100
    assert len(edges) == 11
    assert least < 10 < most < counts.max()


def test_settings_that_make_no_sense_are_refused():
    story = normal_story()
    with pytest.raises(ConfigError, match="calibrate: num_replicates must be a whole number"):
        calibrate(story, ["seen"], num_steps=2, num_replicates=0)
    with pytest.raises(ConfigError, match="calibrate: false_alarm must be"):
        calibrate(story, ["seen"], num_steps=2, num_replicates=1, false_alarm=0.9)
    with pytest.raises(FieldError, match="'sen' must name a variable or a field of one"):
        calibrate(story, ["sen"], num_steps=2, num_replicates=1)
