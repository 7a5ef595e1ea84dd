"""Social networks: who is tied to whom."""

from recsim_ng.entities.networks.edge_list import (
    checked_edges,
    edges_of,
    read_edge_list,
    watts_strogatz_edges,
)
from recsim_ng.entities.networks.social_network import SocialNetwork

__all__ = [
    "SocialNetwork",
    "checked_edges",
    "edges_of",
    "read_edge_list",
    "watts_strogatz_edges",
]
