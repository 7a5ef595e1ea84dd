"""What follows a choice, and what is left of it."""

from recsim_ng.entities.response_models.boredom import Boredom
from recsim_ng.entities.response_models.delayed_feedback import DelayedFeedback
from recsim_ng.entities.response_models.multi_behaviour import MultiBehaviourResponse
from recsim_ng.entities.response_models.occasional import Occasional
from recsim_ng.entities.response_models.rating import GaussianRating, RoundedRating
from recsim_ng.entities.response_models.repetition import RepetitionPenalty
from recsim_ng.entities.response_models.response_model import ResponseModel
from recsim_ng.entities.response_models.satiation import Satiation
from recsim_ng.entities.response_models.session import SessionModel
from recsim_ng.entities.response_models.waiting_time import WaitingTime

__all__ = [
    "Boredom",
    "DelayedFeedback",
    "GaussianRating",
    "MultiBehaviourResponse",
    "Occasional",
    "RepetitionPenalty",
    "ResponseModel",
    "RoundedRating",
    "Satiation",
    "SessionModel",
    "WaitingTime",
]
