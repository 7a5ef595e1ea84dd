"""The learners learn, and the study of them says what happened."""

import dataclasses

import numpy as np
import pytest

from examples import agents_that_learn as example
from recsim_ng.stories import long_term_satisfaction

# By seeds 0 to 19 a training of this size came to 5,230 in the mean, with a standard deviation of
# 24; the lowest, 5,150; the optimum is 5,283. The threshold is 9.3 standard deviations of a further
# training below: a false alarm has a chance of 1e-8 if trainings are normal. (Half as long, they
# are not: of twenty, five ended below 5,100, one of them at 4,789.) The random policy comes to
# 4,688, whoever always shows chocolate to 4,128: the test fails for these.
THRESHOLD = 5_000.0
EFFORT = 0.4


def curve_of(seed, final):
    steps, returns = [1e6, 2e6], [1.0 + seed, 2.0 + seed]
    return dataclasses.asdict(example.Curve(steps, returns, final, 3.0))


def test_a_short_training_beats_who_looks_at_one_step_only():
    config = example.Config(effort=EFFORT)
    task = example.TASKS["long_term_satisfaction"]
    found = example.train(task, "policy_gradient", 0, config)
    story = long_term_satisfaction.Config(num_users=1, sensitivity=0.3)
    best = float(long_term_satisfaction.optimum(story).expected_engagement(0.0))
    myopic = float(long_term_satisfaction.optimum(story, document=0).expected_engagement(0.0))
    assert myopic < THRESHOLD < found.final < 1.02 * best  # nobody beats the optimum
    updates = int(300 * EFFORT)
    assert len(found.steps) == len(found.returns) == updates
    assert found.steps[-1] == updates * 256 * 60


def test_table_and_picture_are_of_what_was_found(tmp_path):
    learners = {"policy_gradient": [curve_of(s, 10.0 + s) for s in range(3)]}
    others = {"random": (3.0, 0.1), "myopic": (4.0, 0.5)}
    found = {"long_term_satisfaction": {"others": others, "learners": learners}}
    text = example.table(found)
    assert "| long_term_satisfaction | random | 3.0 (s.e. 0.1) | | |" in text
    # Student's 4.303 s.e. of the mean, .577, and 1.96 of the myopic one's.
    assert "| 11.0 (8.5 to 13.5) | +7.0 (+3.5 to +10.5) | 3 |" in text
    example.plot(found, "long_term_satisfaction", tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_an_interrupted_study_goes_on(tmp_path, monkeypatch):
    trained = []

    def train(task, learner, seed, config):
        if len(trained) == 3:
            raise KeyboardInterrupt
        trained.append((learner, seed))
        return example.Curve([1.0], [2.0], float(seed), 0.5)

    monkeypatch.setattr(example, "train", train)
    monkeypatch.setattr(example, "others", lambda task: {"myopic": (1.0, 0.1)})
    tasks = {"interest_evolution": example.TASKS["interest_evolution"]}
    config = example.Config(tasks, ("policy_gradient", "slate_q"), num_seeds=2)
    with pytest.raises(KeyboardInterrupt):
        example.run(config, path=tmp_path / "found.json")
    trained.clear()
    found = example.run(config, path=tmp_path / "found.json")
    assert trained == [("slate_q", 1)]
    learners = found["interest_evolution"]["learners"]
    assert {k: [c["final"] for c in v] for k, v in learners.items()} == {
        "policy_gradient": [0.0, 1.0],
        "slate_q": [0.0, 1.0],
    }


def test_an_interval_is_students():
    mean, low, high = example.interval([1.0, 2.0, 3.0])
    half = 4.302653 / 3**0.5
    np.testing.assert_allclose([mean, low, high], [2.0, 2.0 - half, 2.0 + half], rtol=1e-5)


@pytest.mark.slow
def test_the_threshold_is_six_standard_deviations_below_what_is_usual():
    task, config = example.TASKS["long_term_satisfaction"], example.Config(effort=EFFORT)
    finals = [example.train(task, "policy_gradient", s, config).final for s in range(20)]
    assert np.mean(finals) - 6 * np.std(finals, ddof=1) > THRESHOLD
