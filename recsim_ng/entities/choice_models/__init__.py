"""How users choose."""

from recsim_ng.entities.choice_models.affinities import TargetPointSimilarity
from recsim_ng.entities.choice_models.choice_model import ChoiceModel
from recsim_ng.entities.choice_models.chosen import get_chosen
from recsim_ng.entities.choice_models.multinomial_logit import MultinomialLogitChoiceModel

__all__ = ["ChoiceModel", "MultinomialLogitChoiceModel", "TargetPointSimilarity", "get_chosen"]
