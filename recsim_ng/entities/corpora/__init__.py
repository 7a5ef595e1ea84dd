"""Concrete corpora."""

from recsim_ng.entities.corpora.film import FilmCorpus
from recsim_ng.entities.corpora.viable import ViableCorpus

__all__ = ["FilmCorpus", "ViableCorpus"]
