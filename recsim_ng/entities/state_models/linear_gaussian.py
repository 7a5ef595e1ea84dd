"""Linear-Gaussian dynamics, with and without control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recsim_ng.entities.state_models.linear import LinearStateModel, Parts


def _parts(**constructors: tuple[str, Callable[[Any], Any] | None]) -> Parts:
    return {part: (name, ctor) for part, (name, ctor) in constructors.items() if ctor is not None}


class ControlledLinearGaussianStateModel(LinearStateModel):
    """A state that moves linearly, pushed by a control and by Gaussian noise.

        state_0     = D z_0
        state_{t+1} = A state_t + B input_t + C z_{t+1},   z standard normal

    The constructors make A, B, C and D, `tf.linalg.LinearOperator`s, of the parameters. So C C' is
    the covariance of the noise. Their batch axes `[B...]`, which broadcast, are the state's.

    Args:
      transition_op_ctor: transition_parameters -> A, F x F.
      control_op_ctor: control_parameters -> B, F x G.
      transition_noise_scale_ctor: transition_noise_scale -> C, F x F; None: no noise, the next
        state is deterministic.
      initial_dist_scale_ctor: initial_dist_scale -> D, F x F; None: the state begins at zero.
      initial_dist_scale: parameter of D.
      transition_parameters: parameter of A.
      transition_noise_scale: parameter of C.
      control_parameters: parameter of B.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) only some of the parameters are given, one that has no
        constructor is, one is not finite, or the operators do not fit together.
    """

    def __init__(
        self,
        transition_op_ctor: Callable[[Any], Any],
        control_op_ctor: Callable[[Any], Any],
        transition_noise_scale_ctor: Callable[[Any], Any] | None = None,
        initial_dist_scale_ctor: Callable[[Any], Any] | None = None,
        initial_dist_scale: Any = None,
        transition_parameters: Any = None,
        transition_noise_scale: Any = None,
        control_parameters: Any = None,
        name: str = "ControlledLinearGaussianStateModel",
    ) -> None:
        super().__init__(
            _parts(
                transition=("transition_parameters", transition_op_ctor),
                control=("control_parameters", control_op_ctor),
                noise=("transition_noise_scale", transition_noise_scale_ctor),
                initial=("initial_dist_scale", initial_dist_scale_ctor),
            ),
            {
                "transition_parameters": transition_parameters,
                "control_parameters": control_parameters,
                "transition_noise_scale": transition_noise_scale,
                "initial_dist_scale": initial_dist_scale,
            },
            name=name,
        )


class LinearGaussianStateModel(LinearStateModel):
    """A state that moves linearly, pushed by Gaussian noise: no control.

        state_0     = D z_0
        state_{t+1} = A state_t + C z_{t+1},   z standard normal

    Args:
      transition_op_ctor: transition_parameters -> A, F x F, a `tf.linalg.LinearOperator`.
      initial_dist_scale_ctor: initial_dist_scale -> D, F x F; None: the state begins at zero.
      transition_noise_scale_ctor: transition_noise_scale -> C, F x F; None: no noise, the next
        state is deterministic.
      initial_dist_scale: parameter of D.
      transition_parameters: parameter of A.
      transition_noise_scale: parameter of C.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `ControlledLinearGaussianStateModel`.
    """

    def __init__(
        self,
        transition_op_ctor: Callable[[Any], Any],
        initial_dist_scale_ctor: Callable[[Any], Any],
        transition_noise_scale_ctor: Callable[[Any], Any] | None = None,
        initial_dist_scale: Any = None,
        transition_parameters: Any = None,
        transition_noise_scale: Any = None,
        name: str = "LinearGaussianStateModel",
    ) -> None:
        super().__init__(
            _parts(
                transition=("transition_parameters", transition_op_ctor),
                noise=("transition_noise_scale", transition_noise_scale_ctor),
                initial=("initial_dist_scale", initial_dist_scale_ctor),
            ),
            {
                "transition_parameters": transition_parameters,
                "transition_noise_scale": transition_noise_scale,
                "initial_dist_scale": initial_dist_scale,
            },
            name=name,
        )
