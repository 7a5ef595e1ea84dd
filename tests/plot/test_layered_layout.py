"""Places of nodes and ways of edges: nothing overlaps, little crosses, what can be straight is."""

import itertools

import numpy as np
import pytest
import scipy.optimize

from recsim_ng.plot.layered_layout import layered_layout
from recsim_ng.plot.spread import spread


def random_graph(rng, layers=5, width=4, edges=14):
    names = [[f"{i}.{j}" for j in range(rng.integers(1, width + 1))] for i in range(layers)]
    found = set()
    for _ in range(edges):
        a, b = sorted(rng.choice(layers, 2, replace=False))
        found.add((str(rng.choice(names[a])), str(rng.choice(names[b]))))
    sizes = {name: float(rng.uniform(0.5, 2)) for row in names for name in row}
    return names, sizes, sorted(found)


@pytest.mark.parametrize("repeat", range(20))
def test_nothing_in_a_layer_overlaps(rng, repeat):
    rng = np.random.default_rng([rng.integers(2**31), repeat])
    layers, sizes, edges = random_graph(rng)
    layout = layered_layout(layers, sizes, edges, 0.25)
    depth = {name: i for i, row in enumerate(layers) for name in row}
    for i, row in enumerate(layers):
        things = {(name,): (layout.y[name], sizes[name]) for name in row}
        for a, b in edges:
            if depth[a] < i < depth[b]:
                things[a, i] = (layout.paths[a, b][i - depth[a] - 1], 0.25)
        for (y, size), (other, other_size) in itertools.combinations(things.values(), 2):
            assert abs(y - other) >= (size + other_size) / 2 - 1e-6


def test_every_edge_passes_every_layer_between_its_ends_and_no_other():
    layers = [["a"], ["b"], ["c"], ["d"]]
    layout = layered_layout(layers, dict.fromkeys("abcd", 1.0), [("a", "d"), ("a", "b")], 0.2)
    assert len(layout.paths["a", "d"]) == 2 and layout.paths["a", "b"] == []


def test_crossings_that_can_be_avoided_are():
    layers = [["a", "b", "c"], ["x", "y", "z"]]
    edges = [("a", "z"), ("b", "y"), ("c", "x")]
    y = layered_layout(layers, dict.fromkeys("abcxyz", 1.0), edges, 0.2).y
    for (a, x), (b, z) in itertools.combinations(edges, 2):
        assert (y[a] < y[b]) == (y[x] < y[z])
        assert y[a] == pytest.approx(y[x])


def test_edges_of_one_source_share_their_place_in_a_layer():
    layers = [["a"], ["b"], ["c", "d"]]
    paths = layered_layout(layers, dict.fromkeys("abcd", 1.0), [("a", "c"), ("a", "d")], 0.2).paths
    assert paths["a", "c"] == paths["a", "d"]


@pytest.mark.parametrize("repeat", range(5))
def test_places_are_the_nearest_that_do_not_overlap(rng, repeat):
    rng = np.random.default_rng([rng.integers(2**31), repeat])
    wanted, sizes = rng.uniform(0, 3, 5), rng.uniform(0.3, 1.5, 5)
    weights = rng.uniform(0.5, 4, 5)
    gaps = (sizes[1:] + sizes[:-1]) / 2
    best = scipy.optimize.minimize(
        lambda y: np.sum(weights * (y - wanted) ** 2),
        np.arange(5) * 2.0,
        constraints={"type": "ineq", "fun": lambda y: np.diff(y) - gaps},
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    np.testing.assert_allclose(spread(wanted, sizes, weights), best.x, atol=1e-4)


def test_what_does_not_overlap_stays_where_it_is_wanted():
    assert spread([0.0, 2.0, 5.0], [1.0, 1.0, 1.0]) == [0.0, 2.0, 5.0]
    assert spread([], []) == []
