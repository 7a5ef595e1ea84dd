"""Concrete populations of users."""

from recsim_ng.entities.users.clustered_normal import (
    ClusteredNormalUser,
    ClusteredNormalUserCoreDispersion,
)
from recsim_ng.entities.users.genre_taste import GenreTasteUser

__all__ = ["ClusteredNormalUser", "ClusteredNormalUserCoreDispersion", "GenreTasteUser"]
