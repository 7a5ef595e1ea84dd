"""Problems: the target that a method of inference is set, out of a story and logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.beginning import require_whole_beginning
from recsim_ng.inference.marginal import Marginal
from recsim_ng.inference.marginal_chain import MarginalChain
from recsim_ng.inference.summed_out import SummedOut
from recsim_ng.inference.target import Target


def set_problem(
    story: Network | Sequence[Variable],
    logs: Trajectory | Mapping[str, Value],
    names: Sequence[str] | None,
    *,
    is_continuous: bool,
) -> Target:
    """Returns a target that has unknowns; discrete ones of few values are summed out if need be.

    Args:
      story: as for `fit`.
      logs: as for `fit`.
      names: as for `Target`.
      is_continuous: whether the method infers what is continuous alone.

    Raises:
      DataError: (also a ValueError) as for `Target`; nothing is unknown; or nothing continuous is,
        or what is discrete cannot be summed out, and must be.
    """
    target = Target(story, logs, names)
    if not target.unknowns:
        raise DataError(
            "fit: the story must draw something that the logs do not hold, got logs of all; leave "
            "out what is to be inferred"
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
