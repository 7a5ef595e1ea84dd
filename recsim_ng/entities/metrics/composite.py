"""Several metrics as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import RecsMetricsBase


class CompositeMetrics(RecsMetricsBase):
    """Several metrics side by side: the field x of the member called m is `m.x`.

    The fields of a member called "" keep their names.

    Args:
      config: handed on to every member.
      members: name -> constructor of metrics, config -> metrics.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there are no members, one is no metrics, or two fields have
        one name.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        members: Mapping[str, Callable[[Mapping[str, Any]], RecsMetricsBase]],
        name: str = "CompositeMetrics",
    ) -> None:
        super().__init__(config, name)
        if not isinstance(members, Mapping) or not all(isinstance(m, str) for m in members):
            raise ConfigError(
                f"{name}: members must be constructors by name, such as {{'reward': "
                f"RewardMetrics}}, got {members!r}"
            )
        if not members:
            raise ConfigError(f"{name}: members must name at least one metrics, got none")
        self._members = {}
        for prefix, ctor in members.items():
            check.function(name, f"members[{prefix!r}]", ctor)
            member = self._members[prefix] = ctor(config)
            check.instance(name, f"what members[{prefix!r}] makes", member, RecsMetricsBase)
        self._fields = {p: tuple(m.specs().get("state")) for p, m in self._members.items()}
        top = self._fields.get("", ())
        clash = sorted({field.split(".")[0] for field in top} & set(self._members))
        if clash:
            raise ConfigError(
                f"{name}: the fields of the member '' must not bear other members' names, got "
                f"{clash}; give it a name"
            )

    def initial_metrics(self) -> Value:
        """Returns the members' first metrics."""
        return self._joined({p: m.initial_metrics() for p, m in self._members.items()})

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the members' next metrics."""
        happened = (corpus_state, user_state, user_response, slate_docs)
        following = {}
        for prefix, member in self._members.items():
            if prefix:
                previous = previous_metrics.get(prefix)
            else:
                previous = previous_metrics.at(*self._fields[prefix])
            following[prefix] = member.next_metrics(previous, *happened)
        return self._joined(following)

    def specs(self) -> ValueSpec:
        """Returns the members' specs."""
        found = {p: m.specs().get("state") for p, m in self._members.items()}
        return ValueSpec(state=self._joined(found))

    def _joined(self, values: Mapping[str, Value]) -> Value:
        joined = Value()
        for prefix, value in values.items():
            joined = joined.union(value.prefixed_with(prefix) if prefix else value)
        return joined
