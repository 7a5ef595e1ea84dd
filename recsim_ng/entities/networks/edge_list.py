"""Edge lists: who is tied to whom, as pairs of users, checked when they come in."""

from __future__ import annotations

import itertools
import pathlib
from typing import Any

import networkx as nx
import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError, DataError


def watts_strogatz_edges(
    num_users: int, num_neighbours: int = 10, rewiring: float = 0.1, *, seed: int = 0
) -> np.ndarray:
    """Draws a small world: a ring of users, each tied to the nearest, some ties rewired.

    NetworkX draws it: a million users with ten neighbours take 10 s and 1.4 GB, once.

    Args:
      num_users: U.
      num_neighbours: number of the nearest on the ring that a user is tied to, even.
      rewiring: probability that a tie goes to a user taken by chance instead.
      seed: of the draw.

    Returns:
      `[E, 2]` int32 ties, E = U num_neighbours / 2.

    Raises:
      ConfigError: (also a ValueError) a number is out of range.

    Source: Watts and Strogatz (1998), Collective dynamics of small-world networks.
    """
    where = "watts_strogatz_edges"
    check.whole(where, "num_users", num_users, 1)
    check.whole(where, "num_neighbours", num_neighbours, 0, num_users - 1)
    if num_neighbours % 2:
        raise ConfigError(f"{where}: num_neighbours must be even, got {num_neighbours}")
    check.real(where, "rewiring", rewiring, 0.0, 1.0)
    check.whole(where, "seed", seed, 0)
    graph = nx.watts_strogatz_graph(num_users, num_neighbours, rewiring, seed=seed)
    flat = itertools.chain.from_iterable(graph.edges())
    return np.fromiter(flat, np.int32, 2 * graph.number_of_edges()).reshape(-1, 2)


def edges_of(graph: nx.Graph | nx.DiGraph, num_users: int) -> np.ndarray:
    """The edges of a networkx graph whose nodes are the users' numbers.

    Args:
      graph: its nodes are 0 ... U-1, in any order. An edge (u, v) of a directed one says that u
        follows v. Weights and other attributes are not read.
      num_users: U.

    Returns:
      `[E, 2]` int32 edges.

    Raises:
      ConfigError: (also a ValueError) it is no networkx graph, nodes are missing or unknown, or a
        user is tied to itself.
    """
    where = "social graph"
    check.instance(where, "graph", graph, nx.Graph)
    if graph.number_of_nodes() != num_users:
        raise ConfigError(
            f"{where}: must have one node for each of the {num_users} users, got "
            f"{graph.number_of_nodes()} nodes; set num_users, or add users without ties as nodes"
        )
    unknown = [node for node in graph if not _is_user(node, num_users)][:5]
    if unknown:
        raise ConfigError(
            f"{where}: nodes must be the users' numbers 0..{num_users - 1}, got {unknown}; "
            "networkx.convert_node_labels_to_integers numbers them"
        )
    flat = itertools.chain.from_iterable((u, v) for u, v, *_ in graph.edges())
    return checked_edges(np.fromiter(flat, np.int64).reshape(-1, 2), num_users)


def read_edge_list(path: str | pathlib.Path, num_users: int) -> np.ndarray:
    """Reads a file of ties: two users' numbers a line, apart by blanks, tabs or commas.

    Lines of "0 1" and of "0,1" say the same, and so do files that mix them. A tie that is there
    twice comes twice, as does one that is there both ways: `SocialNetwork` counts it once.

    Args:
      path: of the file; lines that begin with # are not read.
      num_users: U.

    Returns:
      `[E, 2]` int32 edges.

    Raises:
      DataError: (also a ValueError) the file cannot be read, or a line is not two whole numbers.
      ConfigError: (also a ValueError) an edge is not between two different users.
    """
    pairs = []
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"edge list {path}: must be a readable text file, got {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            first, second = (int(word) for word in words)
        except ValueError:
            raise DataError(
                f"edge list {path}, line {number}: must be two users' numbers, got {line!r}"
            ) from None
        pairs.append((first, second))
    return checked_edges(np.array(pairs, np.int64).reshape(-1, 2), num_users)


def checked_edges(edges: Any, num_users: int) -> np.ndarray:
    """Returns `[E, 2]` int32 edges, each between two different users.

    Args:
      edges: `[E, 2]` integers.
      num_users: U.

    Raises:
      ConfigError: (also a ValueError) they are not pairs of integers, a user is unknown or tied to
        itself.
    """
    where = "social graph"
    check.whole(where, "num_users", num_users, 1)
    if isinstance(edges, str | pathlib.Path):
        raise ConfigError(
            f"{where}: edges must be [E, 2] whole numbers, got {edges!r}; read_edge_list reads "
            "files"
        )
    try:
        edges = np.asarray(edges)
    except ValueError:  # rows of different lengths
        edges = np.asarray(edges, object)
    if edges.ndim != 2 or edges.shape[1] != 2 or not np.issubdtype(edges.dtype, np.integer):
        raise ConfigError(
            f"{where}: edges must be [E, 2] whole numbers, got {edges.dtype} {list(edges.shape)}"
        )
    unknown = edges[((edges < 0) | (edges >= num_users)).any(axis=1)]
    if unknown.size:
        raise ConfigError(
            f"{where}: edges must be between the users 0..{num_users - 1}, got "
            f"{len(unknown)} others, the first {tuple(unknown[0].tolist())}"
        )
    loops = edges[edges[:, 0] == edges[:, 1], 0]
    if loops.size:
        raise ConfigError(
            f"{where}: nobody can be their own neighbour, got {len(loops)} self-loops, the first "
            f"of user {loops[0]}; remove them (networkx.selfloop_edges finds them)"
        )
    return edges.astype(np.int32)


def _is_user(node: Any, num_users: int) -> bool:
    whole = isinstance(node, int | np.integer) and not isinstance(node, bool)
    return whole and 0 <= node < num_users
