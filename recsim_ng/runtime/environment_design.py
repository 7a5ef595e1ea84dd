"""What an environment is, whatever runs it: its world, actions, observations and rewards."""

from __future__ import annotations

import dataclasses
import functools
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import Network
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import runtime
from recsim_ng.runtime.environment_action import Action, FieldAction
from recsim_ng.runtime.environment_field import SeenField, at_least_vector, fields_named, sight_of
from recsim_ng.runtime.environment_program import Program
from recsim_ng.runtime.environment_rule import Rule, rule_of
from recsim_ng.runtime.environment_slate import KINDS, ActionKind, slate_action
from recsim_ng.runtime.environment_step import Shown, StepFunctions
from recsim_ng.runtime.environment_world import World

AGENTS = {"recommender": "slate docs", "algorithm": "algorithm choice.arm"}
_METRICS = "metrics state"
DOCS = "available docs"
MASK = "is_candidate"
_FEATURES = "doc_features"

Names = str | Sequence[str]


@dataclasses.dataclass(frozen=True)
class Design:
    """An environment, ready to be run.

    Attributes:
      world: the story, opened at the agent.
      functions: its first moment and its step.
      action: what its agent does.
      observation: the fields that the agent sees.
      is_plain: whether the observation is one array instead of a dictionary.
      info: further fields that are shown.
      drawn: those that pictures show.
      num_steps: T, after which an episode is truncated; None: never.
    """

    world: World
    functions: StepFunctions
    action: Any
    observation: tuple[SeenField, ...]
    is_plain: bool
    info: tuple[SeenField, ...]
    drawn: tuple[SeenField, ...]
    num_steps: int | None

    @functools.cached_property
    def program(self) -> Program:
        """The step of one world, compiled; environments of one design share it."""
        return Program(self.functions, (self.action,), self.functions.fields)

    @functools.cached_property
    def compiled(self) -> dict[int, dict[str, Callable[..., Any]]]:
        """Number of worlds -> what `Worlds` of so many have compiled; they share it."""
        return {}

    @property
    def observation_space(self) -> gymnasium.spaces.Space:
        """The space of observations: one box, or a dictionary of them."""
        if self.is_plain:
            return self.observation[0].space
        return gymnasium.spaces.Dict({f.key: f.space for f in self.observation})


def design(
    story: Network | Sequence[Variable],
    agent: str = "recommender",
    *,
    observation: Names | None = None,
    reward: Rule | None = None,
    terminated: Rule | None = None,
    num_steps: int | None = None,
    action: ActionKind = "slate",
    docs: str | None = DOCS,
    repeats: bool = False,
    features: str = _FEATURES,
    mask: str = MASK,
    action_range: tuple[float, float] = (-1.0, 1.0),
    info: Names | None = None,
    render: bool = False,
) -> Design:
    """Designs an environment of a story; the arguments are those of `make_env`.

    Args:
      story: a network or its variables.
      agent: who acts.
      observation: what the agent sees.
      reward: what it is after.
      terminated: when an episode ends.
      num_steps: T.
      action: what an action is.
      docs: the variable that slates are made of.
      repeats: whether a slate may show a document twice.
      features: the documents' field that a proto-item is compared with.
      mask: the documents' field that says who may be shown what.
      action_range: the least and the greatest number of continuous actions.
      info: further fields.
      render: whether what is drawn is to be shown too.

    Raises:
      ConfigError: (also a ValueError) an argument does not fit the story.
    """
    network = runtime.as_network(story)
    names = [v.name for v in network.variables]
    target, field = target_of(network, agent)
    if num_steps is not None:
        check.whole("make_env", "num_steps", num_steps, 1)
    require_range("make_env", action_range)
    for name, x in (("action", action), ("docs", docs), ("mask", mask), ("features", features)):
        if not isinstance(x, str) and (x is not None or name != "docs"):
            raise ConfigError(f"{name}: must be a name, got {x!r:.60}")
    if action not in KINDS:
        raise ConfigError(f"action: must be one of {list(KINDS)}, got {action!r}")
    if docs is not None and docs not in names and docs != DOCS:
        raise ConfigError(f"docs: must be one of the variables {names}, got {docs!r}")
    is_slates = docs in names and docs != target and not field
    check.flag("make_env", "repeats", repeats)
    if is_slates:
        require_mask(network, str(docs), mask)
    else:
        given = {"action": action, "repeats": repeats, "features": features, "mask": mask}
        usual = {"action": "slate", "repeats": False, "features": _FEATURES, "mask": MASK}
        odd = [name for name in given if given[name] != usual[name]]
        if odd:
            raise ConfigError(
                f"{odd[0]}: is for slates of documents, got {given[odd[0]]!r} for the agent "
                f"{agent!r}, who gives a field's own values; leave it out"
            )
    holder: list[Action] = []
    world = World(network, {target: lambda a, current: holder[0].pin(a, current)})
    if is_slates:
        made: Action = slate_action(
            world,
            target,
            action,
            docs=str(docs),
            repeats=repeats,
            features=features,
            mask=mask,
            action_range=action_range,
        )
    else:
        made = FieldAction(world, target, field or None, action_range)
    holder.append(made)
    seen, is_plain = observed_by(world, target, observation)
    shown_info = list(fields_named(world, _names(info), None, "info"))
    if info is None and _METRICS in names:
        shown_info = fields_named(world, [_METRICS])
    if made.mask is not None:
        shown_info.append(made.mask)
    drawn = fields_named(world, _drawn(network, target)) if render else []
    by_place = {f.place: f for f in seen}
    further = {f.place: by_place.get(f.place, f) for f in shown_info}
    unseen = {f.place: f for f in (*drawn, *further.values()) if f.place not in by_place}
    shown = Shown(
        observation=tuple(seen),
        rewards={"reward": rule_of(world, reward, "reward", tf.float32)},
        terminated=None
        if terminated is None
        else rule_of(world, terminated, "terminated", tf.bool),
        info=tuple(unseen.values()),
    )
    functions = StepFunctions(world, [made], shown)
    return Design(
        world,
        functions,
        made,
        tuple(seen),
        is_plain,
        tuple(further.values()),
        tuple(drawn),
        num_steps,
    )


def target_of(network: Network, agent: Any) -> tuple[str, str]:
    """Returns the variable that an agent acts on, and the field, "" for all of it.

    Args:
      network: the story.
      agent: a role, a variable or a field.

    Raises:
      ConfigError: (also a ValueError) it is none of these.
    """
    names = [v.name for v in network.variables]
    variable = AGENTS.get(agent, agent) if isinstance(agent, str) else str(agent)
    target, _, field = (variable, "", "") if variable in names else variable.partition(".")
    if target not in names:
        known = [name for name, v in AGENTS.items() if v.partition(".")[0] in names]
        raise ConfigError(
            f"agent: must be one of {known}, or a variable or field of the story, {names}, got "
            f"{agent!r}"
        )
    spec = next(v.spec for v in network.variables if v.name == target)
    if field and field not in spec.as_dict:
        raise ConfigError(
            f"agent: '{target}' must have the field that is acted on, got {agent!r}; it has "
            f"{list(spec)}"
        )
    return target, field


def require_mask(network: Network, docs: str, mask: str) -> None:
    """Requires that documents have a mask, if one is named.

    Args:
      network: the story.
      docs: the variable that holds documents.
      mask: its field of who may be shown what.

    Raises:
      ConfigError: (also a ValueError) there is no such field.
    """
    fields = list(next(v.spec for v in network.variables if v.name == docs).as_dict)
    if mask not in fields and mask != MASK:
        raise ConfigError(f"mask: must be a field of '{docs}', {fields}, got {mask!r}")


def require_range(where: str, action_range: Any) -> None:
    """Requires bounds of numbers.

    Args:
      where: for errors.
      action_range: the least and the greatest.

    Raises:
      ConfigError: (also a ValueError) they are none.
    """
    try:
        low, high = (np.float32(x) if isinstance(x, numbers.Real) else np.nan for x in action_range)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not -np.inf < low < high < np.inf:
        raise ConfigError(
            f"{where}: action_range must be two finite float32 numbers, the least first, got "
            f"{action_range!r}"
        )


def _drawn(network: Network, target: str) -> list[str]:
    """The variables that pictures show: the action's, and what users are and do."""
    names = [v.name for v in network.variables]
    usual = [n for n in names if n in (target, "user state", "user response")]
    if set(usual) - {target}:
        return usual
    return [
        v.name
        for v in network.variables
        if v.name == target
        or any((spec.dims or ("",))[0] in ("user", "bandit") for spec in v.spec.as_dict.values())
    ]


def _names(names: Names | None) -> list[str]:
    if names is None:
        return []
    found = [names] if isinstance(names, str) else names
    if not isinstance(found, Sequence) or not all(isinstance(name, str) for name in found):
        raise ConfigError(
            f"make_env: observation and info must be names of variables and fields, got {names!r}"
        )
    return list(found)


def observed_by(world: World, target: str, names: Names | None) -> tuple[list[SeenField], bool]:
    """Returns the fields that an agent sees, and whether it sees one plain array.

    Args:
      world: the story.
      target: the variable that it acts on.
      names: of variables and fields; None: what the variable's behaviour reads.

    Raises:
      ConfigError: (also a ValueError) a name is unknown or latent, or there is nothing to see.
    """
    sight = sight_of(world, target)
    if names is None:
        found = [f for f in fields_named(world, sight.visible, sight) if _can_vary(f.space)]
    else:
        found = fields_named(world, _names(names), sight)
    if not found:
        raise ConfigError(
            "observation: the agent must see something, got nothing; name fields of "
            f"{list(world.shapes)}"
        )
    is_plain = isinstance(names, str) and len(found) == 1 and "." in names
    return [at_least_vector(f) for f in found], is_plain


def _can_vary(space: gymnasium.spaces.Space) -> bool:
    """Whether there is anything to see: the number of a lone user is always 0."""
    return not isinstance(space, gymnasium.spaces.Box) or bool(np.any(space.low < space.high))
