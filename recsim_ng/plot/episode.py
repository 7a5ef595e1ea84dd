"""One user's episode of an environment: slates and choices, the user's state, and the reward."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsim_ng.plot import style

_STEPS = 40
_LINES_A_FIELD = 4


def draw_episode(episode: Any) -> np.ndarray:
    """Draws the last 40 steps of an episode.

    Args:
      episode: with `is_of_places`, `slates`, `responses`, `states` and `rewards`, as
        `recsim_ng.runtime.environment_render.Timeline` has them.

    Returns:
      `[H, W, 3]` uint8.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = style.new_figure(7.2, 6.0)
    figure.set_layout_engine("constrained")
    ratios = [2, 2, 1] if episode.states else [2, 1]
    panels = figure.subplots(len(ratios), 1, sharex=True, gridspec_kw={"height_ratios": ratios})
    for axes in panels:
        style.quieten(axes)
    end = len(episode.rewards)
    first = max(0, end - _STEPS)
    if episode.is_of_places:
        _draw_slates(panels[0], episode, first, end)
    else:
        _draw_lines(panels[0], {"action": episode.slates}, range(first, end), "action")
    if episode.states:
        _draw_lines(panels[1], episode.states, range(first, end + 1), "state")
    rewards = panels[-1]
    rewards.bar(range(first, end), episode.rewards[first:end], color=style.PALETTE[0], width=0.6)
    rewards.set_ylabel("reward", fontsize=9, color=style.INK)
    rewards.set_xlabel("step", fontsize=9, color=style.INK)
    rewards.xaxis.get_major_locator().set_params(integer=True)
    rewards.set_xlim(first - 0.6, max(end, first + 10) + 0.6)
    total = sum(episode.rewards)
    figure.suptitle(
        f"step {end}, return {total:.5g}", fontsize=11, color=style.INK, x=0.02, ha="left"
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _draw_lines(axes: Any, series: dict[str, Any], steps: range, what: str) -> None:
    lines = 0
    for name, found in series.items():
        if not len(found):
            continue
        values = np.reshape(np.asarray(found, float), (len(found), -1))[steps.start : steps.stop]
        for i in range(min(values.shape[1], _LINES_A_FIELD)):
            label = f"{name} {i}" if values.shape[1] > 1 else name
            axes.plot(steps, values[:, i], label=label, **style.line_style(lines))
            lines += 1
    axes.set_ylabel(what, fontsize=9, color=style.INK)
    if lines:
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_slates(axes: Any, episode: Any, first: int, end: int) -> None:
    choices = episode.responses.get("choice")
    places = max((len(s) for s in episode.slates), default=1)
    size = 8.0 if end - first <= 20 else 6.0
    for t in range(first, end):
        slate = episode.slates[t]
        chosen = None if choices is None else int(np.ravel(choices[t])[0])
        for place, document in enumerate(slate):
            is_chosen = chosen == place and len(slate) == places
            face = {"facecolor": style.PALETTE[4], "edgecolor": "none", "pad": 1.5}
            axes.text(
                t,
                place,
                str(document),
                ha="center",
                va="center",
                fontsize=size,
                color=style.INK if is_chosen else style.FAINT,
                bbox=face if is_chosen else None,
            )
    axes.set_ylim(places - 0.5, -0.5)
    axes.set_yticks(range(places), [str(i + 1) for i in range(places)])
    axes.grid(visible=False)
    axes.set_ylabel("place" if places > 1 else "", fontsize=9, color=style.INK)
    text = "actions" if choices is None else "documents shown, by place; the chosen one is marked"
    axes.set_title(text, fontsize=9, color=style.FAINT, loc="left")
