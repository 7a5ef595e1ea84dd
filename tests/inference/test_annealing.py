"""Annealing against the enumerated mode."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference import Target
from recsim_ng.inference.annealing import AnnealingSettings, anneal
from tests.inference import small_discrete as small


def test_the_mode_is_the_enumerated_one(seed):
    settings = AnnealingSettings(num_sweeps=40, num_chains=8)
    told = []
    found = anneal(Target(small.story(), small.LOGS), settings, seed, lambda *x: told.append(x))
    codes, log_p = small.enumerated()
    best = codes[log_p.argmax()]
    assert int(found.values[0]) == best[0]
    np.testing.assert_array_equal(found.values[1], best[1:])
    assert found.log_joint == pytest.approx(log_p.max(), rel=1e-4)
    assert found.end_log_joint.max() == np.float32(found.log_joint)
    assert [x.shape for x in found.ends] == [(8,), (8, 3)]
    assert found.log_prior.shape == found.log_likelihood.shape == (40, 8)
    # No chain ended better than it ever was.
    joint = found.log_prior + found.log_likelihood
    np.testing.assert_array_equal(found.end_log_joint, joint.max(axis=0))
    assert told[-1] == (40, 40)


def test_weights_lead_from_the_prior_to_the_mode():
    weights = AnnealingSettings(
        num_sweeps=11, first_weight=0.01, last_weight=9.0, cooling=0.8
    ).weights()
    np.testing.assert_allclose(weights[0], [1.0, 0.01])
    np.testing.assert_allclose(weights[4], [1.0, 0.1])
    np.testing.assert_allclose(weights[8], [1.0, 1.0])
    np.testing.assert_allclose(weights[9:], [[3.0, 3.0], [9.0, 9.0]])


@pytest.mark.parametrize(("cooling", "first", "last"), [(0.0, 1.0, 4.0), (1.0, 0.1, 1.0)])
def test_either_part_may_be_left_out(cooling, first, last):
    weights = AnnealingSettings(cooling=cooling).weights()
    np.testing.assert_allclose([weights[0, 1], weights[-1, 1]], [first, last])


def test_settings_are_checked():
    with pytest.raises(ConfigError) as error:
        AnnealingSettings(first_weight=0.0)
    assert str(error.value) == (
        "AnnealingSettings: first_weight must be a number within [1e-06, 1.0], got 0.0"
    )
