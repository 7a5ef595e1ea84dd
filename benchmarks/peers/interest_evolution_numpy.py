"""The interest evolution story as a plain NumPy environment for one user, as people write them.

One `gymnasium.Env` in a few dozen lines, with arrays and NumPy's generator: no seeds by variable,
no probabilities in its info, nothing but the model. It is what an environment of a story is
compared with.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np


class InterestEvolutionEnv(gymnasium.Env[dict[str, Any], np.ndarray]):
    """One user, D documents, slates of S.

    Args:
      docs: doc_features `[D, K]`, doc_quality `[D]`, doc_length `[D]`, doc_topic and doc_id.
      slate_size: S.
      num_steps: T.
    """

    def __init__(self, docs: dict[str, np.ndarray], slate_size: int, num_steps: int) -> None:
        self._docs, self._num_steps = docs, num_steps
        count = len(docs["doc_quality"])
        self.action_space = gymnasium.spaces.MultiDiscrete([count] * slate_size)
        box, most = gymnasium.spaces.Box, np.finfo(np.float32).max
        spaces: dict[str, Any] = {}
        for name, x in docs.items():
            limit = most if x.dtype.kind == "f" else 2**31 - 1
            spaces[name] = box(-limit, limit, x.shape, x.dtype)
        spaces["choice"] = gymnasium.spaces.Discrete(slate_size + 1)
        spaces["consumed_time"] = box(-1.0, most, (), np.float32)
        self.observation_space = gymnasium.spaces.Dict(spaces)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws a user."""
        super().reset(seed=seed)
        self._interest = self.np_random.standard_normal(self._docs["doc_features"].shape[1])
        self._step, self._total = 0, 0.0
        return self._observation(0, np.float32(0.0)), {}

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Shows a slate."""
        features, quality = self._docs["doc_features"][action], self._docs["doc_quality"][action]
        away = features - self._interest
        logits = np.append(2.0 - np.sqrt((away * away).sum(axis=1)), 0.0)
        choice = int(np.argmax(logits + self.np_random.gumbel(size=len(logits))))
        time = -1.0
        if choice < len(action):
            time = float(self._docs["doc_length"][action[choice]] / (1 + np.exp(quality[choice])))
            self._interest = self._interest + 0.1 * quality[choice] * away[choice]
        self._interest = 20.0 * np.tanh(self._interest / 20.0)
        reward = max(time, 0.0)
        self._step, self._total = self._step + 1, self._total + reward
        info = {"reward": reward, "cumulative_reward": self._total}
        truncated = self._step == self._num_steps
        return self._observation(choice, np.float32(time)), reward, False, truncated, info

    def _observation(self, choice: int, time: Any) -> dict[str, Any]:
        docs = {name: x.copy() for name, x in self._docs.items()}
        return {**docs, "choice": choice, "consumed_time": np.asarray(time)}
