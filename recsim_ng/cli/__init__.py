"""The command `recsim-ng`."""

from recsim_ng.cli.command import main

__all__ = ["main"]
