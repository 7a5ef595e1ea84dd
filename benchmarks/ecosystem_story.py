"""The ecosystem story at the published size, as the measurements run it."""

from __future__ import annotations

import numpy as np

from recsim_ng.core.network import Network
from recsim_ng.runtime import TFRuntime
from recsim_ng.stories import ecosystem


def provider_means() -> np.ndarray:
    """`[P, K]` float32 means of the 80 providers of the published set-up, drawn once."""
    generator = np.random.default_rng(0)
    centres = generator.normal(scale=8.0, size=(40, 1, 2))
    return (centres + generator.normal(scale=np.sqrt(0.5), size=(40, 2, 2))).reshape(80, 2).astype(
        np.float32
    )


def runtime(num_users: int) -> TFRuntime:
    """A compiled runtime of the story.

    Args:
      num_users: U.
    """
    variables = ecosystem.create_viable_provider_simulation_network(
        provider_means(), num_users=num_users, provider_boost_cap=1.2
    )
    return TFRuntime(Network(variables))
