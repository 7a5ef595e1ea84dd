"""What it comes to: how far a fitted story is to be trusted."""

from recsim_ng.report.card import ReportCard, report_card
from recsim_ng.report.policy import PolicyAgreement, PolicyLog, policy_agreement
from recsim_ng.report.prediction import Prediction, predict
from recsim_ng.report.simulation import simulate

__all__ = [
    "PolicyAgreement",
    "PolicyLog",
    "Prediction",
    "ReportCard",
    "policy_agreement",
    "predict",
    "report_card",
    "simulate",
]
