"""The walls and import rules that import-linter's contracts in pyproject.toml cannot express."""

import fnmatch
import importlib.util

import pytest

from tests.source import PACKAGE, ROOT, imports, python_files, uses

ENVIRONMENTS = ("runtime/environment*.py", "environments.py")
# What, but not what, only in these files of the package.
WALLS = [
    ("gymnasium", "gymnasium.spaces", ENVIRONMENTS),
    ("gymnasium.spaces", None, (*ENVIRONMENTS, "core/field_spec.py")),
    ("pettingzoo", None, ENVIRONMENTS),
    *(
        (f"tensorflow_probability.{prefix}{module}", None, ("inference/*.py",))
        for module in ("mcmc", "vi")
        for prefix in ("", "python.", "experimental.")
    ),
]


def within(name, prefix):
    return prefix is not None and (name == prefix or name.startswith(prefix + "."))


def breaches(path, source):
    """What a file of the package uses though a wall is before it, as "path:line name"."""
    found = []
    for use in uses(source):
        for wall, exception, allowed in WALLS:
            if within(use.name, wall) and not within(use.name, exception):
                if not any(fnmatch.fnmatch(path, pattern) for pattern in allowed):
                    found.append(f"{path}:{use.line} {use.name}")
    if any(within(use.name, "matplotlib") for use in imports(source, top_level_only=True)):
        found.append(f"{path} imports matplotlib before anything is drawn")
    return found


def test_the_package_keeps_to_the_walls():
    found = []
    for file in python_files(PACKAGE):
        found += breaches(file.relative_to(PACKAGE).as_posix(), file.read_text())
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/value.py", "import gymnasium\nx = gymnasium.spaces.Box(0, 1)"),
        ("core/field_spec.py", "import gymnasium as gym\nclass E(gym.Env): pass"),
        ("core/field_spec.py", "from gymnasium import Env"),
        ("entities/users/user.py", "from gymnasium import spaces"),
        ("entities/users/user.py", "from gymnasium.spaces import Box"),
        ("entities/users/user.py", "import gymnasium.spaces as spaces\nspaces.Box(0, 1)"),
        ("runtime/tf_runtime.py", "def f():\n    import gymnasium\n    return gymnasium.make('x')"),
        ("runtime/tf_runtime.py", "import pettingzoo\npettingzoo.ParallelEnv()"),
        ("core/sampling.py", "import tensorflow_probability as tfp\ntfp.mcmc.sample_chain()"),
        ("core/sampling.py", "from tensorflow_probability import vi"),
        ("runtime/x.py", "import tensorflow_probability as tfp\ntfp.experimental.mcmc.f(1).g"),
        ("plot/trajectory.py", "import matplotlib.pyplot as plt"),
        (
            "plot/trajectory.py",
            "try:\n    from matplotlib import pyplot\nexcept ImportError:\n    raise",
        ),
    ],
)
def test_a_breach_is_found(path, source):
    assert breaches(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/field_spec.py", "import gymnasium\nx = gymnasium.spaces.Box(0, 1)"),
        ("environments.py", "import gymnasium\ngymnasium.register('x')"),
        ("runtime/environment_multi_agent.py", "from gymnasium import Env\nimport pettingzoo"),
        ("inference/mcmc.py", "import tensorflow_probability as tfp\ntfp.mcmc.sample_chain()"),
        (
            "core/sampling.py",
            "import tensorflow_probability as tfp\ntfp.distributions.Normal(0, 1)",
        ),
        ("plot/trajectory.py", "def draw():\n    import matplotlib.pyplot as plt\n    return plt"),
    ],
)
def test_what_is_allowed_is_no_breach(path, source):
    assert not breaches(path, source)


def is_public(package, name):
    """Whether a package exports a name or has a module of it (`recsim_ng.core.value`)."""
    is_module = importlib.util.find_spec(f"{package.__name__}.{name}") is not None
    return name in package.__all__ or (is_module and not name.startswith("_"))


def private_imports(source):
    """What a source imports of the project beside public names of its packages."""
    found = []
    for use in imports(source):
        if not within(use.name, "recsim_ng"):
            continue
        package, _, name = use.name.rpartition(".")
        if not package:  # `import recsim_ng`, for the environments' ids
            continue
        module = importlib.import_module(package)
        if not hasattr(module, "__path__") or not is_public(module, name):
            found.append(f"line {use.line}: {use.name}")
    return found


def test_examples_and_benchmarks_import_public_names_only():
    found = []
    for folder in ("examples", "benchmarks"):
        for file in python_files(ROOT / folder):
            found += [f"{file.relative_to(ROOT)} {x}" for x in private_imports(file.read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from recsim_ng.core.value import Value",
        "from recsim_ng.core import _hidden",
        "def f():\n    from recsim_ng import nothing_of_the_kind",
    ],
)
def test_a_private_import_is_found(source):
    assert private_imports(source)


def test_a_public_import_is_no_breach():
    assert not private_imports("from recsim_ng.core import Value\nimport numpy as np")
    assert not private_imports("from recsim_ng.core import noise, value")
