"""Calibration is flat where a method is right, and says what is off where it is not.

With 400 ranks and a false-alarm rate of 1e-9, draws that take the noise for a third of what it is
are caught all but always (`test_power`).
"""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import Network, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.inference import McmcSettings, Target, ViSettings, calibration
from recsim_ng.inference.calibration import Calibration, calibrate
from recsim_ng.inference.density import Density
from recsim_ng.inference.inferred import Inferred
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


def spread_story():
    """A taste and a spread for each user, seen in normal noise: nothing is conjugate."""
    taste, spread, seen = (Variable(name, BOX) for name in ("taste", "spread", "seen"))
    taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))
    spread.initial_value = value(lambda: Value(x=ed.HalfNormal(tf.ones(USERS), name="x")))
    seen.value = value(
        lambda t, s: Value(x=ed.Normal(t.get("x"), s.get("x"), name="x")), (taste, spread)
    )
    return Network([taste, spread, seen])


RIGHT, WRONG = normal_story(), normal_story(0.33)


class ExactFitter:
    """Draws of the posterior of a normal story, in closed form; one is its mean."""

    def __init__(self, story, logs, *, method, settings, seed):
        del seed
        self.target = Target(story, logs)
        points = [np.random.default_rng(0).standard_normal((2, USERS)).astype(np.float32)]
        self.density = Density(self.target, points)
        self.noise = {RIGHT: 1.0, WRONG: 0.33}[story]
        self.shape = (1, 1) if method == "map" else (2, settings)

    def infer(self, logs, *, seed):
        target = Target(self.target.network, logs)
        precision = 1.0 + STEPS / self.noise**2
        mean = np.sum(logs["seen"].get("x"), axis=0) / self.noise**2 / precision
        draws = np.random.default_rng(seed).standard_normal((*self.shape, USERS, 1))
        width = 0.0 if self.shape == (1, 1) else 1.0 / np.sqrt(precision)
        draws = mean[:, None] + width * draws
        return target, Inferred(draws.astype(np.float32), {}, ("short",) if seed[0] % 2 else ())


def calibrated(story, observed, **settings):
    settings = {"settings": SETTINGS, "seed": 1, "num_replicates": REPLICATES} | settings
    return calibrate(story, [observed], num_steps=STEPS, false_alarm=FALSE_ALARM, **settings)


@pytest.mark.slow
def test_nuts_is_calibrated_where_the_posterior_is_normal(seed):
    def shrunk(unknowns, logs):
        del logs
        return np.mean(unknowns["taste.x"], axis=1)

    found = calibrated(RIGHT, "seen", seed=seed, statistics={"mean taste": shrunk})
    assert list(found.ranks) == ["taste.x[*]", "log-likelihood", "mean taste"]
    assert found.ranks["taste.x[*]"].shape == (REPLICATES * USERS,)
    assert found.ranks["mean taste"].shape == (REPLICATES,)
    assert found.is_calibrated, found
    assert repr(found).startswith("Calibration of mcmc: nothing is off, least p = ")
    assert "pooled over 'user'" in repr(found)
    for name in ("taste.x[*]", "log-likelihood"):
        assert_same_distribution(found.ranks[name], UNIFORM)


@pytest.fixture
def exact(monkeypatch):
    monkeypatch.setattr(calibration, "Fitter", ExactFitter)
    return {"settings": 200, "num_replicates": 4}


def test_draws_of_the_posterior_are_flat_and_those_of_another_noise_are_off(seed, exact):
    found = calibrated(RIGHT, "seen", seed=seed, **exact)
    assert found.is_calibrated, found
    assert_same_distribution(found.ranks["taste.x[*]"], UNIFORM)
    found = calibrated(RIGHT, "seen", seed=seed, fitted_story=WRONG, **exact)
    assert repr(found).startswith("Calibration of mcmc: OFF: ")
    assert {v.name: v.shape for v in found.verdicts if v.is_off} == {
        "taste.x[*]": "draws are too narrow",
        "log-likelihood": "draws are too narrow",
    }
    with must_catch():
        assert_same_distribution(found.ranks["taste.x[*]"], UNIFORM)


def test_without_pooling_each_element_has_its_own_ranks(exact):
    found = calibrated(RIGHT, "seen", pool=False, **exact)
    assert list(found.ranks)[:2] == ["taste.x[0]", "taste.x[1]"]
    assert len(found.ranks) == USERS + 1
    assert {x.shape for x in found.ranks.values()} == {(4,)}
    assert "pooled" not in repr(found)


def test_power(rng):
    # The fit above believes in precision 1 + 4 / 0.33^2 about a mean that has its own error.
    of, share, caught = uniformity(REPLICATES * USERS), FALSE_ALARM / 2, 0
    for _ in range(50):
        taste = rng.standard_normal(REPLICATES * USERS)
        mean = taste + rng.standard_normal(REPLICATES * USERS) / np.sqrt(STEPS)
        precision = 1.0 + STEPS / 0.33**2
        fitted = mean * (STEPS / 0.33**2) / precision
        caught += of.p_value(stats.norm.cdf((taste - fitted) * np.sqrt(precision))) <= share
    assert caught == 50


@pytest.mark.slow
def test_nuts_is_calibrated_where_nothing_is_conjugate(seed):
    found = calibrated(spread_story(), "seen", seed=seed)
    assert list(found.ranks) == ["taste.x[*]", "spread.x[*]", "log-likelihood"]
    assert found.is_calibrated, found
    for ranks in found.ranks.values():
        assert_same_distribution(ranks, UNIFORM)


def sum_story():
    """Two tastes for each user, of whose sum alone the logs tell."""
    left, right, seen = (Variable(name, BOX) for name in ("left", "right", "seen"))
    for taste in (left, right):
        taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))
    seen.value = value(
        lambda a, b: Value(x=ed.Normal(a.get("x") + b.get("x"), 0.5, name="x")), (left, right)
    )
    return Network([left, right, seen])


@pytest.mark.slow
def test_a_mean_field_is_too_narrow_where_unknowns_hang_together_and_a_full_rank_is_not(seed):
    # Given the sum, whose precision is 16, tastes have variances 17/33, and a mean field 1/17.
    off = calibrated(sum_story(), "seen", seed=seed, method="vi", settings=vi("mean_field"))
    shapes = {verdict.name: verdict.shape for verdict in off.verdicts if verdict.is_off}
    assert shapes["left.x[*]"] == shapes["right.x[*]"] == "draws are too narrow"
    flat = calibrated(sum_story(), "seen", seed=seed, method="vi", settings=vi("full_rank"))
    assert flat.is_calibrated, flat


def vi(family):
    return ViSettings(family=family, num_steps=500, num_draws=500)


def test_a_point_is_off_and_an_interrupted_calibration_goes_on(tmp_path, exact):
    path, is_stopped = tmp_path / "calibration", False

    def keep(done, total):
        assert total == 4
        if done == 3 and is_stopped:
            raise KeyboardInterrupt

    options = exact | {"method": "map"}
    found = calibrated(RIGHT, "seen", checkpoint=path, progress=keep, **options)
    assert not path.exists()
    assert {v.name for v in found.verdicts if v.is_off} == {"taste.x[*]", "log-likelihood"}
    assert {*found.ranks["taste.x[*]"]} == {0.0, 1.0}
    steps, is_stopped = [], True
    with pytest.raises(KeyboardInterrupt):
        calibrated(RIGHT, "seen", checkpoint=path, progress=keep, **options)
    with pytest.raises(ConfigError, match="must be of this run, got that of another story"):
        calibrated(RIGHT, "seen", fitted_story=WRONG, checkpoint=path, **options)
    resumed = calibrated(
        RIGHT,
        "seen",
        checkpoint=path,
        progress=lambda done, total: steps.append(done),
        **options,
    )
    assert steps == [4]
    assert resumed.num_distrusted == found.num_distrusted
    assert resumed.distrust == found.distrust
    assert bool(found.distrust) == (found.num_distrusted > 0)
    for name, ranks in found.ranks.items():
        np.testing.assert_array_equal(resumed.ranks[name], ranks)


def test_what_is_off_stands_first(rng):
    ranks = {
        "right": (np.arange(100) + 0.5) / 100,
        "wrong": rng.beta(3, 12, 100),
        "wide": rng.beta(9, 9, 100),
    }
    found = Calibration(ranks, "mcmc", 100, 4, 0.05, distrust="the least ESS is 9")
    assert {v.name: v.shape for v in found.verdicts if v.is_off} == {
        "wrong": "draws are too high",
        "wide": "draws are too wide",
    }
    assert found.verdicts[-1].name == "right"
    assert repr(found).endswith(
        "3 numbers, 100 ranks of each from 100 data sets; chance of any false alarm 0.05, what "
        "deviates by less than 0.16 may not show; 4 of 100 fits distrust themselves, the first of "
        "them: the least ESS is 9. recsim_ng.plot.plot_calibration draws it"
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
    with pytest.raises(ConfigError, match=r"calibrate: method must be one of .*, got 'smc'"):
        calibrate(story, ["seen"], num_steps=2, num_replicates=1, method="smc")
    with pytest.raises(ConfigError, match="calibrate: pool must be True or False, got 'x'"):
        calibrate(story, ["seen"], num_steps=2, num_replicates=1, pool="x")
    with pytest.raises(ConfigError, match="calibrate: story must be a Network"):
        calibrate(None, ["seen"], num_steps=2, num_replicates=1)
    with pytest.raises(ConfigError, match="calibrate: statistics must be a Mapping, got 3"):
        calibrate(story, ["seen"], num_steps=2, num_replicates=1, statistics=3)
    with pytest.raises(
        ConfigError, match=r"calibrate: statistics\['a'\] must be a function, got 3"
    ):
        calibrate(story, ["seen"], num_steps=2, num_replicates=1, statistics={"a": 3})


def test_few_ranks_say_that_they_are_few(rng):
    few = Calibration({"x": rng.uniform(size=5)}, "mcmc", 5, 0, 0.05)
    assert not few.is_telling
    assert not few.is_calibrated
    assert "mcmc: too few ranks to say anything: take more data sets. 1 numbers" in repr(few)
    some = Calibration({"x": np.linspace(0.0, 1.0, 400)}, "mcmc", 400, 0, 0.05)
    assert some.is_telling
    assert some.is_calibrated
    # The pointwise interval of the middle is that of 400 coins at the band's level.
    level = uniformity(400).level(0.05)
    assert some.blind_spot == pytest.approx(stats.norm.isf(level / 2) / 40, abs=0.005)
    assert f"what deviates by less than {some.blind_spot:.2g} may not show" in repr(some)
