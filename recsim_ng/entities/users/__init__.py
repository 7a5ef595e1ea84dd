"""Concrete populations of users."""

from recsim_ng.entities.users.clustered_normal import (
    ClusteredNormalUser,
    ClusteredNormalUserCoreDispersion,
)
from recsim_ng.entities.users.concept_activation_vector import ConceptActivationVectorUser
from recsim_ng.entities.users.genre_taste import GenreTasteUser
from recsim_ng.entities.users.interest_evolution import InterestEvolutionUser
from recsim_ng.entities.users.long_term_satisfaction import LongTermSatisfactionUser
from recsim_ng.entities.users.model_learning import ModelLearningDemoUser
from recsim_ng.entities.users.social import SocialUser

__all__ = [
    "ClusteredNormalUser",
    "ClusteredNormalUserCoreDispersion",
    "ConceptActivationVectorUser",
    "GenreTasteUser",
    "InterestEvolutionUser",
    "LongTermSatisfactionUser",
    "ModelLearningDemoUser",
    "SocialUser",
]
