"""What an amortising network is given of the logs."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.amortisation import features_of, standard_of
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.target import Target
from tests.inference.test_variational import USERS, logs_of, mixed_story, seen


@pytest.fixture
def target():
    return Target(mixed_story(USERS), logs_of(seen(USERS, 0)))


def blocks_of(target, axis):
    return Blocks(target.network, target.unknowns, target.unconstrained_shapes(), axis)


def test_features_are_a_blocks_own_logs_over_time(target):
    found = features_of(target, blocks_of(target, "user"))
    y = seen(USERS, 0)
    np.testing.assert_array_equal(found, y.transpose(1, 0, 2).reshape(USERS, -1))


def test_features_are_made_comparable_and_those_to_come_by_the_same_measure():
    features = np.array([[1.0, 5.0], [3.0, 5.0]])
    standard = standard_of(features)
    np.testing.assert_allclose(standard.of(features), [[-1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(standard.of(np.array([[2.5, 7.0], [99.0, 0.0]])), [[0.5, 0], [5, 0]])


def test_logs_that_a_network_cannot_learn_from_are_refused(target):
    with pytest.raises(ConfigError, match="must have several independent blocks to learn from, go"):
        features_of(target, blocks_of(target, None))
