"""The package as a whole: its version, its public names and their docs, what importing it does."""

import ast
import dataclasses
import functools
import importlib.util
import inspect
import pathlib
import re
import subprocess
import sys
import textwrap
import tomllib

import pytest

from tests.source import PACKAGE, ROOT, python_files

README_LINES = ("pip install . && recsim-ng run ecosystem", "pip install '.[test]' && pytest")
FIRST_SCREEN = 30  # lines


def make_api():
    spec = importlib.util.spec_from_file_location("make_api", ROOT / "docs" / "make_api.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_api"] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def public_names():
    """{full name: object} of all public names that are ours."""
    api, found = make_api(), {}
    for package in api.packages():
        for public in api.public_names(package):
            found[f"{public.package}.{public.name}"] = public.target
    return found


def test_the_version_is_that_of_the_metadata():
    import recsim_ng

    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert recsim_ng.__version__ == metadata["project"]["version"]


@pytest.mark.parametrize("line", README_LINES)
def test_the_readme_begins_with_the_two_commands(line):
    first_screen = (ROOT / "README.md").read_text().splitlines()[:FIRST_SCREEN]
    assert line in [text.strip() for text in first_screen]


def all_lists(source):
    """The lists that a source assigns to `__all__`."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            try:
                yield list(ast.literal_eval(node.value))
            except ValueError:
                yield None  # computed: judged by its value, below


def test_every_list_of_public_names_is_sorted():
    for file in python_files(PACKAGE):
        for names in all_lists(file.read_text()):
            if names is not None:
                assert names == sorted(set(names)), f"{file.relative_to(ROOT)}: sort __all__"


def test_every_package_lists_its_public_names():
    api = make_api()
    listed = {package.__name__: package.__all__ for package in api.packages()}
    for init in python_files(PACKAGE):
        name = ".".join(init.parent.relative_to(ROOT).parts)
        # A folder of packages alone has nothing of its own to export.
        has_modules = len(list(init.parent.glob("*.py"))) > 1
        if init.name == "__init__.py" and name.count(".") <= 1 and has_modules:
            assert name in listed, f"{name} has no __all__"
    for name, names in listed.items():
        assert list(names) == sorted(set(names)), f"{name}: sort __all__"


# A first sentence that says what is returned.
RESULT = re.compile(r"(Returns|Yields|Whether|The|An?)\b")


def documented_names(docstring):
    """The names that the sections Args and Attributes of a docstring describe."""
    names, inside, indent = set(), False, None
    for line in inspect.cleandoc(docstring or "").splitlines():
        if line and not line.startswith(" "):
            inside = line.rstrip() in ("Args:", "Arguments:", "Attributes:", "Keyword Args:")
            indent = None
            continue
        if not inside or not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        indent = depth if indent is None else indent
        if depth == indent and ":" in line:
            head = re.sub(r"\(.*?\)", "", line.split(":")[0])
            names |= {name.strip().strip("`*") for name in head.split(",")}
    return names


def raises_itself(function):
    """Whether the function's own body raises something that a caller may meet."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            if "NotImplementedError" not in ast.unparse(node.exc):
                return True
    return False


def function_gaps(function, docstring):
    """What the docstring of a function lacks."""
    if not (docstring or "").strip():
        return ["a docstring"]
    gaps = []
    signature = inspect.signature(function)
    names = {name for name in signature.parameters if name not in ("self", "cls")}
    missing = {name for name in names if not name.startswith("_")} - documented_names(docstring)
    if missing:
        gaps.append(f"Args: {', '.join(sorted(missing))}")
    text = inspect.cleandoc(docstring)
    returns = signature.return_annotation
    # What takes no arguments says what it returns in its first sentence.
    if names and returns not in (None, "None", inspect.Signature.empty):
        if not re.search(r"^(Returns|Yields):", text, re.M) and not RESULT.match(text):
            gaps.append("Returns")
    if raises_itself(function) and not re.search(r"^Raises:", text, re.M):
        gaps.append("Raises")
    return gaps


def documentation_of(cls, name):
    """All docstrings of a method, own and inherited: an override may say only what is special."""
    texts = []
    for base in cls.__mro__:
        member = vars(base).get(name)
        member = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
        if getattr(member, "__doc__", None) and base is not object:
            texts.append(inspect.cleandoc(member.__doc__))
    return "\n\n".join(texts)


def described_fields(cls):
    """The fields of a dataclass that a string after them describes."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body
    pairs = zip(body, body[1:], strict=False)
    return {
        field.target.id
        for field, text in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and str(text.value.value).strip()
    }


def class_gaps(cls):
    """What the docstrings of a class and of the methods that it defines lack."""
    if not (cls.__doc__ or "").strip():
        return ["a docstring"]
    gaps = []
    own_constructor = getattr(vars(cls).get("__init__"), "__qualname__", "")
    if own_constructor == f"{cls.__qualname__}.__init__" and not issubclass(cls, BaseException):
        described = documented_names(cls.__doc__) | documented_names(cls.__init__.__doc__)
        if dataclasses.is_dataclass(cls):
            described |= described_fields(cls)
        parameters = set(inspect.signature(cls.__init__).parameters) - {"self"}
        missing = {name for name in parameters - described if not name.startswith("_")}
        if missing:
            gaps.append(f"Args: {', '.join(sorted(missing))}")
    for name, method in make_api().methods(cls):
        found = function_gaps(method, documentation_of(cls, name))
        if any(name in vars(base) for base in cls.__mro__[1:]):
            # What the base says of arguments and results is looked for there.
            found = [gap for gap in found if gap in ("a docstring", "Raises")]
        gaps += [f".{name}: {gap}" for gap in found]
    return gaps


def gaps_of(target):
    """What the documentation of a public name lacks."""
    if inspect.isclass(target):
        return class_gaps(target)
    if inspect.isroutine(target):
        return function_gaps(target, target.__doc__)
    if inspect.ismodule(target):
        return [] if (target.__doc__ or "").strip() else ["a docstring"]
    return []


def is_ours(target):
    module = getattr(target, "__module__", None) or getattr(target, "__name__", None) or ""
    return str(module).split(".")[0] == "recsim_ng"


def test_every_public_name_is_documented():
    found, seen = [], set()
    for name, target in public_names().items():
        if is_ours(target) and id(target) not in seen:
            seen.add(id(target))
            found += [f"{name} lacks {gap}" for gap in gaps_of(target)]
    assert not found, "\n".join(sorted(found))


class Undocumented:
    """A class.

    Args:
      first: described.
    """

    def __init__(self, first, second):
        self.first, self.second = first, second

    def method(self, third) -> int:
        """Does something."""
        if third:
            raise ValueError
        return 1

    def silent(self):
        pass


def test_gaps_in_the_documentation_are_found():
    assert gaps_of(Undocumented) == [
        "Args: second",
        ".method: Args: third",
        ".method: Returns",
        ".method: Raises",
        ".silent: a docstring",
    ]


def documented(a, b=1, *rest, **options) -> int:
    """Adds.

    Args:
        a, b: Two numbers.
            Note: not a name.
        *rest: More of them.
        **options (dict): Ignored.

    Returns:
        The sum.
    """
    return a + b + sum(rest)


def test_a_full_docstring_has_no_gap():
    assert gaps_of(documented) == []
    assert documented_names(documented.__doc__) == {"a", "b", "rest", "options"}


def test_the_reference_is_up_to_date():
    assert (ROOT / "docs" / "api.md").read_text() == make_api().render(), (
        "docs/api.md is out of date: run python docs/make_api.py"
    )


def test_every_public_name_is_in_the_reference():
    reference = (ROOT / "docs" / "api.md").read_text()
    for package in make_api().packages():
        _, _, section = reference.partition(f"\n## {package.__name__}\n")
        section = section.split("\n## ")[0]
        for name in package.__all__:
            assert re.search(rf"^\| `{re.escape(name)}[(`]", section, re.M), (package, name)


def run_python(code):
    """Runs code in a new process, outside pytest's."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_importing_the_package_is_quick_and_without_side_effects():
    result = run_python(
        """
        import logging, os, random, signal, sys, threading, warnings
        def state():
            return (dict(os.environ), list(warnings.filters), logging.getLogger().level,
                    list(logging.getLogger().handlers), random.getstate(), threading.active_count(),
                    signal.getsignal(signal.SIGINT), list(sys.path), os.getcwd())
        # What Gymnasium does, in whose registry the environments are, anybody's import of it does.
        import gymnasium
        before = state()
        import recsim_ng
        heavy = {"tensorflow", "tensorflow_probability", "edward2", "keras", "tf_keras", "scipy",
                 "torch", "matplotlib", "networkx", "xarray", "rich", "tyro"}
        found = sorted(heavy & set(sys.modules))
        assert not found, f"imported: {found}"
        assert state() == before, "changed the process"
        """
    )
    assert result.returncode == 0, result.stderr
    assert not result.stdout and not result.stderr


def test_importing_all_of_the_package_changes_no_environment_variable():
    result = run_python(
        """
        import os, pkgutil, sys
        sys.modules["edward2.numpy"] = None
        import edward2, gymnasium, tensorflow, tensorflow_probability, tf_keras, xarray
        import networkx, pettingzoo, scipy.stats  # what these change is their own doing
        before = dict(os.environ)
        import recsim_ng, importlib
        for module in pkgutil.walk_packages(recsim_ng.__path__, "recsim_ng."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        changed = {k for k in {*before, *os.environ} if before.get(k) != os.environ.get(k)}
        assert not changed, f"changed: {sorted(changed)}"
        """
    )
    assert result.returncode == 0, result.stderr[-3000:]


def test_every_folder_of_the_package_is_a_package():
    # Otherwise it is missing from what is installed.
    for file in python_files(PACKAGE):
        assert (file.parent / "__init__.py").exists(), f"{file.parent.relative_to(ROOT)}"


def test_no_file_speaks_of_things_to_do_later():
    # Spelt so that this file does not speak of them.
    words = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
    for folder in ("recsim_ng", "tests", "benchmarks", "examples", "docs"):
        for file in python_files(pathlib.Path(ROOT / folder)):
            assert not words.search(file.read_text()), file.relative_to(ROOT)
