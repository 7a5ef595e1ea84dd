"""What a source file uses, as dotted names; for the tests that read the package's sources."""

import ast
import dataclasses
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "recsim_ng"


@dataclasses.dataclass(frozen=True)
class Use:
    """A name of an imported package that a source uses.

    Attributes:
        name: Dotted, aliases resolved: "numpy.random.normal" for `np.random.normal`.
        line: Line number.
        call: The call whose function it is, else None.
    """

    name: str
    line: int
    call: ast.Call | None = None


def python_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """All Python files under a folder.

    Args:
        folder: The folder; none are in one that does not exist.

    Returns:
        The files, sorted.
    """
    return sorted(folder.rglob("*.py"))


def uses(source: str) -> list[Use]:
    """All that a source uses of what it imports.

    Args:
        source: Python source.

    Returns:
        The uses: names imported by `from ... import`, and everything reached from an imported name
        by dots, aliases resolved.
    """
    tree = ast.parse(source)
    found, aliases = [], {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    aliases[alias.asname] = alias.name
                else:
                    top = alias.name.split(".")[0]
                    aliases[top] = top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                aliases[alias.asname or alias.name] = name
                found.append(Use(name, node.lineno))
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in _outermost_chains(tree):
        parts, inner = [], node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in aliases:
            name = ".".join([aliases[inner.id], *reversed(parts)])
            found.append(Use(name, node.lineno, calls.get(id(node))))
    return found


def imports(source: str, *, top_level_only: bool = False) -> list[Use]:
    """All modules that a source imports.

    Args:
        source: Python source.
        top_level_only: Leaves out what is imported inside a function or for type checkers only.

    Returns:
        The modules; `from a import b` gives "a.b".
    """
    found = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            found.extend(Use(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found.extend(Use(f"{base}.{alias.name}", node.lineno) for alias in node.names)
        if top_level_only:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return found


def _outermost_chains(tree: ast.AST) -> Iterator[ast.Name | ast.Attribute]:
    """Names and attribute chains that are not part of a longer chain."""
    if isinstance(tree, ast.Attribute):
        yield tree
        inner = tree.value
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Name):
            yield from _outermost_chains(inner)
        return
    if isinstance(tree, ast.Name):
        yield tree
        return
    for child in ast.iter_child_nodes(tree):
        yield from _outermost_chains(child)
