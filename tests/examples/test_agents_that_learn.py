"""The learners learn, and the study of them says what happened."""

import numpy as np
import pytest

from examples import agents_that_learn as example

# Of 2,000 worlds the mean return of a policy has a standard error of about 15; the random policy's
# is 4,688, the myopic one's 4,132, the optimum 5,281. Over trainings of this size by ten seeds the
# policy gradient had mean MEAN and standard deviation SPREAD: below THRESHOLD is beyond six of
# these, a chance of 1e-9.
THRESHOLD = 4_900.0


@pytest.fixture(scope="module")
def found():
    config = example.Config(
        ("long_term_satisfaction",), ("policy_gradient",), num_seeds=2, effort=0.25
    )
    return example.run(config)


def test_the_policy_gradient_beats_who_looks_at_one_step_only(found):
    parts = found["long_term_satisfaction"]
    finals = [curve["final"] for curve in parts["learners"]["policy_gradient"]]
    myopic, error = parts["others"]["myopic"]
    assert parts["others"]["optimal"][0] > THRESHOLD > myopic + 6 * error
    assert min(finals) > THRESHOLD
    assert max(finals) < 1.01 * parts["others"]["optimal"][0]  # nobody beats the optimum


def test_curve_and_table_and_picture_are_of_what_was_found(found, tmp_path):
    curve = found["long_term_satisfaction"]["learners"]["policy_gradient"][0]
    assert len(curve["steps"]) == len(curve["returns"]) == 75
    assert curve["steps"][-1] == 75 * 256 * 60
    text = example.table(found)
    assert "**policy_gradient**" in text and "| long_term_satisfaction | optimal | 5,2" in text
    example.plot(found, "long_term_satisfaction", tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_an_interval_is_students():
    mean, low, high = example.interval([1.0, 2.0, 3.0])
    np.testing.assert_allclose(
        [mean, low, high], [2.0, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5]
    )
