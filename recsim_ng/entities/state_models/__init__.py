"""How hidden states begin and move on."""

from recsim_ng.entities.state_models.finite_history import FiniteHistoryStateModel
from recsim_ng.entities.state_models.gmm_vector import GMMVector
from recsim_ng.entities.state_models.linear_gaussian import (
    ControlledLinearGaussianStateModel,
    LinearGaussianStateModel,
)
from recsim_ng.entities.state_models.linear_scaled_gaussian import (
    ControlledLinearScaledGaussianStateModel,
)
from recsim_ng.entities.state_models.markov import FiniteStateMarkovModel
from recsim_ng.entities.state_models.noop_or_continue import NoOPOrContinueStateModel
from recsim_ng.entities.state_models.reset_or_continue import ResetOrContinueStateModel
from recsim_ng.entities.state_models.rnn_cell import RNNCellStateModel
from recsim_ng.entities.state_models.state_model import StateModel
from recsim_ng.entities.state_models.static import StaticMixtureSameFamilyModel, StaticStateModel
from recsim_ng.entities.state_models.static_tensor import HierarchicalStaticTensor, StaticTensor
from recsim_ng.entities.state_models.switching import SwitchingDynamicsStateModel

__all__ = [
    "ControlledLinearGaussianStateModel",
    "ControlledLinearScaledGaussianStateModel",
    "FiniteHistoryStateModel",
    "FiniteStateMarkovModel",
    "GMMVector",
    "HierarchicalStaticTensor",
    "LinearGaussianStateModel",
    "NoOPOrContinueStateModel",
    "RNNCellStateModel",
    "ResetOrContinueStateModel",
    "StateModel",
    "StaticMixtureSameFamilyModel",
    "StaticStateModel",
    "StaticTensor",
    "SwitchingDynamicsStateModel",
]
