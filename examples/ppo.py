"""Stable-Baselines3's PPO on a ready environment, for those who bring their own learner.

Needs `pip install 'recsim_ng[rl]'`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from recsim_ng.runtime import SB3VecEnv, StoryVectorEnv, Worlds


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the learner."""

    num_worlds: int = 64
    """N, worlds side by side."""
    num_steps: int = 1_000_000
    """Steps of all worlds together."""
    rollout: int = 64
    """Steps of each world between updates."""
    batch_size: int = 1024
    """Of a gradient step."""
    num_epochs: int = 10
    """How often each step is learnt from."""
    learning_rate: float = 1e-3
    """Of Adam at first; it falls to nothing."""
    discount: float = 0.99
    """g."""
    is_finite: bool = True
    """Whether nothing counts after the last step; else it is where one stops looking."""
    entropy_bonus: float = 0.005
    """Worth of a nat of entropy."""
    first_log_sd: float = 0.0
    """Log standard deviation with which actions that are numbers are tried at first."""


def learnt(
    design: Any,
    config: Config,
    seed: int,
    report: Callable[[int, float], None] | None = None,
    wrapped: Callable[[Any], Any] = lambda worlds: worlds,
) -> Any:
    """Trains PPO, with observations and rewards in units of their spread.

    Args:
      design: of the environment.
      config: settings.
      seed: of worlds, weights and actions.
      report: is told (steps so far, mean return of recent episodes) after each rollout.
      wrapped: worlds, as Stable-Baselines3 takes them -> the same with other actions.

    Returns:
      A function (num_worlds, first_seed) -> `[N]` the returns of the most likely actions.
    """
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.vec_env import VecEnvWrapper, VecMonitor, VecNormalize

    torch.set_num_threads(1)  # small layers; with more, PyTorch waits for whoever else is running

    class Finite(VecEnvWrapper):
        """The last step ends the world: PPO expects nothing of what would follow."""

        def reset(self) -> Any:
            return self.venv.reset()

        def step_wait(self) -> Any:
            seen, rewards, ended, infos = self.venv.step_wait()
            for info in infos:
                info.pop("TimeLimit.truncated", None)
            return seen, rewards, ended, infos

    worlds = wrapped(SB3VecEnv(StoryVectorEnv(Worlds(design, config.num_worlds), "SameStep")))
    if config.is_finite:
        worlds = Finite(worlds)
    normed = VecNormalize(VecMonitor(worlds), gamma=config.discount, clip_obs=20.0)

    class Report(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            recent = [e["r"] for e in self.model.ep_info_buffer]
            if report is not None and recent:
                report(self.num_timesteps, float(np.mean(recent)))

    is_plain = design.is_plain
    model = PPO(
        "MlpPolicy" if is_plain else "MultiInputPolicy",
        normed,
        n_steps=config.rollout,
        batch_size=config.batch_size,
        n_epochs=config.num_epochs,
        learning_rate=lambda left: config.learning_rate * left,
        gamma=config.discount,
        ent_coef=config.entropy_bonus,
        seed=seed,
        device="cpu",
        policy_kwargs={"log_std_init": config.first_log_sd},
    )
    normed.seed(2_000_000_000 + 1_000_000 * seed)  # far from worlds of evaluation
    model.learn(config.num_steps, callback=Report())

    def returns(num_worlds: int, first_seed: int) -> np.ndarray:
        made = SB3VecEnv(StoryVectorEnv(Worlds(design, num_worlds), "SameStep"), seed=first_seed)
        env = wrapped(made)
        seen: Any = env.reset()
        total = np.zeros(num_worlds)
        for _ in range(design.num_steps):
            actions, _ = model.predict(normed.normalize_obs(seen), deterministic=True)
            seen, rewards, _, _ = env.step(actions)
            total += rewards
        return total

    return returns
