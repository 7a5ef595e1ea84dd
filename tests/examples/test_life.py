"""The Game of Life: its rule is learnt exactly, and a missing first state is recovered."""

import dataclasses

import numpy as np
import pytest

from examples import life as example
from recsim_ng import Network, PythonRuntime
from tests.examples.predecessors import least_predecessors

SMALL = example.Config(
    side=9,
    num_steps=2,
    learning_rate=0.03,
    least_margin=5.0,
    num_sweeps=200,
    num_chains=16,
    ascent_steps=50,
    patterns=("blinker",),
)


@pytest.fixture(scope="module")
def learnt():
    return example.learn(SMALL)


def test_the_learnt_rule_is_right_for_all_512_neighbourhoods(learnt):
    rule, trace = learnt
    cells, alive = example.all_neighbourhoods()
    assert len(np.unique(cells.reshape(512, 9), axis=0)) == 512
    assert alive.sum() == 84 + 56  # three of nine cells live, or four of which one is the middle
    assert example.margins(rule).min() > 0
    assert trace[-1] > trace[0]


def test_the_rule_is_that_of_the_game_of_life(seed):
    rule = example.Life((2, 6, 5), 0.4)
    run = PythonRuntime(Network(example.story(rule))).trajectory(3, seed=seed)
    states = np.concatenate([run["first state"]["cells"][:1], run["later states"]["cells"]])
    for before, after in zip(states, states[1:], strict=False):
        for g, i, j in np.ndindex(2, 6, 5):
            around = [before[g, (i + a) % 6, (j + b) % 5] for a in (-1, 0, 1) for b in (-1, 0, 1)]
            others = sum(around) - before[g, i, j]
            assert after[g, i, j] == (others == 3 or (others == 2 and before[g, i, j] == 1))


def test_the_first_state_of_a_blinker_is_recovered_exactly(learnt, monkeypatch):
    monkeypatch.setattr(example, "learn", lambda config: learnt)
    told = []
    (found,) = example.run(SMALL, told.append)
    assert told == [found]
    assert found.residual == 0
    np.testing.assert_array_equal(found.states, found.truth[None])
    assert found.holds_truth
    assert found.lacking.shape == (200,)
    assert found.relaxed_lacking.shape == (2,)
    assert found.lacking[-1] < 0.5  # nats: the known states are all but certain


@pytest.mark.parametrize(
    ("name", "cells", "count"), [("blinker", 3, 1), ("block", 3, 4), ("glider", 5, 5)]
)
def test_least_predecessors_are_counted(name, cells, count):
    config = dataclasses.replace(SMALL, side=12)
    after = example.followers(example.pattern_state(config, name), 1)[0, 0]
    assert least_predecessors(after, margin=1, most=5) == (cells, count)


def test_the_residual_counts_wrong_cells():
    truth = example.pattern_state(SMALL, "block")
    later = example.followers(truth, 2)
    np.testing.assert_array_equal(later, [truth, truth])
    assert example.residual(truth, later) == 0
    assert example.residual(np.zeros_like(truth), later) == 8


def test_plots_are_written(tmp_path):
    states = np.zeros((1, 4, 4), np.float32)
    found = example.Recovery(
        "x",
        states[0],
        np.zeros((2, 4, 4)),
        states,
        0,
        2.0,
        states[0],
        3,
        1.0,
        np.ones(5),
        np.ones(2),
    )
    example.draw_states(found, tmp_path / "states.png")
    example.draw_residuals([found], tmp_path / "residual.png")
    assert {path.name for path in tmp_path.iterdir()} == {"states.png", "residual.png"}
