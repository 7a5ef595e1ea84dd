"""The Game of Life: its rule is learnt exactly, and a missing first state is recovered."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from examples import life as example
from recsim_ng import Network, PythonRuntime, Value
from recsim_ng.inference import Scorer
from tests.examples.predecessors import least_predecessors

SMALL = example.Config(
    side=9,
    training_side=10,
    num_steps=2,
    learning_rate=0.03,
    least_margin=5.0,
    num_sweeps=80,
    num_chains=16,
    ascent_steps=25,
    patterns=("glider",),
)
OTHERS = {
    "tub": [".#.", "#.#", ".#."],
    "boat": ["##.", "#.#", ".#."],
    "ship": ["##.", "#.#", ".##"],
    "beehive": [".##.", "#..#", ".##."],
    "loaf": [".##.", "#..#", ".#.#", "..#."],
    "pond": [".##.", "#..#", "#..#", ".##."],
    "snake": ["##.#", "#.##"],
    "toad": [".###", "###."],
    "beacon": ["##..", "##..", "..##", "..##"],
    "light spaceship": [".#..#", "#....", "#...#", "####."],
    "I-tetromino": ["####"],
    "L-tetromino": ["###", "#.."],
    "S-tetromino": [".##", "##."],
    "T-tetromino": ["###", ".#."],
    "pi-heptomino": ["###", "#.#", "#.#"],
}


@pytest.fixture(scope="module")
def learnt():
    return example.learn(SMALL)


def around(cells, i, j):
    """How many of a cell's eight neighbours live."""
    height, width = cells.shape
    near = [cells[(i + a) % height, (j + b) % width] for a in (-1, 0, 1) for b in (-1, 0, 1)]
    return sum(near) - cells[i, j]


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
            others = around(before[g], i, j)
            assert after[g, i, j] == (others == 3 or (others == 2 and before[g, i, j] == 1))


def test_living_cells_pay_for_neighbours_that_they_lack(rng):
    cells = (rng.random((1, 5, 6)) < 0.4).astype(np.float32)
    told = example.Company(cells.shape, 2.0).told(Value(cells=tf.constant(cells)))
    lacking = [max(3 - around(cells[0], i, j), 0) for i, j in np.argwhere(cells[0])]
    shape = (1, 5, 6)
    variables = example.story(example.Life(shape, 0.3), example.Company(shape, 2.0))
    later = example.followers(cells, 1)
    known = {
        "first state": Value(cells=tf.constant(cells[None])),
        "later states": Value(cells=tf.constant(later)),
        "company": Value(content=tf.ones((1, *shape))),
    }
    score = Scorer(variables, graph_compile=False).score(known)
    found = tf.reduce_sum(score.fields["company"].get("content"))
    assert sum(lacking) > 0
    assert float(found) == pytest.approx(-2.0 * sum(lacking), abs=1e-3)
    assert told.get("content").shape == shape


@pytest.mark.slow
def test_the_first_state_of_a_glider_is_recovered_exactly(learnt, monkeypatch):
    monkeypatch.setattr(example, "learn", lambda config: learnt)
    told = []
    (found,) = example.run(SMALL, told.append)
    assert told == [found]
    assert found.residual == 0
    np.testing.assert_array_equal(found.state, found.truth)
    assert found.is_true
    assert found.num_alike == 1
    assert found.chain_is_true.sum() > 1
    assert (found.chain_residuals[found.chain_is_true] == 0).all()
    assert found.lacking.shape == (80,)
    assert found.lacking.min() < 10 + 2  # nats, 10 of them for neighbours lacking
    for ascent in found.ascents:
        assert ascent.cells.shape == (16, 9, 9)
        assert np.isfinite(ascent.cells).all()
        assert ascent.lacking.shape == (1,)
    assert found.ascents[1].residuals.min() > 10  # from half-alive cells it comes nowhere
    text = example.table([found, dataclasses.replace(found, state=found.truth + 1)])
    assert text.splitlines()[-1].startswith("| glider | 2 of 2 | 1 of 2 | ")


def test_what_is_known_lacks_little_of_the_truth_and_much_elsewhere(learnt):
    life, _ = learnt
    truth = example.pattern_state(SMALL, "glider")
    later = example.followers(truth, 2)
    variables, known = example.told(SMALL, life, "glider", np.concatenate([later, later], axis=1))
    cells = np.concatenate([truth, np.zeros_like(truth)])
    found = example.lack(variables, known, tf.constant(cells))
    # The truth's cells lack five neighbours, at 2 nats each.
    assert 10 < found[0] < 12
    # Five cells are wrong, each by a margin of 5 nats or more.
    logits = life.logits(tf.zeros([1, 9, 9])).numpy()[0, 0, 0]
    alone = np.log1p(np.exp(-logits)) * 5 + np.log1p(np.exp(logits)) * 76
    certain = float(found[0]) - 10  # at most: what both steps of the truth lack
    assert alone > 25
    assert found[1] == pytest.approx(alone, abs=certain + 1e-3)


@pytest.mark.parametrize(
    ("name", "cells", "count"),
    [("blinker", 3, 1), ("block", 3, 4), ("glider", 5, 5), ("r-pentomino", 5, 1)],
)
def test_least_predecessors_are_counted(name, cells, count):
    config = dataclasses.replace(SMALL, side=12)
    after = example.followers(example.pattern_state(config, name), 1)[0, 0]
    assert least_predecessors(after, most=5) == (cells, count)


def has_likeliest_truth(rows, weight, margin=2):
    """Whether a pattern is the one most likely predecessor of its successor, given company."""
    state = np.pad([[float(c == "#") for c in row] for row in rows], 3)
    after = example.followers(state[None].astype(np.float32), 1)[0, 0]
    lacking = sum(max(3 - around(state, i, j), 0) for i, j in np.argwhere(state))
    # What a neighbour lacking costs, over what a living cell does.
    lonely = weight / np.log(1.0 / SMALL.density - 1.0)
    cost = state.sum() + lonely * lacking
    found, count = least_predecessors(after, most=cost, lonely=lonely, margin=margin)
    return count == 1 and found == pytest.approx(cost)


@pytest.mark.parametrize("weight", [1.0, SMALL.company, 3.0])
@pytest.mark.parametrize("name", sorted(example.PATTERNS))
def test_company_singles_the_true_first_state_out(name, weight):
    assert has_likeliest_truth(example.PATTERNS[name], weight)


def test_company_singles_six_of_fifteen_other_patterns_out():
    out = {name for name, rows in OTHERS.items() if has_likeliest_truth(rows, SMALL.company, 1)}
    assert len(OTHERS) == 15
    assert out == {"tub", "ship", "toad", "beacon", "T-tetromino", "snake"}


def test_predecessors_are_those_of_all_states():
    config = dataclasses.replace(SMALL, side=8)
    after = example.followers(example.pattern_state(config, "block"), 1)[0]
    states = np.zeros((2**16, 8, 8), np.float32)
    inside = np.arange(2**16)[:, None] >> np.arange(16) & 1
    states[:, 2:6, 2:6] = inside.reshape(-1, 4, 4)
    near = example.neighbourhoods(states).numpy().sum(axis=-1)
    follow = (near == 3) | ((near == 4) & (states == 1))
    mine = states[(follow == after).all(axis=(1, 2))]
    near = example.neighbourhoods(mine).numpy().sum(axis=-1)
    cost = (mine * (1.0 + 0.25 * np.maximum(4.0 - near, 0.0))).sum(axis=(1, 2))
    least, count = least_predecessors(after[0], most=9, lonely=0.25, margin=1)
    assert least == pytest.approx(cost.min())
    assert count == np.count_nonzero(cost < least + 1e-6)


def test_the_residual_counts_wrong_cells():
    truth = example.pattern_state(SMALL, "block")
    later = example.followers(truth, 2)
    np.testing.assert_array_equal(later, [truth, truth])
    assert example.residual(truth, later) == 0
    assert example.residual(np.zeros_like(truth), later) == 8


def test_plots_are_written(tmp_path):
    state, ones = np.zeros((4, 4), np.float32), np.ones(5)
    ascent = example.Ascent(state[None], np.array([3]), np.ones(2))
    found = example.Recovery(
        "x",
        state,
        np.zeros((2, 4, 4)),
        state,
        1,
        0,
        ones,
        ones > 0,
        2.0,
        ones,
        (ascent, ascent),
        1.0,
    )
    example.draw_states(found, tmp_path / "states.png")
    example.draw_residuals([found], tmp_path / "residual.png")
    assert {path.name for path in tmp_path.iterdir()} == {"states.png", "residual.png"}
