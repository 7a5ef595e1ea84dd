"""Concrete populations of users."""

from recsim_ng.entities.users.clustered_normal import (
    ClusteredNormalUser,
    ClusteredNormalUserCoreDispersion,
)

__all__ = ["ClusteredNormalUser", "ClusteredNormalUserCoreDispersion"]
