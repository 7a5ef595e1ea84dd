"""Predictions of held-out logs, against closed forms; what is refused."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from recsim_ng.core import Value
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.report.prediction import predict
from tests.report.stories import fit_of, mood_logs, mood_story, part, taste_logs, taste_story
from tests.walk import walk_logs, walk_story

RATES, SCALES = np.array([0.5, 0.7, 0.9], np.float32), np.array([0.4, 0.5, 0.8], np.float32)
POSTERIOR = {"rate.x": RATES, "scale.x": SCALES}


@pytest.fixture(scope="module")
def walk():
    logs = walk_logs(12)
    return fit_of(walk_story(), part(logs, 0, 7), POSTERIOR), part(logs, 6, 12)


def test_numbers_are_predicted_by_the_mixture_over_draws(walk):
    fit, held_out = walk
    found = predict(walk_story(), fit, held_out)
    x = np.asarray(held_out["walk"]["x"], np.float64)
    law = stats.norm(RATES[:, None, None] * x[:-1], SCALES[:, None, None])
    expected = special.logsumexp(law.logpdf(x[1:]), axis=0) - np.log(3)
    assert (found.field, found.num_draws, found.first_step) == ("walk.x", 3, 1)
    np.testing.assert_allclose(found.log_prob, expected.ravel(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.cdf, law.cdf(x[1:]).mean(axis=0).ravel(), atol=1e-5)
    assert found.probabilities is None
    np.testing.assert_array_equal(found.interactions.step, np.repeat([1, 2, 3, 4, 5], 3))


def test_draws_are_taken_evenly(walk):
    fit, held_out = walk
    found = predict(walk_story(), fit, held_out, num_draws=2)
    ends = fit_of(walk_story(), held_out, {name: x[[0, 2]] for name, x in POSTERIOR.items()})
    np.testing.assert_allclose(found.log_prob, predict(walk_story(), ends, held_out).log_prob)


def test_choices_have_probabilities_and_only_what_the_mask_shows_counts(rng):
    logs, _ = taste_logs(5, 4)
    tastes = rng.normal(size=(2, 4, 3)).astype(np.float32)
    fit = fit_of(taste_story(4), logs, {"taste.x": tastes})
    seen = rng.random((5, 4)) < 0.6
    held_out = {**logs, "seen": Value(x=tf.constant(seen))}
    found = predict(taste_story(4), fit, held_out, mask="seen.x")
    p = special.softmax(tastes.astype(np.float64), axis=-1).mean(axis=0)
    assert found.first_step == 0
    np.testing.assert_array_equal(found.interactions.user, np.nonzero(seen)[1])
    np.testing.assert_allclose(found.probabilities, p[found.interactions.user], atol=1e-6)
    chosen = p[found.interactions.user, found.interactions.outcome]
    np.testing.assert_allclose(found.log_prob, np.log(chosen), atol=1e-5)


def test_what_was_inferred_may_be_in_the_held_out_logs(walk):
    fit, held_out = walk
    known = {**held_out, "rate": Value(x=tf.fill([6], RATES[1]))}
    found = predict(walk_story(), fit, known)
    x = np.asarray(held_out["walk"]["x"], np.float64)
    law = stats.norm(RATES[1] * x[:-1], SCALES[:, None, None])
    expected = special.logsumexp(law.logpdf(x[1:]), axis=0) - np.log(3)
    np.testing.assert_allclose(found.log_prob, expected.ravel(), rtol=1e-4, atol=1e-4)


def test_logs_that_do_not_fit_are_refused(walk):
    fit, held_out = walk
    with pytest.raises(DataError, match=r"drawn at every step and in the logs, \['walk.x'\], got"):
        predict(walk_story(), fit, held_out, "walk.y")
    seen = {**held_out, "seen": Value(x=tf.zeros([6, 3], tf.bool), y=tf.zeros([6, 3]))}
    with pytest.raises(DataError, match="'walk.x' must have elements that count, got none"):
        predict(walk_story(), fit, seen, mask="seen.x")
    with pytest.raises(DataError, match=r"mask 'seen.y' must be bools .* of 'walk.x', got float32"):
        predict(walk_story(), fit, seen, mask="seen.y")
    with pytest.raises(DataError, match=r"must be of the fit's users, \(3,\) after .*, got \(2,\)"):
        predict(walk_story(2), fit, walk_logs(4, 2))
    with pytest.raises(
        DataError, match=r"must be among what was inferred, \['rate.x'\], got \['sc"
    ):
        predict(walk_story(), fit_of(walk_story(), held_out, {"rate.x": RATES}), held_out)
    with pytest.raises(DataError, match=r"a trajectory must hold variables of the story"):
        predict(walk_story(), fit, {"talk": held_out["walk"]})
    with pytest.raises(ConfigError, match="predict: num_draws must be a whole number"):
        predict(walk_story(), fit, held_out, num_draws=0)
    logs, _ = taste_logs(5, 4)
    wide = fit_of(taste_story(4), logs, {"taste.x": np.zeros((1, 6, 3), np.float32)})
    with pytest.raises(DataError, match=r"'taste.x' must be as in the fit, \[6, 3\], got \[4, 3\]"):
        predict(taste_story(4), wide, logs)


def test_what_changes_over_time_does_not_carry_over():
    from recsim_ng import ed
    from recsim_ng.core import Variable
    from recsim_ng.core.variable import value
    from tests.small_networks import X

    level, seen = Variable("level", X), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    level.value = value(lambda p: Value(x=ed.Normal(p.get("x"), 0.1, name="x")), (level.previous,))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), 0.5, name="x")), (level,))
    story, logs = [level, seen], {"seen": Value(x=tf.zeros([7]))}
    fit = fit_of(story, logs, {"level.x": np.zeros((2, 7), np.float32)})
    with pytest.raises(DataError, match=r"carries over only where it is the same .*\['level.x'\]"):
        predict(story, fit, logs)


def test_steps_at_which_logs_in_the_middle_of_a_run_lack_something_do_not_count():
    logs, slope = mood_logs(4, "x")
    fit = fit_of(mood_story(), logs, {"slope.x": [slope]})
    found = predict(mood_story(), fit, logs, "said.x")
    assert (found.whole_step, found.lacking) == (1, ("mood.best",))
    assert found.interactions.step.min() == 1
    expected = stats.norm(slope * logs["mood"]["x"], 1e-3).logpdf(logs["said"]["x"])
    np.testing.assert_allclose(found.log_prob, expected[1:].ravel(), rtol=1e-3, atol=1e-3)


def test_one_step_is_too_few(walk):
    fit, held_out = walk
    with pytest.raises(
        DataError, match="^predict: held-out logs must have two steps at least, .*got"
    ):
        predict(walk_story(), fit, part(held_out, 0, 1))


def test_logs_that_are_no_numbers_are_refused(walk):
    fit, held_out = walk
    for x, message in (
        (np.nan, "'walk', field 'x': logs must be numbers, got NaN at step 2"),
        (np.inf, "'walk.x' must be finite where it counts, got inf at step 2 of user 1"),
    ):
        broken = np.array(held_out["walk"]["x"])
        broken[2, 1] = x
        with pytest.raises(DataError, match=message):
            predict(walk_story(), fit, {"walk": Value(x=broken)})
