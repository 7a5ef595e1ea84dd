"""How users choose."""

from recsim_ng.entities.choice_models.affinities import TargetPointSimilarity
from recsim_ng.entities.choice_models.choice_model import ChoiceModel
from recsim_ng.entities.choice_models.chosen import get_chosen
from recsim_ng.entities.choice_models.iterated_multinomial_logit import (
    IteratedMultinomialLogitChoiceModel,
)
from recsim_ng.entities.choice_models.multinomial_logit import MultinomialLogitChoiceModel

__all__ = [
    "ChoiceModel",
    "IteratedMultinomialLogitChoiceModel",
    "MultinomialLogitChoiceModel",
    "TargetPointSimilarity",
    "get_chosen",
]
