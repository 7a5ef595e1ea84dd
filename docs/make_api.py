"""Writes docs/api.md, the API reference, from the packages' `__all__` and the docstrings.

python docs/make_api.py            # writes it
python docs/make_api.py --check    # says whether it is up to date
"""

import argparse
import dataclasses
import importlib
import inspect
import os
import pathlib
import pkgutil
import re
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any

TARGET = pathlib.Path(__file__).with_name("api.md")
WITH_MODULES = ("recsim_ng.stories",)  # packages whose modules are all public, each a story


@dataclasses.dataclass(frozen=True)
class PublicName:
    """A name that users may rely on.

    Attributes:
        package: Dotted name of the package or public module that exports it.
        name: The name there; "Class.method" for a method.
        target: The object.
    """

    package: str
    name: str
    target: Any


def packages() -> list[types.ModuleType]:
    """The project's packages that have an `__all__`.

    Returns:
        The package itself, then all below it by name.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    top = importlib.import_module("recsim_ng")
    names = [m.name for m in pkgutil.walk_packages(top.__path__, "recsim_ng.") if m.ispkg]
    below = [importlib.import_module(name) for name in sorted(names)]
    return [package for package in (top, *below) if hasattr(package, "__all__")]


def public_names(package: types.ModuleType) -> Iterator[PublicName]:
    """What a package exports, and the functions of its modules.

    A function may share its module's name (`variable.value` beside `value.Value`), so a package
    exports classes; functions are reached through the module of the classes they go with.

    Args:
        package: The package.

    Yields:
        Each name of its `__all__`, then the functions of the modules in which its classes are
        defined and of those that it exports themselves.
    """
    modules = {}
    if package.__name__ in WITH_MODULES:
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            modules[info.name] = importlib.import_module(info.name)
    for name in package.__all__:
        target = getattr(package, name)
        yield PublicName(package.__name__, name, target)
        home = target.__name__ if inspect.ismodule(target) else getattr(target, "__module__", "")
        if home.rpartition(".")[0] == package.__name__ and home in sys.modules:
            modules[home] = sys.modules[home]
    for home, module in sorted(modules.items()):
        for inner in module_names(module):
            target = getattr(module, inner)
            is_listed = inspect.isroutine(target) or package.__name__ in WITH_MODULES
            if is_listed and getattr(package, inner, None) is not target:
                short = home.removeprefix(f"{package.__name__}.")
                yield PublicName(package.__name__, f"{short}.{inner}", target)


def module_names(module: types.ModuleType) -> list[str]:
    """The public names that a module defines.

    Args:
        module: The module.

    Returns:
        Its `__all__`, or else its functions and classes without an underscore; sorted.
    """
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(
        name
        for name, target in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(target) or inspect.isroutine(target))
        and getattr(target, "__module__", None) == module.__name__
    )


def methods(cls: type) -> list[tuple[str, Any]]:
    """The public methods and properties that a class itself defines, in their order.

    Args:
        cls: The class.

    Returns:
        Names and functions; the getter of a property.
    """
    found = []
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        if isinstance(member, classmethod | staticmethod):
            member = member.__func__
        if isinstance(member, property):
            member = member.fget
        if inspect.isfunction(member):
            found.append((name, member))
    return found


def first_sentence(docstring: str | None) -> str:
    """The first sentence of a docstring.

    Args:
        docstring: The docstring, or None.

    Returns:
        The sentence in one line; "" if there is none.
    """
    paragraph = inspect.cleandoc(docstring or "").split("\n\n")[0]
    paragraph = " ".join(paragraph.split())
    return re.split(r"(?<=[^.][.!?])\s+(?=[A-Z`(])", paragraph)[0]


def call(target: Any) -> str:
    """The arguments of a function or class, without types and defaults.

    Args:
        target: What is called.

    Returns:
        "(a, b, *, c)", or "" if it takes none that can be told.
    """
    if not callable(target) or typing.get_origin(target) is not None:
        return ""
    try:
        parameters = list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return ""
    parts, keyword_only = [], False
    for parameter in parameters:
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            keyword_only = True
            parts.append(f"*{parameter.name}")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            parts.append("*")
        star = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        parts.append(f"{star}{parameter.name}")
    return f"({', '.join(parts)})"


def described(public: PublicName, home: str | None) -> str:
    """What the reference says of a name.

    Args:
        public: The name.
        home: Where it is described already, or None.

    Returns:
        One line.
    """
    target = public.target
    own = getattr(target, "__name__", None)
    if home is not None:
        return f"See `{home}`."
    if inspect.isclass(target) and own != public.name.split(".")[-1]:
        return f"Another name of `{own}`."
    if typing.get_origin(target) is typing.Literal:
        return "A type: one of " + ", ".join(f"`{x!r}`" for x in typing.get_args(target)) + "."
    documented = callable(target) or inspect.ismodule(target)
    return first_sentence(target.__doc__) if documented else f"A {type(target).__name__}."


def render() -> str:
    """Writes the reference.

    Returns:
        The text of docs/api.md.
    """
    lines = [
        "# API reference",
        "",
        "All public names by package. Written by `python docs/make_api.py` from the docstrings;",
        "`help(name)` shows a whole one.",
    ]
    found = packages()
    homes: dict[int, str] = {}
    # An object exported twice is described in the deepest package that exports it.
    for package in sorted(found, key=lambda p: -p.__name__.count(".")):
        for public in public_names(package):
            if callable(public.target) or inspect.ismodule(public.target):
                homes.setdefault(id(public.target), f"{public.package}.{public.name}")
    for package in found:
        lines += ["", f"## {package.__name__}", "", first_sentence(package.__doc__), ""]
        lines += ["| name | what it is |", "| --- | --- |"]
        for public in public_names(package):
            full = f"{public.package}.{public.name}"
            home = homes.get(id(public.target), full)
            text = described(public, home if home != full else None)
            lines.append(row(f"{public.name}{call(public.target)}", text))
            if inspect.isclass(public.target) and home == full:
                for name, method in methods(public.target):
                    inherited = inspect.getdoc(getattr(public.target, name)) or method.__doc__
                    shown = call(method) if callable(getattr(public.target, name)) else ""
                    lines.append(row(f".{name}{shown}", first_sentence(inherited)))
    return "\n".join(lines) + "\n"


def row(name: str, text: str) -> str:
    """A row of a table.

    Args:
        name: The code in the first column.
        text: The second column.

    Returns:
        Markdown.
    """
    escaped = text.replace("|", "\\|")
    return f"| `{name}` | {escaped} |"


def main() -> int:
    """Writes or checks docs/api.md.

    Returns:
        The exit status: 1 if the reference is to be checked and out of date.
    """
    parser = argparse.ArgumentParser(description="Writes docs/api.md from the docstrings.")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    args = parser.parse_args()
    sys.path.insert(0, str(TARGET.parent.parent))  # this checkout, installed or not
    text = render()
    if args.check:
        current = TARGET.exists() and TARGET.read_text() == text
        if not current:
            print("docs/api.md is out of date: run python docs/make_api.py", file=sys.stderr)
        return 0 if current else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
