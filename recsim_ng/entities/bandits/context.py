"""BanditContext: the role of what is seen before an arm is chosen, and of what moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.role import BanditRole


class BanditContext(BanditRole):
    """The context of bandits: it alone has a past, so what changes over time lives here.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BanditContext") -> None:
        super().__init__(config, name)

    def initial_state(self, parameters: Value) -> Value:
        """Returns the context at step 0.

        Args:
          parameters: of the bandits.
        """
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(self, previous_state: Value, parameters: Value) -> Value:
        """Returns the context at t, out of that at t - 1.

        Args:
          previous_state: the context at t - 1.
          parameters: of the bandits.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def specs(self) -> Value:
        """Returns the specs of the context."""
        raise NotImplementedError(self._undefined("specs"))


class NoContext(BanditContext):
    """No context: all steps are alike.

    Args:
      config: settings by name; reads none.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "NoContext") -> None:
        super().__init__(config, name)

    def initial_state(self, parameters: Value) -> Value:
        """Returns a Value without fields."""
        del parameters
        return Value()

    def next_state(self, previous_state: Value, parameters: Value) -> Value:
        """Returns a Value without fields."""
        del previous_state, parameters
        return Value()

    def specs(self) -> Value:
        """Returns a spec without fields."""
        return ValueSpec()
