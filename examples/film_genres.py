"""The film story for Stable-Baselines3: an action says how many stars more each genre counts for.

Needs `pip install 'recsim_ng[rl]'`. The environment takes a score for each of 1,682 films; who
learns there would have to try each. This wrapper scores films by what the person expects to enjoy,
as the story's myopic recommender does, and by what the learner adds for their genres.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

TASTE, BOREDOM = "user observation/affinity", "user observation/recent_genres"


class GenreStars(VecEnvWrapper):
    """Worlds of one person each, in which an action is `[K]`, stars for each genre.

    Args:
      worlds: whose actions are scores of films, `[D]`; affinity and recent_genres, `[K]`, are seen.
      genres: `[D, K]`, 1 where a film has a genre.
      quality: `[D]`, stars.
      boredom_penalty: stars for each recent film of a genre.
      most: how many stars more or less a genre may count for.
    """

    def __init__(
        self,
        worlds: VecEnv,
        genres: np.ndarray,
        quality: np.ndarray,
        boredom_penalty: float = 0.5,
        most: float = 0.3,
    ) -> None:
        space = gymnasium.spaces.Box(-1.0, 1.0, (genres.shape[1],), np.float32)
        super().__init__(worlds, action_space=space)
        shares = genres / np.maximum(genres.sum(axis=1, keepdims=True), 1.0)
        self._genres, self._quality, self._most = genres.T, quality, most
        self._bored = boredom_penalty * shares.T
        self._seen: Any = None

    def reset(self) -> Any:
        """Begins the next episode of each world."""
        self._seen = self.venv.reset()
        return self._seen

    def step_async(self, actions: np.ndarray) -> None:
        """Shows each person the films of the highest scores.

        Args:
          actions: `[N, K]` within -1..1, in units of `most`.
        """
        worth = self._seen[TASTE] + self._most * actions
        scores = self._quality + worth @ self._genres - self._seen[BOREDOM] @ self._bored
        self.venv.step_async(scores.astype(np.float32))

    def step_wait(self) -> Any:
        """Returns observations, rewards, ends and infos."""
        self._seen, *rest = self.venv.step_wait()
        return self._seen, *rest
