"""What comes in as a social graph: drawn, given or read, and what is refused."""

import networkx as nx
import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.entities.networks import (
    SocialNetwork,
    checked_edges,
    edges_of,
    read_edge_list,
    watts_strogatz_edges,
)


def test_without_rewiring_everybody_is_tied_to_the_nearest_on_a_ring():
    edges = watts_strogatz_edges(12, 4, 0.0)
    expected = {frozenset((u, (u + step) % 12)) for u in range(12) for step in (1, 2)}
    assert {frozenset(edge) for edge in edges.tolist()} == expected
    assert edges.shape == (24, 2) and edges.dtype == np.int32


def test_rewiring_keeps_the_number_of_ties_and_takes_about_its_share(seed):
    # Of 5,000 ties 500 are expected to be rewired, with a standard deviation of 21.
    edges = watts_strogatz_edges(1000, 10, 0.1, seed=seed)
    apart = np.abs(edges[:, 0] - edges[:, 1])
    rewired = np.minimum(apart, 1000 - apart) > 5
    assert edges.shape == (5000, 2)
    assert 350 < rewired.sum() < 650
    assert len({frozenset(edge) for edge in edges.tolist()}) == 5000


def test_the_seed_is_all_that_matters():
    first, again, other = (watts_strogatz_edges(50, 4, 0.5, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "num_users must be a whole number of at least 1, got 0"),
        ((10, 10), r"num_neighbours must be a whole number within 0..9, got 10"),
        ((10, 3), "num_neighbours must be even, got 3"),
        ((10, 4, 1.5), r"rewiring must be a number within \[0.0, 1.0\], got 1.5"),
    ],
)
def test_a_small_world_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ConfigError, match=f"watts_strogatz_edges: {message}"):
        watts_strogatz_edges(*arguments)


def test_the_edges_of_a_graph_are_its_own():
    graph = nx.MultiDiGraph([(0, 2), (2, 0), (1, 2)])
    assert sorted(edges_of(graph, 3).tolist()) == [[0, 2], [1, 2], [2, 0]]
    empty = nx.empty_graph(3)
    assert edges_of(empty, 3).shape == (0, 2)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.path_graph(3), "one node for each of the 4 users, got 3 nodes; set num_users"),
        (nx.Graph([("a", "b"), ("c", "d")]), r"numbers 0..3, got \['a', 'b', 'c', 'd'\]"),
        (nx.Graph([(1, 2), (3, 4)]), r"numbers 0..3, got \[4\]; networkx.convert_node_labels"),
        (nx.Graph([(0, 1), (2, 3), (3, 3)]), "got 1 self-loops, the first of user 3; remove"),
    ],
)
def test_a_graph_that_does_not_fit_is_refused(graph, message):
    with pytest.raises(ConfigError, match=f"social graph: .*{message}"):
        edges_of(graph, 4)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (np.zeros((2, 3), int), r"edges must be \[E, 2\] whole numbers, got int64 \[2, 3\]"),
        (np.zeros((2, 2)), r"edges must be \[E, 2\] whole numbers, got float64 \[2, 2\]"),
        ([[0, 1], [2]], r"edges must be \[E, 2\] whole numbers, got object \[2\]"),
        ("0,1", r"edges must be \[E, 2\] whole numbers, got '0,1'; read_edge_list reads files"),
        (None, r"edges must be \[E, 2\] whole numbers, got object \[\]"),
        ([[0, 1], [1, 4]], r"between the users 0..3, got 1 others, the first \(1, 4\)"),
        ([[-1, 1]], r"between the users 0..3, got 1 others, the first \(-1, 1\)"),
        ([[2, 2], [0, 1]], "nobody can be their own neighbour, got 1 self-loops, the first of"),
    ],
)
def test_edges_that_do_not_fit_are_refused(edges, message):
    with pytest.raises(ConfigError, match=message):
        checked_edges(edges, 4)


def test_a_file_of_ties_is_read(tmp_path):
    path = tmp_path / "ties.txt"
    path.write_text("# who whom\n0 1\n2,3\n\n1\t3\n")
    np.testing.assert_array_equal(read_edge_list(path, 4), [[0, 1], [2, 3], [1, 3]])
    path.write_text("0,1\n0 1\n1, 0\n")
    ties = read_edge_list(path, 4)
    np.testing.assert_array_equal(ties, [[0, 1], [0, 1], [1, 0]])
    np.testing.assert_array_equal(SocialNetwork(4, ties).degree, [1, 1, 0, 0])
    with pytest.raises(ConfigError, match="num_users must be a whole number .*, got 'x'"):
        read_edge_list(path, "x")
    path.write_text("")
    assert read_edge_list(path, 4).shape == (0, 2)


@pytest.mark.parametrize("line", ["0", "0 1 2", "0 b", "0 1.5"])
def test_a_line_that_is_no_tie_is_refused(tmp_path, line):
    path = tmp_path / "ties.txt"
    path.write_text(f"0 1\n{line}\n")
    with pytest.raises(DataError, match=r"ties.txt, line 2: must be two users' numbers, got "):
        read_edge_list(path, 4)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="must be a readable text file"):
        read_edge_list(tmp_path / "none.txt", 4)


def test_what_is_no_graph_has_no_edges():
    with pytest.raises(ConfigError, match="social graph: graph must be a Graph, got None"):
        edges_of(None, 3)
