"""Content providers: how they live, move, leave and come."""

from recsim_ng.entities.providers.creation_rate import CreationRate
from recsim_ng.entities.providers.demand import DemandDrift
from recsim_ng.entities.providers.entry_exit import EntryExit
from recsim_ng.entities.providers.population import ProviderPopulation
from recsim_ng.entities.providers.viability import Viability

__all__ = ["CreationRate", "DemandDrift", "EntryExit", "ProviderPopulation", "Viability"]
