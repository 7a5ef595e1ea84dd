"""The space of slates that show no document twice."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np


class SlateSpace(gymnasium.spaces.MultiDiscrete):
    """Slates that show no document twice; a `MultiDiscrete` otherwise.

    Args:
      nvec: `[..., S]` the number of documents.
      seed: of samples.
    """

    def __init__(self, nvec: Any, seed: Any = None) -> None:
        super().__init__(nvec, seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> np.ndarray:
        """Returns slates of different documents, all equally likely.

        Args:
          mask: `[D]` or `[..., D]`, 1 for documents that may be shown, `info["action_mask"]`; or
            what a `MultiDiscrete` takes, which does not keep documents apart.
          probability: as a `MultiDiscrete` takes it.
        """
        shape, docs = self.nvec.shape, int(self.nvec.flat[0])
        if probability is not None or isinstance(mask, tuple):
            return super().sample(mask, probability)
        keys = self.np_random.random((*shape[:-1], docs))
        if mask is not None:
            keys = np.where(np.asarray(mask, bool), keys, 2.0)
        return np.argsort(keys, axis=-1)[..., : shape[-1]].astype(self.dtype)

    def contains(self, x: Any) -> bool:
        if not super().contains(x):
            return False
        ordered = np.sort(np.asarray(x), axis=-1)
        return bool(np.all(ordered[..., 1:] != ordered[..., :-1]))

    def __repr__(self) -> str:
        return f"SlateSpace({self.nvec.tolist()})"
