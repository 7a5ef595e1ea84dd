"""Randomness comes from keyed noise alone: no other source is used in the package."""

import ast
import inspect

import networkx
import pytest

from tests.source import PACKAGE, python_files, uses

# The seed of a run that was given none is drawn once, from the operating system; in a caller's own
# tf.function, which draws anew at every call, by the one stateful op that there is.
FRESH_SEEDS = {
    ("core/noise.py", "secrets.randbits"),
    ("runtime/runtime.py", "tensorflow.random.uniform"),
}

NUMPY_ALLOWED = {"Generator", "BitGenerator", "SeedSequence", "Philox", "PCG64", "PCG64DXSM"}
NUMPY_SEEDED = {"default_rng", "RandomState"}
TF_ALLOWED = ("stateless_", "experimental.stateless_", "split", "fold_in", "Algorithm")
TF_RAW = ("Random", "Multinomial", "TruncatedNormal", "ParameterizedTruncatedNormal", "Stateful")


def is_none_or_missing(call, keyword, position=None):
    """Whether a call leaves an argument out, or says None."""
    value = next((k.value for k in call.keywords if k.arg == keyword), None)
    if value is None and position is not None and len(call.args) > position:
        value = call.args[position]
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def takes_seed(name):
    """Whether a dotted name of networkx is a function with a seed, and at which position."""
    target = networkx
    for part in name.split(".")[1:]:
        target = getattr(target, part, None)
    try:
        parameters = list(inspect.signature(inspect.unwrap(target)).parameters)
    except (TypeError, ValueError):
        return None
    return parameters.index("seed") if "seed" in parameters else None


def offence(path, use):
    """Why a use is randomness outside keyed noise, or None."""
    name = use.name
    if (path, name) in FRESH_SEEDS:
        return None
    top, _, rest = name.partition(".")
    if top == "random":
        return "Python's own generator has a hidden state"
    if top == "secrets" or name in ("os.urandom", "os.getrandom", "uuid.uuid4", "uuid.uuid1"):
        return "another run would differ"
    if name == "numpy.random":
        return None if use.call is None else "not a function"
    if name.startswith("numpy.random."):
        function = name.split(".")[2]
        if function in NUMPY_ALLOWED:
            return None
        if function in NUMPY_SEEDED:
            # A `from` import or a reference is judged where it is called.
            unseeded = use.call is not None and is_none_or_missing(use.call, "seed", 0)
            return "unseeded" if unseeded else None
        return "numpy's global generator has a hidden state"
    if top == "tensorflow":
        if rest.startswith("random."):
            function = rest.removeprefix("random.")
            if function.startswith(TF_ALLOWED):
                return None
            return "a stateful op or generator"
        if rest.startswith("raw_ops."):
            if rest.removeprefix("raw_ops.").startswith(TF_RAW):
                return "a stateful op"
        if rest in ("compat.v1.set_random_seed", "keras.utils.set_random_seed"):
            return "a global seed"
    if top == "networkx" and use.call is not None:
        position = takes_seed(name)
        if position is not None and is_none_or_missing(use.call, "seed", position):
            return "an unseeded generator of networkx"
    if top == "scipy" and name.endswith((".rvs", ".resample")) and use.call is not None:
        if is_none_or_missing(use.call, "random_state"):
            return "unseeded"
    return None


def offences(path, source):
    found = []
    for use in uses(source):
        why = offence(path, use)
        if why:
            found.append(f"{path}:{use.line} {use.name}: {why}")
    return found


def test_the_package_draws_from_keyed_noise_alone():
    found = []
    for file in python_files(PACKAGE):
        found += offences(file.relative_to(PACKAGE).as_posix(), file.read_text())
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nx = np.random.normal(size=3)",
        "import numpy as np\nnp.random.seed(0)",
        "import numpy as np\nrng = np.random.default_rng()",
        "import numpy as np\nrng = np.random.default_rng(None)",
        "import numpy as np\nrng = np.random.default_rng(seed=None)",
        "from numpy import random\nrandom.shuffle([1])",
        "from numpy.random import normal",
        "from numpy.random import default_rng\ndefault_rng()",
        "import numpy.random as npr\nnpr.uniform()",
        "import random\nrandom.random()",
        "from random import choice",
        "def f():\n    import random as r\n    return r.random() + 1",
        "import secrets\nsecrets.token_bytes(8)",
        "import os\nos.urandom(8)",
        "import tensorflow as tf\ntf.random.normal([3])",
        "import tensorflow as tf\ntf.random.uniform([3]).numpy()",
        "import tensorflow as tf\ntf.random.set_seed(1)",
        "import tensorflow as tf\ntf.random.get_global_generator()",
        "import tensorflow as tf\ntf.random.shuffle([1, 2])",
        "from tensorflow import random\nrandom.normal([3])",
        "from tensorflow.random import normal",
        "import tensorflow as tf\ntf.raw_ops.RandomStandardNormal(shape=[1], dtype=tf.float32)",
        "import networkx as nx\nnx.barabasi_albert_graph(10, 2)",
        "import networkx as nx\nnx.watts_strogatz_graph(10, 2, 0.1, seed=None)",
        "from networkx import erdos_renyi_graph\nerdos_renyi_graph(10, 0.1)",
        "import networkx as nx\nnx.generators.erdos_renyi_graph(10, 0.1)",
        "import networkx as nx\nnx.spring_layout(g)",
        "from scipy import stats\nstats.norm.rvs(size=3)",
    ],
)
def test_a_forbidden_source_is_found(source):
    assert offences("core/x.py", source)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nrng = np.random.default_rng(seed)",
        "import numpy as np\ndef f(rng: np.random.Generator): return rng.normal()",
        "from numpy.random import default_rng\ndefault_rng(3)",
        "import tensorflow as tf\ntf.random.stateless_uniform([3], seed=[1, 2])",
        "import tensorflow as tf\ntf.random.experimental.stateless_split([1, 2], 2)",
        "import networkx as nx\nnx.barabasi_albert_graph(10, 2, seed=7)",
        "import networkx as nx\nnx.barabasi_albert_graph(10, 2, 7)",
        "import networkx as nx\nnx.find_cycle(nx.DiGraph())",
        "random = 3\nprint(random)",
    ],
)
def test_a_seeded_source_is_allowed(source):
    assert not offences("core/x.py", source)


def test_the_fresh_seed_may_be_drawn_in_its_place_only():
    source = "import secrets\nsecrets.randbits(63)"
    assert not offences("core/noise.py", source)
    assert offences("core/key.py", source)


def test_each_fresh_seed_is_drawn_once():
    for path, name in FRESH_SEEDS:
        found = [use.name for use in uses((PACKAGE / path).read_text())]
        assert found.count(name) == 1, f"{path}: {name}"
