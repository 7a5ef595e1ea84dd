"""A state that a condition keeps."""

from __future__ import annotations

from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel, require_model
from recsim_ng.entities.state_models.static import StaticStateModel
from recsim_ng.entities.state_models.switching import SwitchingDynamicsStateModel, own_fields


class NoOPOrContinueStateModel(SwitchingDynamicsStateModel):
    """A state that stays where the condition is true, and moves on elsewhere.

        f ~ state_model.next_state(state_t)
        state_{t+1} = state_t where condition_t, else f

    Fields and condition are those of `SwitchingDynamicsStateModel`, whose true branch keeps the
    state. The first state's fields are as the model draws them, random ones random; the fields of
    each branch are then a draw of their own. Later the merged fields are deterministic. Parameters
    of the model bear their own names, or the prefix `fbranch.`.

    Args:
      state_model: how the state begins and moves on.
      batch_ndims: number of leading axes of the state that are a batch.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) state_model is none, or batch_ndims no whole number of at
        least 0.
    """

    _of_one_model = True

    def __init__(
        self, state_model: StateModel, batch_ndims: int, name: str = "NoOPOrContinueStateModel"
    ) -> None:
        require_model(name, "state_model", state_model)
        super().__init__(StaticStateModel(batch_ndims), state_model, name=name)

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Draws the first state, and that of each branch.

        Args:
          parameters: of the model.

        Returns:
          A Value with the model's fields, and the branches'.

        Raises:
          ParameterError: (also a RuntimeError) a parameter is given neither here nor to the model.
        """
        given = self._of(parameters, "fbranch")
        state, kept, moved = (self._fbranch.initial_state(given) for _ in range(3))
        value = own_fields(state).union(own_fields(kept).prefixed_with("tbranch"))
        return value.union(moved.prefixed_with("fbranch"))
