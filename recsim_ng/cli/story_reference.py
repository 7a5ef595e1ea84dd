"""Which story is meant: a ready one, or a function of the user's own."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from recsim_ng.cli.method_source import described_in
from recsim_ng.cli.story_source import Setting, StorySource, plain_type
from recsim_ng.core.errors import ConfigError, RecSimError
from recsim_ng.stories import catalogue


@dataclasses.dataclass(frozen=True)
class StoryReference:
    """A story that is named on the command line.

    Attributes:
      name: of a ready story, or "module:function" or "file.py:function" with the absolute path.
      settings: that flags can give: the fields of its `Config`, or the function's plain arguments.
      summary: one line.
    """

    name: str
    settings: tuple[Setting, ...]
    summary: str

    @classmethod
    def of(cls, name: str) -> StoryReference:
        """Reads a story's source; neither it nor TensorFlow is imported.

        Args:
          name: "ecosystem", or another of the catalogue; "module:function", "file.py:function".

        Raises:
          ConfigError: (also a ValueError) there is no such story.
        """
        if ":" in name:
            return _own(name)
        known = [entry.name for entry in catalogue.STORIES]
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "see `recsim-ng list`"
            got = f"'{name}'" if name else "none"
            raise ConfigError(
                f"recsim-ng: the story must be one of {', '.join(known)}, or a function of yours, "
                f"file.py:function or module:function, got {got}; {hint}"
            )
        entry = catalogue.find(name)
        return cls(name, StorySource.of(entry.module).settings, entry.summary)

    def network(self, config: Mapping[str, Any]) -> tuple[Any, Any]:
        """Imports the story and makes its network.

        Args:
          config: name -> value of the settings.

        Returns:
          The network, and the logs that came with it: a function of the user's own may return
          (variables, logs), the logs as `recsim_ng.inference.fit` takes them. Else None.

        Raises:
          ConfigError: (also a ValueError) a setting is out of range, or what is the user's own does
            not import or makes no story.
        """
        from recsim_ng.core.network import Network
        from recsim_ng.core.variable import Variable

        if ":" not in self.name:
            module = catalogue.find(self.name).load()
            return Network(module.story(module.Config(**config))), None
        place, _, function = self.name.rpartition(":")
        try:
            made = getattr(_imported(place), function)(**config)
            made, logs = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
            if isinstance(logs, Variable):  # a story of two variables
                made, logs = [made, logs], None
            return made if isinstance(made, Network) else Network(made), logs
        except (Exception, SystemExit) as error:  # a file may end the process
            kind = "" if isinstance(error, RecSimError) else f"{type(error).__name__}: "
            raise ConfigError(
                f"recsim-ng: {self.name} must return a story's variables, got {kind}{error}"
                f"{self.line_of(error)}"
            ) from error

    def line_of(self, error: BaseException) -> str:
        """Returns " (line 7, in draw)", the last line of the story's file that led to an error.

        Args:
          error: what was raised; "" is returned if no line of the file is to blame.
        """
        place = self.name.rpartition(":")[0]
        path = _source_of(place) if place else None
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if path is not None and Path(frame.filename) == path
        ]
        return f" (line {frames[-1].lineno}, in {frames[-1].name})" if frames else ""


def _own(name: str) -> StoryReference:
    place, _, function = name.rpartition(":")
    path = _source_of(place)
    if path is None:
        raise ConfigError(
            f"recsim-ng: the story must be file.py:function or module:function, got '{name}', "
            f"where there is no {place or 'file'}; check the path"
        )
    if place.endswith(".py"):
        name = f"{path.resolve()}:{function}"
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"recsim-ng: {place} must be Python, got {error}; mend it") from error
    defined = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    if function not in defined:
        raise ConfigError(
            f"recsim-ng: {place} must define a function '{function}', got {sorted(defined)}; name "
            "one of them"
        )
    node = defined[function]
    text = ast.get_docstring(node) or function
    described, settings = described_in(text, "Args"), []
    arguments, missing = node.args, dataclasses.MISSING
    count = len(arguments.args) - len(arguments.defaults)
    defaults = [*[None] * count, *arguments.defaults, *arguments.kw_defaults]
    for argument, default in zip([*arguments.args, *arguments.kwonlyargs], defaults, strict=True):
        kind, words = plain_type(argument.annotation), described.get(argument.arg, "")
        is_plain = default is None or isinstance(default, ast.Constant | ast.UnaryOp)
        if kind is None or not is_plain:
            continue  # it keeps its default
        value = missing if default is None else ast.literal_eval(default)
        settings.append(Setting(argument.arg, kind, value, words))
    return StoryReference(name, tuple(settings), text.splitlines()[0])


def _source_of(place: str) -> Path | None:
    if place.endswith(".py"):
        path = Path(place).expanduser()
        return path if path.is_file() else None
    _look_here()
    try:
        spec = importlib.util.find_spec(place) if place else None
    except (ImportError, ValueError):
        return None
    return None if spec is None or spec.origin is None else Path(spec.origin)


def _imported(place: str) -> ModuleType:
    if not place.endswith(".py"):
        _look_here()
        return importlib.import_module(place)
    path = Path(place)
    if str(path.parent) not in sys.path:  # what lies beside it, as for `python file.py`
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _look_here() -> None:
    """Modules are also looked for in the current folder, as `python -m` does."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
