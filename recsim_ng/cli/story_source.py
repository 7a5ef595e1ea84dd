"""StorySource: a story's settings and default size, read off its source.

Importing a story imports TensorFlow, which takes seconds. Help, and a complaint about a flag that
does not exist, should not wait for that; so the fields of `Config` and the numbers of `STUDY` are
read from the syntax tree. For this they must be plain: annotated by built-in types or `Literal`
(or a module's name for one, or the registry's `RecommenderName`),
with literal defaults, each described by the string after it. The tests compare all ready stories.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
from pathlib import Path
from typing import Any, Literal

_TYPES = {
    "Literal": Literal,
    "bool": bool,
    "float": float,
    "int": int,
    "str": str,
    "tuple": tuple,
}
_REGISTRY = "entities/recommenders/registry.py"  # has `RecommenderName`, which stories use


@dataclasses.dataclass(frozen=True)
class Setting:
    """A field of a story's `Config`.

    Attributes:
      name: of the field.
      type: int, float, bool, str, or a Literal of strings.
      default: `dataclasses.MISSING` where there is none.
      help: what it is.
    """

    name: str
    type: Any
    default: Any
    help: str


@dataclasses.dataclass(frozen=True)
class StorySource:
    """What can be told of a story without importing it.

    Attributes:
      settings: the fields of its `Config`.
      num_steps: T by default.
      num_seeds: N by default.
      published: flags that give the published size, or "".
    """

    settings: tuple[Setting, ...]
    num_steps: int
    num_seeds: int
    published: str

    @classmethod
    def of(cls, module: str) -> StorySource:
        """Reads a story's source.

        Args:
          module: dotted name of the module, which has `Config` and `STUDY`.

        Returns:
          What it says.
        """
        spec = importlib.util.find_spec(module)
        assert spec is not None and spec.origin is not None, f"no module {module}"
        settings: tuple[Setting, ...] = ()
        study: dict[str, Any] = {}
        types = _aliases(Path(__file__).parents[1] / _REGISTRY, _TYPES)
        types = _aliases(Path(spec.origin), types)
        for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name == "Config":
                settings = tuple(_settings(node, types))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STUDY":
                study = _literals(node.value)
        return cls(settings, study["num_steps"], study["num_seeds"], study.get("published", ""))


def plain_type(annotation: ast.expr | None) -> Any:
    """Returns the type that an annotation in a source names; None where a flag cannot give it.

    Args:
      annotation: as parsed.
    """
    if annotation is None:
        return None
    text = ast.unparse(annotation)
    try:
        kind = eval(text, {"__builtins__": {}}, _TYPES)
    except (NameError, TypeError):
        return None
    return kind


def _aliases(path: Path, types: dict[str, Any]) -> dict[str, Any]:
    """The types, and what a module calls `NAME = Literal[...]`, read off its source."""
    found = dict(types)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Literal["):
            kind = eval(ast.unparse(node.value), {"__builtins__": {}}, found)
            found[ast.unparse(node.targets[0])] = kind
    return found


def _settings(config: ast.ClassDef, types: dict[str, Any]) -> list[Setting]:
    found = []
    for node, following in zip(config.body, [*config.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        kind = eval(ast.unparse(node.annotation), {"__builtins__": {}}, types)
        default = dataclasses.MISSING if node.value is None else ast.literal_eval(node.value)
        words = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            words = " ".join(inspect.cleandoc(str(following.value.value)).split())
        found.append(Setting(node.target.id, kind, default, words))
    return found


def _literals(call: ast.expr) -> dict[str, Any]:
    found = {}
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        if isinstance(keyword.value, ast.Constant) and keyword.arg is not None:
            found[keyword.arg] = keyword.value.value
    return found
