"""Python's hashes differ from process to process: neither graphs nor draws may differ with them."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib
import numpy as np
import tensorflow as tf
from recsim_ng import Network, TFRuntime, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from recsim_ng.inference import Target
from recsim_ng.inference.density import Density
from recsim_ng.inference.prior import Prior

NUMBER = ValueSpec(x=Space.box(-np.inf, np.inf, ()), y=Space.box(-np.inf, np.inf, ()))


def drawn(mean):
    return Value(x=ed.Normal(mean, 1.0, name="x"), y=ed.Normal(mean, 1.0, name="y"))


parts = [Variable(name, NUMBER) for name in ("ant", "bee", "cat", "dog", "eel")]
for k, part in enumerate(parts):
    part.initial_value = value(lambda k=k: drawn(float(k)))
seen = Variable("seen", NUMBER)
seen.initial_value = seen.value = value(
    lambda *all: drawn(tf.add_n([part.get("x") for part in all])), tuple(parts)
)
network = Network([*parts, seen])
run = TFRuntime(network).trajectory(3, seed=1)
target = Target(network, {"seen": run["seen"]})
density = Density(target, Prior(target).draws(4, 1))
points = tf.zeros([2, *density.shape])
graph = tf.function(density._parts, autograph=False).get_concrete_function(points, density.data())
said = [f"{op.name} {op.type} {[i.name for i in op.inputs]}" for op in graph.graph.get_operations()]
print(len(said), hashlib.sha256("\\n".join(said).encode()).hexdigest())
"""


@pytest.mark.slow
def test_a_density_has_one_graph_whatever_pythons_hashes():
    # Five unknown variables: an order that depends on hashes is the same by chance once in 120.
    said = []
    for seed in ("0", "2"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said.append(done.stdout)
    assert int(said[0].split()[0]) > 100
    assert said[0] == said[1]
