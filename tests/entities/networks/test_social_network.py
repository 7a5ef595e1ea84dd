"""Sums and means over neighbours against a matrix of users by users."""

import networkx as nx
import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.networks import SocialNetwork, watts_strogatz_edges


def star(num_users):
    """A hub whom all others know: padding its neighbours' lists would waste nearly all of them."""
    return [(0, other) for other in range(1, num_users)]


def matrix(num_users, edges, directed=False):
    """`[U, U]` 1 where the column's user is a neighbour of the row's."""
    dense = np.zeros((num_users, num_users))
    for user, neighbour in edges:
        dense[user, neighbour] = 1
        if not directed:
            dense[neighbour, user] = 1
    return dense


CASES = {
    "small world": (20, watts_strogatz_edges(20, 4, 0.5, seed=3).tolist(), False),
    "hub": (20, star(20), False),
    "hub that follows": (20, star(20), True),
    "some alone": (6, [(0, 1), (1, 2), (2, 0), (1, 0)], False),
    "nobody tied": (4, np.zeros((0, 2), int), False),
}


@pytest.mark.parametrize("case", CASES)
def test_sums_and_means_are_those_of_the_matrix(case, rng):
    num_users, edges, directed = CASES[case]
    network = SocialNetwork(num_users, edges, directed=directed)
    dense = matrix(num_users, edges, directed)
    degree = dense.sum(axis=1)
    np.testing.assert_array_equal(network.degree, degree)
    assert network.num_ties == degree.sum()
    np.testing.assert_array_equal(network.edges(), np.argwhere(dense))
    for shape in ((num_users,), (num_users, 3), (num_users, 2, 2)):
        x = rng.normal(size=shape).astype(np.float32)
        total = np.tensordot(dense, x, axes=1)
        some = (degree > 0).reshape(-1, *[1] * (x.ndim - 1))
        mean = np.where(some, total / np.maximum(degree, 1).reshape(some.shape), x)
        np.testing.assert_allclose(network.neighbour_sum(x), total, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(network.neighbour_mean(x), mean, rtol=1e-5, atol=1e-6)


def test_both_ways_of_holding_a_network_are_in_use():
    assert SocialNetwork(*CASES["small world"][:2])._places is not None
    assert SocialNetwork(*CASES["hub"][:2])._places is None


@pytest.mark.parametrize("case", ["small world", "hub"])
def test_the_compiled_mean_is_the_eager_one_and_has_a_gradient(case, rng):
    num_users, edges, _ = CASES[case]
    network = SocialNetwork(num_users, edges)
    x = tf.constant(rng.normal(size=(num_users, 2)), tf.float32)
    weight = tf.constant(rng.normal(size=(num_users, 2)), tf.float32)

    @tf.function(jit_compile=True)
    def compiled(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            mean = network.neighbour_mean(x)
            total = tf.reduce_sum(weight * mean)
        return mean, tape.gradient(total, x)

    mean, gradient = compiled(x)
    np.testing.assert_allclose(mean, network.neighbour_mean(x), rtol=1e-5, atol=1e-6)
    dense = matrix(num_users, edges)
    expected = (dense / dense.sum(axis=1, keepdims=True)).T @ weight.numpy()
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


def test_graphs_and_edge_lists_say_the_same():
    graph = nx.watts_strogatz_graph(15, 4, 0.3, seed=2)
    from_graph = SocialNetwork(15, graph)
    from_edges = SocialNetwork(15, list(graph.edges()))
    np.testing.assert_array_equal(from_graph.edges(), from_edges.edges())
    assert nx.utils.graphs_equal(from_graph.to_networkx(), graph.to_directed())


def test_an_edge_of_a_directed_graph_says_who_follows_whom():
    network = SocialNetwork(3, nx.DiGraph([(0, 1), (0, 2), (1, 2)]))
    mean = network.neighbour_mean(np.array([1.0, 2.0, 4.0], np.float32))
    np.testing.assert_array_equal(mean, [3.0, 4.0, 4.0])


def test_what_is_refused_is_refused_when_the_network_is_made():
    with pytest.raises(ConfigError, match="must have one node for each of the 5 users, got 3"):
        SocialNetwork(5, nx.path_graph(3))
    with pytest.raises(ConfigError, match="nobody can be their own neighbour"):
        SocialNetwork(5, [(1, 1)])
    with pytest.raises(
        ConfigError, match="SocialNetwork: directed must be True or False, got 'no'"
    ):
        SocialNetwork(5, [(0, 1)], directed="no")
    with pytest.raises(ConfigError, match=r"edges must be \[E, 2\] whole numbers, got object"):
        SocialNetwork(5, [[0, 1], [2]])
    with pytest.raises(ConfigError, match="num_users must be a whole number of at least 1"):
        SocialNetwork(0, [])
