"""The space of slates."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space


class SlateSpace(gymnasium.spaces.MultiDiscrete):
    """Slates; a `MultiDiscrete` whose samples keep to a mask, and show no document twice.

    Args:
      nvec: `[..., S]` the number of documents; without the axis S where slates are of one.
      repeats: whether a slate may show a document twice.
      seed: of samples.
    """

    def __init__(self, nvec: Any, repeats: bool = False, seed: Any = None) -> None:
        super().__init__(nvec, seed=seed)
        self._repeats = repeats

    def sample(self, mask: Any = None, probability: Any = None) -> np.ndarray:
        """Returns slates, all equally likely.

        Args:
          mask: `[..., D]`, 1 for documents that may be shown, `info["action_mask"]`; or what a
            `MultiDiscrete` takes, which does not keep documents apart.
          probability: as a `MultiDiscrete` takes it.
        """
        if probability is not None or isinstance(mask, tuple):
            return super().sample(mask, probability)
        if mask is None and self._repeats:
            return super().sample()
        docs = int(self.nvec.flat[0])
        is_one = mask is not None and np.ndim(mask) > self.nvec.ndim
        slates = self.nvec[..., None].shape if is_one else self.nvec.shape
        # A row of keys for each slate, or for each place where documents may be shown again.
        rows = (*slates, docs) if self._repeats else (*slates[:-1], docs)
        keys = self.np_random.random(rows)
        if mask is not None:
            may = np.asarray(mask, bool)
            least = 1 if self._repeats else slates[-1]
            if may.shape != (*slates[:-1], docs) or may.sum(axis=-1).min() < least:
                raise ValueError(
                    f"SlateSpace: mask must be of shape {(*slates[:-1], docs)} with at least "
                    f"{least} documents in each row, got {may.shape} with {may.sum(axis=-1).min()}"
                )
            keys = np.where(may[..., None, :] if self._repeats else may, keys, 2.0)
        found = keys.argmin(-1) if self._repeats else keys.argsort(-1)[..., : slates[-1]]
        return found.reshape(self.nvec.shape).astype(self.dtype)

    def contains(self, x: Any) -> bool:
        if not super().contains(x):
            return False
        ordered = np.sort(np.asarray(x), axis=-1)
        return self._repeats or bool(np.all(ordered[..., 1:] != ordered[..., :-1]))

    def taken(self, places: tuple[int, ...]) -> gymnasium.spaces.Space:
        """Returns the space of some places of the slates; a lone place has no axis.

        Args:
          places: of 0..S-1.
        """
        nvec = self.nvec[..., places[0] if len(places) == 1 else list(places)]
        if not np.ndim(nvec):
            return gymnasium.spaces.Discrete(int(nvec))
        return SlateSpace(nvec, self._repeats)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SlateSpace) and (
            self._repeats == other._repeats and super().__eq__(other)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SlateSpace({self.nvec.tolist()}{', repeats=True' if self._repeats else ''})"


@batch_space.register(SlateSpace)
def _batch(space: SlateSpace, n: int = 1) -> SlateSpace:
    return SlateSpace(np.broadcast_to(space.nvec, (n, *space.nvec.shape)).copy(), space._repeats)
