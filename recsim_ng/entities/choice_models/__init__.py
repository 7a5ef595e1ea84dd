"""How users choose."""

from recsim_ng.entities.choice_models.affinities import TargetPointSimilarity
from recsim_ng.entities.choice_models.attraction import (
    Attraction,
    ExponentialAttraction,
    LogitAttraction,
    ProportionalAttraction,
)
from recsim_ng.entities.choice_models.cascade import CascadeChoiceModel
from recsim_ng.entities.choice_models.choice_model import ChoiceModel
from recsim_ng.entities.choice_models.chosen import get_chosen
from recsim_ng.entities.choice_models.examination import (
    Examination,
    GeometricExamination,
    LogDiscountExamination,
    TableExamination,
)
from recsim_ng.entities.choice_models.iterated_multinomial_logit import (
    IteratedMultinomialLogitChoiceModel,
)
from recsim_ng.entities.choice_models.multinomial_logit import MultinomialLogitChoiceModel
from recsim_ng.entities.choice_models.nested_logit import NestedLogitChoiceModel
from recsim_ng.entities.choice_models.position_based import PositionBasedChoiceModel
from recsim_ng.entities.choice_models.proportional import ProportionalChoiceModel

__all__ = [
    "Attraction",
    "CascadeChoiceModel",
    "ChoiceModel",
    "Examination",
    "ExponentialAttraction",
    "GeometricExamination",
    "IteratedMultinomialLogitChoiceModel",
    "LogDiscountExamination",
    "LogitAttraction",
    "MultinomialLogitChoiceModel",
    "NestedLogitChoiceModel",
    "PositionBasedChoiceModel",
    "ProportionalAttraction",
    "ProportionalChoiceModel",
    "TableExamination",
    "TargetPointSimilarity",
    "get_chosen",
]
