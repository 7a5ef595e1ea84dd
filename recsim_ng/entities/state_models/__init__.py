"""How hidden states begin and move on."""

from recsim_ng.entities.state_models.gmm_vector import GMMVector
from recsim_ng.entities.state_models.state_model import StateModel
from recsim_ng.entities.state_models.static import StaticMixtureSameFamilyModel, StaticStateModel
from recsim_ng.entities.state_models.static_tensor import HierarchicalStaticTensor, StaticTensor

__all__ = [
    "GMMVector",
    "HierarchicalStaticTensor",
    "StateModel",
    "StaticMixtureSameFamilyModel",
    "StaticStateModel",
    "StaticTensor",
]
