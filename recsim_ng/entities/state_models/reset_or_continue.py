"""A state that a condition draws anew."""

from __future__ import annotations

from typing import Any

from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel, require_model
from recsim_ng.entities.state_models.switching import SwitchingDynamicsStateModel


class ResetOrContinueStateModel(SwitchingDynamicsStateModel):
    """A state that begins anew where the condition is true, and goes on elsewhere.

        r ~ state_model.initial_state(),   f ~ state_model.next_state(state_t)
        state_{t+1} = r where condition_t, else f

    Fields and condition are those of `SwitchingDynamicsStateModel`, whose true branch is the draw
    anew. Parameters of the model bear their own names, or a branch's prefix to be those of that
    branch alone.

    Args:
      state_model: how the state begins and moves on.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) state_model is none.
    """

    _of_one_model = True

    def __init__(self, state_model: StateModel, name: str = "ResetOrContinueStateModel") -> None:
        require_model(name, "state_model", state_model)
        anew: Any = _DrawnAnew(state_model)
        super().__init__(anew, state_model, name=name)

    def _specs_of_branches(self) -> list[Value]:
        return [self._fbranch.specs()] * 2


class _DrawnAnew:
    """A branch whose every state is a first state; no entity, so that no story counts it."""

    def __init__(self, state_model: StateModel) -> None:
        self._state_model = state_model

    def initial_state(self, parameters: Value | None = None) -> Value:
        return self._state_model.initial_state(parameters)

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        del old_state, inputs
        return self._state_model.initial_state(parameters)
