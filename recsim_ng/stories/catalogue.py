"""The ready stories, by name; free of TensorFlow, so that the command can list them at once."""

from __future__ import annotations

import dataclasses
import importlib
from types import ModuleType

from recsim_ng.core.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Entry:
    """A ready story.

    Attributes:
      name: for the command.
      module: which has `Config`, `story(config)` and `STUDY`.
      summary: one line.
    """

    name: str
    module: str
    summary: str

    def load(self) -> ModuleType:
        """Imports the story's module."""
        return importlib.import_module(self.module)


STORIES = (
    Entry(
        "ecosystem",
        "recsim_ng.stories.ecosystem",
        "Does promoting small content providers make users better off?",
    ),
    Entry(
        "movielens",
        "recsim_ng.stories.movielens",
        "Recommenders compete for the real people of MovieLens 100K.",
    ),
    Entry(
        "latent_satisfaction",
        "recsim_ng.stories.latent_satisfaction",
        "Satisfaction that nobody sees, and how much it carries over.",
    ),
    Entry(
        "interest_evolution",
        "recsim_ng.stories.interest_evolution",
        "Junk engages now and draws interests away from what is good.",
    ),
    Entry(
        "long_term_satisfaction",
        "recsim_ng.stories.long_term_satisfaction",
        "Chocolate engages now and spoils the appetite; the optimum is known.",
    ),
    Entry(
        "soft_attributes",
        "recsim_ng.stories.soft_attributes",
        "Ratings and tags like a MovieLens, with a known truth.",
    ),
    Entry(
        "social",
        "recsim_ng.stories.social",
        "Interests spread among friends.",
    ),
    Entry(
        "bandits",
        "recsim_ng.stories.bandits",
        "Bandit algorithms and their regret on known problems.",
    ),
)


def find(name: str) -> Entry:
    """Returns the story of that name.

    Args:
      name: as in `STORIES`.

    Raises:
      ConfigError: (also a ValueError) there is none.
    """
    for entry in STORIES:
        if entry.name == name:
            return entry
    raise ConfigError(f"story: must be one of {[e.name for e in STORIES]}, got {name!r}")
