"""How it looks: networks, trajectories, experiments, calibrations.

Nothing here touches pyplot or rcParams.
"""

from recsim_ng.plot.episode import draw_episode
from recsim_ng.plot.metric import plot_metric
from recsim_ng.plot.network import draw_network
from recsim_ng.plot.rank import plot_calibration
from recsim_ng.plot.trajectory import plot_trajectory

__all__ = ["draw_episode", "draw_network", "plot_calibration", "plot_metric", "plot_trajectory"]
