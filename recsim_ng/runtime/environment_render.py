"""What happens to one user of an environment, step after step, as text or as a picture."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from recsim_ng.runtime.environment_design import Design
from recsim_ng.runtime.environment_field import SeenField
from recsim_ng.runtime.environment_slate import SlateAction

_LINES = 12


class Timeline:
    """Slate, choice, state and reward of the first user over an episode.

    Args:
      design: of the environment, made to be rendered.

    Attributes:
      is_of_places: whether actions are documents at places; else they are numbers.
      slates: of each step, what was shown at each place; or the numbers, of the first user.
      responses: name -> of each step.
      states: name -> at the beginning and after each step.
      rewards: of each step.
    """

    def __init__(self, design: Design) -> None:
        self._design = design
        every = design.drawn
        acted = design.action.variable
        self._response = [f for f in every if f.variable == "user response" != acted]
        self._state = [f for f in every if f.variable not in ("user response", acted)]
        self.is_of_places = isinstance(design.action, SlateAction)
        self.rewards: list[float] = []
        self.slates: list[list[Any]] = []
        self.responses: dict[str, list[Any]] = {}
        self.states: dict[str, list[Any]] = {}

    def begin(self, shown: dict[str, Any]) -> None:
        """Begins an episode.

        Args:
          shown: of its first moment, by keys.
        """
        self.rewards, self.slates = [], []
        self.responses = {_short(f): [] for f in self._response}
        self.states = {_short(f): [self._of_user(f, shown)] for f in self._state}

    def add(self, shown: dict[str, Any], action: np.ndarray, begins: bool = False) -> None:
        """Adds a step.

        Args:
          shown: after the action, by keys.
          action: that was taken.
          begins: whether an episode began instead.
        """
        if begins:
            self.begin(shown)
            return
        self.rewards.append(float(shown["reward"]))
        self.slates.append(self._slate(shown, action))
        for f in self._response:
            self.responses[_short(f)].append(self._of_user(f, shown))
        for f in self._state:
            self.states[_short(f)].append(self._of_user(f, shown))

    def frame(self, mode: str) -> Any:
        """Returns the episode so far as text ("ansi") or as `[H, W, 3]` uint8 ("rgb_array").

        Args:
          mode: how.
        """
        if mode == "ansi":
            return self.text()
        return import_module("recsim_ng.plot").draw_episode(self)

    def text(self) -> str:
        """Returns the last steps as a table."""
        what = "slate" if self.is_of_places else "action"
        names = ["step", what, *self.responses, "reward", *self.states]
        count = len(self.rewards)
        rows = []
        for t in range(max(0, count - _LINES), count):
            responses = [_brief(x[t]) for x in self.responses.values()]
            states = [_brief(x[t]) for x in self.states.values()]
            shown = self.slates[t]
            slate = " ".join(map(str, shown)) if self.is_of_places else _brief(shown)
            rows.append([str(t), slate, *responses, f"{self.rewards[t]:.4g}", *states])
        now = [_brief(x[-1]) for x in self.states.values()]
        rows.append([str(count), "", *[""] * len(self.responses), "", *now])
        widths = [max(len(row[i]) for row in [names, *rows]) for i in range(len(names))]
        lines = [
            "  ".join(x.rjust(w) for x, w in zip(row, widths, strict=True))
            for row in [names, *rows]
        ]
        return "\n".join(lines) + f"\nreturn {sum(self.rewards):.6g}\n"

    def _slate(self, shown: dict[str, Any], action: np.ndarray) -> list[Any]:
        made = self._design.action
        if isinstance(made, SlateAction) and not made.is_index:
            key = f"{made.variable}/doc_ranks"
            ranks = [f for f in self._design.drawn if f.key == key]
            return self._of_user(ranks[0], shown).tolist() if ranks else ["?"]
        if isinstance(made, SlateAction):
            return np.ravel(action[0] if made.slates.lead else action).tolist()
        has_users = made.seen.first_axis in ("user", "bandit")
        return np.ravel(action[0] if has_users else action).tolist()

    def _of_user(self, f: SeenField, shown: dict[str, Any]) -> np.ndarray:
        x = np.asarray(shown[f.key])
        return x if f.has_lone_user or not x.ndim else x[0]


def _short(f: SeenField) -> str:
    return f.field


def _brief(x: Any) -> str:
    flat = np.ravel(x)
    text = " ".join(f"{v:.4g}" for v in flat[:3].tolist())
    return text if flat.size <= 3 else f"{text} ..."
