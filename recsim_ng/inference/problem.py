"""Problems: the target that a method of inference is set, out of a story and logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.beginning import require_whole_beginning
from recsim_ng.inference.marginal import Marginal
from recsim_ng.inference.marginal_chain import MarginalChain
from recsim_ng.inference.replay import joined
from recsim_ng.inference.summed_out import SummedOut
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import is_informed


def set_problem(
    story: Network | Sequence[Variable],
    logs: Trajectory | Mapping[str, Value],
    names: Sequence[str] | None,
    *,
    is_continuous: bool,
    is_trained: bool = False,
) -> Target:
    """Returns a target that has unknowns; discrete ones of few values are summed out if need be.

    Args:
      story: as for `fit`.
      logs: as for `fit`.
      names: as for `Target`.
      is_continuous: whether the method infers what is continuous alone.
      is_trained: whether the method finds the story's own variables too.

    Raises:
      DataError: (also a ValueError) as for `Target`; the logs, a mapping, name what is no variable;
        nothing is unknown; or nothing continuous is, or what is discrete cannot be summed out, and
        must be.
    """
    target = Target(story, logs, names)
    _require_known(target.network, logs)
    if not target.unknowns:
        also = ", or have a trainable parameter that the logs tell of" if is_trained else ""
        raise DataError(
            f"fit: the story must draw something that the logs do not hold{also}, got logs of all"
            f"{' and no trainable parameter' if is_trained else ''}; leave out what is to be "
            "inferred"
        )
    if not is_informed(target.network, target.given):
        raise DataError(
            "fit: the logs must hold something that the story draws, got "
            f"{_fields(target)}, of which it draws nothing; put in what was observed"
        )
    require_whole_beginning(target)
    discrete = [u for u in target.unknowns if u.bijector is None]
    if not discrete or not is_continuous:
        return target
    if len(discrete) == len(target.unknowns):
        raise DataError(
            f"fit: what is inferred must be continuous, got {[u.name for u in discrete]}; use "
            "method='gibbs' or 'smc'"
        )
    return MarginalChain(target) if discrete[0].is_path else Marginal(target)


def _require_known(network: Network, logs: Trajectory | Mapping[str, Value]) -> None:
    """Requires a mapping's names to be variables; a Trajectory may be a richer story's."""
    known = [v.name for v in network.variables]
    unknown = [] if isinstance(logs, Trajectory) else sorted({*map(str, logs)} - {*known})
    if unknown:
        raise DataError(
            f"fit: the logs must hold variables of the story, {known}, got {unknown} too; mend the "
            "name, or leave it out"
        )


def _fields(target: Target) -> list[str]:
    given = joined(target.given.moving, target.given.static)
    return sorted(f"{name}.{field}" for name, value in given.items() for field in value.as_dict)


def check_story(where: str, story: Any) -> None:
    """Requires a story.

    Args:
      where: the function that takes it.
      story: a Network, or its variables.

    Raises:
      ConfigError: (also a ValueError) it is none, or has no variables.
    """
    is_empty = isinstance(story, Sized) and not len(story)
    if not isinstance(story, Network | Iterable) or is_empty:
        raise ConfigError(f"{where}: story must be a Network or its variables, got {story!r}")


def require_all_drawn(target: Target, what: str) -> None:
    """Requires that nothing was summed out.

    Args:
      target: that was fitted.
      what: needs all unknowns.

    Raises:
      ConfigError: (also a ValueError) something was.
    """
    if isinstance(target, SummedOut):
        raise ConfigError(
            f"fit: {what} needs draws of all unknowns, got {[u.name for u in target.discrete]} "
            "summed out; leave it away, or use method='smc'"
        )
