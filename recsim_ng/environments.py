"""The ready stories as environments, registered with Gymnasium when recsim_ng is imported.

    gymnasium.make("recsim_ng/InterestEvolution-v0", slate_size=3)
    gymnasium.make_vec("recsim_ng/InterestEvolution-v0", num_envs=1024)

Arguments are the settings of the story's `Config` and those of `recsim_ng.runtime.make_env`.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
from typing import Any

from gymnasium.envs.registration import register, registry

# What a film service hears of a person; the enjoyment that they expected is theirs.
_SAID = ("choice", "is_chosen", "rating")
# By name of the environment: the story, what is changed of its settings, and of make_env's.
_READY: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Bandits": (
        "bandits",
        {"num_bandits": 1},
        {"agent": "algorithm", "reward": "bandit rewards.reward", "num_steps": 100},
    ),
    "Ecosystem": (
        "ecosystem",
        {"num_users": 20, "num_provider_clusters": 2, "num_docs": 10, "recommender": "random"},
        {"reward": "user state.utilities", "num_steps": 300},
    ),
    "InterestEvolution": (
        "interest_evolution",
        {"num_users": 1, "num_docs": 10, "recommender": "random"},
        {"num_steps": 100},
    ),
    "LatentSatisfaction": (
        "latent_satisfaction",
        {"num_users": 1},
        {
            "observation": ["user response.choice"],
            "reward": "user state.satisfaction",
            "num_steps": 50,
        },
    ),
    "LongTermSatisfaction": (
        "long_term_satisfaction",
        {"num_users": 1, "recommender": "random"},
        {"action": "document", "num_steps": 60},
    ),
    "MovieLens": (
        "movielens",
        {"num_users": 1, "recommender": "random", "allow_repeats": True},
        {
            "observation": ["available docs", *(f"user response.{x}" for x in _SAID)],
            "reward": "metrics state.enjoyment",
            "num_steps": 100,
        },
    ),
    "Social": (
        "social",
        {"num_users": 20, "num_docs": 10, "num_neighbours": 4},
        {"reward": "user response.utility", "num_steps": 100},
    ),
}


def register_all() -> None:
    """Registers the environments: "recsim_ng/InterestEvolution-v0" and so on."""
    for name in _READY:
        ident = f"recsim_ng/{name}-v0"
        if ident not in registry:
            register(
                id=ident,
                entry_point="recsim_ng.environments:make",
                vector_entry_point="recsim_ng.environments:make_vec",
                kwargs={"environment": name},
            )


def make(environment: str, **options: Any) -> Any:
    """Makes a ready environment; `gymnasium.make` calls it.

    Args:
      environment: its name, "InterestEvolution".
      **options: settings of the story and of `make_env`.

    Returns:
      A `StoryEnv`.

    Raises:
      ConfigError: (also a ValueError) an option is unknown or does not fit.
    """
    from recsim_ng.runtime.environment import StoryEnv

    render_mode = options.pop("render_mode", None)
    return StoryEnv(_design(environment, options, render_mode), render_mode=render_mode)


def make_vec(environment: str, num_envs: int, **options: Any) -> Any:
    """Makes a ready vector environment; `gymnasium.make_vec` calls it.

    Args:
      environment: its name, "InterestEvolution".
      num_envs: N.
      **options: settings of the story and of `make_vec_env`.

    Returns:
      A `StoryVectorEnv`.

    Raises:
      ConfigError: (also a ValueError) an option is unknown or does not fit.
    """
    from recsim_ng.runtime.environment_vector import StoryVectorEnv
    from recsim_ng.runtime.environment_worlds import Worlds

    render_mode = options.pop("render_mode", None)
    mode = {"autoreset_mode": options.pop("autoreset_mode")} if "autoreset_mode" in options else {}
    made = _design(environment, options, render_mode)
    return StoryVectorEnv(Worlds(made, num_envs), render_mode=render_mode, **mode)


# Gymnasium looks here for what can be shown before it makes one.
make.metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # type: ignore[attr-defined]

_designs: dict[Any, Any] = {}
_MOST_DESIGNS = 16


def _design(environment: str, options: dict[str, Any], render_mode: str | None) -> Any:
    """The design of an environment, the same for the same options: it is compiled once."""
    from recsim_ng.runtime.environment_design import design

    key = (environment, _key_of(options), render_mode is not None)
    is_plain = key[1] is not None
    if is_plain and key in _designs:
        return _designs[key]
    story, rest = _story(environment, options)
    made = design(story, **rest, render=render_mode is not None)
    if is_plain:
        while len(_designs) >= _MOST_DESIGNS:
            _designs.pop(next(iter(_designs)))
        _designs[key] = made
    return made


def _key_of(options: dict[str, Any]) -> Any:
    """Equal for options that make the same environment; None where that cannot be told."""
    ours = _arguments()
    parts: list[Any] = []
    for name, x in sorted(options.items()):
        if name in ours and isinstance(x, list | tuple) and all(isinstance(v, str) for v in x):
            parts.append((name, "names", tuple(x)))
        elif not isinstance(x, int | float | bool | str | None):
            return None  # a function is not told by its name
        elif name not in ours and isinstance(x, str) and os.path.exists(x):
            return None  # what files hold may change
        else:
            parts.append((name, type(x).__name__, x))
    return tuple(parts)


def _arguments() -> set[str]:
    """The options that are `make_env`'s."""
    from recsim_ng.runtime.environment import make_env

    return set(inspect.signature(make_env).parameters) - {"story", "render_mode"}


def _story(environment: str, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The story's variables, and what of the options is for the environment."""
    from recsim_ng.core import check
    from recsim_ng.core.errors import ConfigError
    from recsim_ng.stories import catalogue

    if environment not in _READY:
        raise ConfigError(
            f"environment: must be one of {list(_READY)}, got {environment!r}; its id names it"
        )
    story, settings, defaults = _READY[environment]
    module = catalogue.find(story).load()
    names = {field.name for field in dataclasses.fields(module.Config)}
    options = dict(options)
    most = options.pop("max_episode_steps", None)  # of a vector; gymnasium.make keeps its own
    ours = _arguments()
    unknown = sorted(set(options) - names - ours)
    if unknown:
        raise ConfigError(
            f"recsim_ng/{environment}-v0: options must be settings of the story, {sorted(names)}, "
            f"or of the environment, {sorted(ours)}, got {unknown}"
        )
    missing = [
        field.name
        for field in dataclasses.fields(module.Config)
        if field.default is dataclasses.MISSING and field.name not in options
    ]
    if missing:
        hint = "; `recsim-ng data movielens-100k DIR` makes the folder" * ("ratings" in missing)
        raise ConfigError(
            f"recsim_ng/{environment}-v0: needs the settings {missing}, got none{hint}"
        )
    config = {**settings, **{n: x for n, x in options.items() if n in names}}
    rest = {**defaults, **{n: x for n, x in options.items() if n in ours}}
    if most not in (None, -1):
        check.whole(f"recsim_ng/{environment}-v0", "max_episode_steps", most, 1)
        rest["num_steps"] = min(most, rest["num_steps"] or most)
    return module.story(module.Config(**config)), rest
