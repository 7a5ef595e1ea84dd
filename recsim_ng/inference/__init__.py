"""What can be learnt: how likely trajectories are."""

from recsim_ng.inference.score import Score, Scorer

__all__ = ["Score", "Scorer"]
