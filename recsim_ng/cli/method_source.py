"""A method's settings, read off its source, as a story's are: help waits for no TensorFlow."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from recsim_ng.cli.story_source import Setting, plain_type

_PACKAGE = Path(__file__).parents[1]


def methods() -> dict[str, tuple[Path, str]]:
    """Returns what `inference.method.SETTINGS` says: method -> (file, settings class)."""
    tree = _parsed(_PACKAGE / "inference" / "method.py")
    files = {
        alias.name: _PACKAGE.parent.joinpath(*node.module.split(".")).with_suffix(".py")
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "SETTINGS":
            assert isinstance(node.value, ast.Dict)
            pairs = zip(node.value.keys, node.value.values, strict=True)
            named = {ast.literal_eval(k): ast.unparse(v) for k, v in pairs if k is not None}
            return {method: (files[kind], kind) for method, kind in named.items()}
    raise AssertionError("method.py has no SETTINGS")


def settings_of(method: str) -> tuple[Setting, ...]:
    """Returns those of a method's settings that a flag can give.

    Args:
      method: one of `methods()`.
    """
    path, kind = methods()[method]
    (node,) = (n for n in _parsed(path).body if isinstance(n, ast.ClassDef) and n.name == kind)
    described = described_in(ast.get_docstring(node) or "", "Attributes")
    found = []
    for field in node.body:
        if not isinstance(field, ast.AnnAssign) or field.value is None:
            continue
        kind, name = plain_type(field.annotation), ast.unparse(field.target)
        if kind is not None:
            found.append(
                Setting(name, kind, ast.literal_eval(field.value), described.get(name, ""))
            )
    return tuple(found)


def described_in(docstring: str, section: str) -> dict[str, str]:
    """Returns name -> description out of a section of a docstring.

    Args:
      docstring: in Google form.
      section: such as "Attributes".
    """
    _, _, rest = inspect.cleandoc(docstring).partition(f"{section}:\n")
    body = re.split(r"\n(?=\S)", rest, maxsplit=1)[0]
    entries = re.findall(r"^  (\w+): (.*(?:\n    .*)*)", body, re.MULTILINE)
    found = {name: " ".join(text.split()) for name, text in entries}
    return {name: text[:1].upper() + text[1:] for name, text in found.items()}


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
