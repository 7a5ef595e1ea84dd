"""Linear-Gaussian dynamics that treat all directions alike."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.entities.state_models.gaussian import is_zero
from recsim_ng.entities.state_models.linear import LinearStateModel
from recsim_ng.entities.state_models.state_model import as_float


class ControlledLinearScaledGaussianStateModel(LinearStateModel):
    """A state that moves linearly, by scales instead of matrices.

        state_0     = d z_0
        state_{t+1} = a state_t + b input_t + c z_{t+1},   z standard normal

    with a number each for every element of the batch: the special case of
    `ControlledLinearGaussianStateModel` in which all operators are multiples of the identity.

    Args:
      dim: F, the number of dimensions of state and control.
      transition_scales: a, a scalar or `[B...]`; None, here and in the calls: 1.
      control_scales: b, alike.
      noise_scales: c, alike, not negative; None, here and in the calls, or 0: no noise, the next
        state is deterministic.
      initial_dist_scales: d, alike, not negative; 0: the state begins at zero.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) dim is below 1, only some of the parameters are given (those
        of transition and noise may be missing), one is not finite, a scale is negative, or their
        shapes do not broadcast.
    """

    def __init__(
        self,
        dim: int,
        transition_scales: Any = None,
        control_scales: Any = None,
        noise_scales: Any = None,
        initial_dist_scales: Any = None,
        name: str = "ControlledLinearScaledGaussianStateModel",
    ) -> None:
        check.whole(name, "dim", dim, 1)

        def multiple(scales: Any) -> Any:
            return tf.linalg.LinearOperatorScaledIdentity(dim, as_float(scales))

        static = {
            "transition_scales": transition_scales,
            "control_scales": control_scales,
            "noise_scales": noise_scales,
            "initial_dist_scales": initial_dist_scales,
        }
        super().__init__(
            {
                "transition": ("transition_scales", multiple),
                "control": ("control_scales", multiple),
                "noise": ("noise_scales", multiple),
                "initial": ("initial_dist_scales", multiple),
            },
            static,
            dim=dim,
            optional=("transition_scales", "noise_scales"),
            name=name,
        )

    def _scale(self, part: str, operators: dict[str, Any], parameters: dict[str, Any]) -> Any:
        operator = super()._scale(part, operators, parameters)
        return None if operator is None or is_zero(parameters[self._parts[part][0]]) else operator

    def _check_parameter(self, name: str, x: Any) -> None:
        is_deviation = name in ("noise_scales", "initial_dist_scales")
        require.numbers(self.name, name, x, least=0.0 if is_deviation else -math.inf)
