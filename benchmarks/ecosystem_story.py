"""The ecosystem story at the published size, as the measurements run it."""

from __future__ import annotations

import numpy as np

from recsim_ng import Network
from recsim_ng.runtime import TFRuntime
from recsim_ng.stories import ecosystem


def provider_means() -> np.ndarray:
    """`[P, K]` float32 means of the 80 providers of the published set-up, drawn once."""
    return ecosystem.init_random_provider_clusters(
        provider_disp=64.0, provider_fan_out=2, num_provider_clusters=40, num_topics=2
    )


def network(num_users: int) -> Network:
    """The story.

    Args:
      num_users: U.
    """
    return Network(
        ecosystem.create_viable_provider_simulation_network(
            provider_means(), num_users=num_users, provider_boost_cap=1.2
        )
    )


def runtime(num_users: int) -> TFRuntime:
    """A compiled runtime of the story.

    Args:
      num_users: U.
    """
    return TFRuntime(network(num_users))
