"""Concrete corpora."""

from recsim_ng.entities.corpora.viable import ViableCorpus

__all__ = ["ViableCorpus"]
