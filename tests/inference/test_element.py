"""Names of numbers in blocks."""

import numpy as np

from recsim_ng import Network, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.element import element_names, pooled_names
from recsim_ng.inference.target import Target


def test_numbers_are_named_by_their_unknown_and_place():
    users, topics = 3, 2
    box = Space.box(-np.inf, np.inf, (topics, users), dims=("topic", "user"))
    taste = Variable("taste", ValueSpec(x=box))
    mood = Variable("mood", ValueSpec(x=Space.box(-np.inf, np.inf, (users,), dims=("user",))))
    one = np.ones((topics, users), np.float32)
    taste.initial_value = value(lambda: Value(x=ed.Normal(0.0 * one, 1.0, name="x")))
    mood.value = value(lambda t: Value(x=ed.Normal(t.get("x")[0], 1.0, name="x")), (taste,))
    target = Target(Network([taste, mood]), {"taste": Value(x=np.stack([one, one]))})
    shapes = [u.shape for u in target.unknowns]
    blocks = Blocks(target.network, target.unknowns, shapes, "user")
    assert element_names(blocks, target.unknowns, shapes).tolist() == [
        ["mood.x[0, 0]", "mood.x[1, 0]"],
        ["mood.x[0, 1]", "mood.x[1, 1]"],
        ["mood.x[0, 2]", "mood.x[1, 2]"],
    ]
    assert pooled_names(blocks, target.unknowns, shapes) == [
        "mood.x[0, *]",
        "mood.x[1, *]",
    ]
    target = Target(Network([taste, mood]), {"mood": Value(x=one)})
    shapes = [u.shape for u in target.unknowns]
    blocks = Blocks(target.network, target.unknowns, shapes, "user")
    assert element_names(blocks, target.unknowns, shapes)[2].tolist() == [
        "taste.x[0, 2]",
        "taste.x[1, 2]",
    ]
    whole = Blocks(target.network, target.unknowns, shapes)
    assert pooled_names(whole, target.unknowns, shapes)[:2] == ["taste.x[0, 0]", "taste.x[0, 1]"]
