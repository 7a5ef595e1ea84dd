"""A social network: what each user's neighbours are like, without a matrix of users by users."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.entity import Entity
from recsim_ng.entities.networks.edge_list import checked_edges, edges_of

# Padded lists of neighbours read every place, sums over edges write every edge, which takes XLA on
# CPU about 3.5 times as long each (1,000,000 users with 10 neighbours: padded to 20 places 20 ms,
# by edges 37 ms). Hubs make padding dear, in time and memory.
_PLACES_PER_EDGE = 3


class SocialNetwork(Entity):
    """Who is a neighbour of whom, held sparsely.

    A user without neighbours has a mean of its own value. Repeated edges count once, and so does
    a tie that holds both ways and is given as (u, v) and as (v, u).

    Args:
      num_users: U.
      ties: a `networkx.Graph` (ties hold both ways) or `networkx.DiGraph` (an edge (u, v): u
        follows v) whose nodes are 0 ... U-1, or `[E, 2]` whole numbers.
      directed: whether an edge (u, v) of an array makes v a neighbour of u only, and not the other
        way round; of a graph its class says so.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a node is missing or unknown, a user is tied to itself, the
        ties are neither a graph nor pairs, or directed is neither True nor False.
    """

    def __init__(
        self, num_users: int, ties: Any, *, directed: bool = False, name: str = "SocialNetwork"
    ) -> None:
        super().__init__(name)
        check.whole("SocialNetwork", "num_users", num_users, 1)
        check.flag("SocialNetwork", "directed", directed)
        if isinstance(ties, nx.Graph):
            directed, edges = ties.is_directed(), edges_of(ties, num_users)
        else:
            edges = checked_edges(ties, num_users)
        if not directed:
            edges = np.concatenate([edges, edges[:, ::-1]])
        code = np.unique(edges[:, 0].astype(np.int64) * num_users + edges[:, 1])
        user, neighbour = (code // num_users).astype(np.int32), (code % num_users).astype(np.int32)
        degree = np.bincount(user, minlength=num_users)
        width = int(degree.max(initial=0))
        with tf.init_scope():  # made once and captured, not written into the graph
            self._degree = tf.constant(degree, tf.int32)
            self._user = self._neighbour = self._places = None
            if num_users * width <= _PLACES_PER_EDGE * code.size:
                first = np.cumsum(degree) - degree
                place = np.arange(code.size) - first[user]
                places = np.full((num_users, width), num_users, np.int32)
                places[user, place] = neighbour
                self._places = tf.constant(places)
            else:
                self._user, self._neighbour = tf.constant(user), tf.constant(neighbour)
        self._num_users, self._num_ties = num_users, int(code.size)

    @property
    def num_users(self) -> int:
        """U."""
        return self._num_users

    @property
    def num_ties(self) -> int:
        """The number of pairs of a user and a neighbour; a tie that holds both ways counts two."""
        return self._num_ties

    @property
    def degree(self) -> Any:
        """`[U]` int32 number of neighbours of each user."""
        return self._degree

    def neighbour_sum(self, x: Any) -> Any:
        """The sum over each user's neighbours, 0 without any.

        Args:
          x: `[U, ...]` floats.

        Returns:
          `[U, ...]` of the same dtype.
        """
        x = tf.convert_to_tensor(x)
        if self._places is not None:
            nobody = tf.zeros_like(x[:1])  # stands at the places that are left over
            return tf.reduce_sum(tf.gather(tf.concat([x, nobody], 0), self._places), axis=1)
        gathered = tf.gather(x, self._neighbour)
        return tf.math.unsorted_segment_sum(gathered, self._user, self._num_users)

    def neighbour_mean(self, x: Any) -> Any:
        """The mean over each user's neighbours, the user's own value without any.

        Args:
          x: `[U, ...]` floats.

        Returns:
          `[U, ...]` of the same dtype.
        """
        x = tf.convert_to_tensor(x)
        degree = tf.reshape(self._degree, [-1] + [1] * (x.shape.rank - 1))
        total = self.neighbour_sum(x)
        return tf.where(degree > 0, total / tf.cast(tf.maximum(degree, 1), x.dtype), x)

    def edges(self) -> np.ndarray:
        """Returns `[num_ties, 2]` int32 pairs of a user and a neighbour, sorted."""
        if self._places is None:
            ends = (self._user, self._neighbour)
            return np.stack([np.asarray(end) for end in ends], axis=1)
        places = self._places.numpy()
        user, place = np.nonzero(places < self._num_users)
        return np.stack([user.astype(np.int32), places[user, place]], axis=1)

    def to_networkx(self) -> nx.DiGraph:
        """Returns the network as a graph: an edge (u, v) where v is a neighbour of u."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(self._num_users))
        graph.add_edges_from(self.edges().tolist())
        return graph
