"""Concrete corpora."""

from recsim_ng.entities.corpora.candidate import CandidateCorpus
from recsim_ng.entities.corpora.film import FilmCorpus
from recsim_ng.entities.corpora.gaussian import GaussianCorpus
from recsim_ng.entities.corpora.kale import KaleCorpus
from recsim_ng.entities.corpora.popularity_drift import PopularityDriftCorpus
from recsim_ng.entities.corpora.provider import ProviderCorpus
from recsim_ng.entities.corpora.renewing import RenewingCorpus
from recsim_ng.entities.corpora.soft_attribute import SoftAttributeCorpus
from recsim_ng.entities.corpora.topic_quality import CorpusWithTopicAndQuality, StaticCorpus
from recsim_ng.entities.corpora.turnover import Turnover
from recsim_ng.entities.corpora.viable import ViableCorpus
from recsim_ng.entities.corpora.wrapped import WrappedCorpus

__all__ = [
    "CandidateCorpus",
    "CorpusWithTopicAndQuality",
    "FilmCorpus",
    "GaussianCorpus",
    "KaleCorpus",
    "PopularityDriftCorpus",
    "ProviderCorpus",
    "RenewingCorpus",
    "SoftAttributeCorpus",
    "StaticCorpus",
    "Turnover",
    "ViableCorpus",
    "WrappedCorpus",
]
