"""Interventions on whole variables and on fields; those on sites are in test_site.py."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, ed
from recsim_ng.core.errors import FieldError, SiteError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.given import Condition, Do
from recsim_ng.core.network import Network
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value


def network():
    """A -> b -> c, and d apart from them; b has a field of its own chance besides."""
    a, b, c, d = (Variable(n, ValueSpec(x=FieldSpec())) for n in "abcd")
    b = Variable("b", ValueSpec(x=FieldSpec(), y=FieldSpec()))
    for variable in (a, d):
        variable.value = value(lambda: Value(x=ed.Normal(tf.zeros([3]), 1.0, name="x")))
    b.value = value(
        lambda a: Value(x=ed.Normal(a.get("x"), 1.0, name="x"), y=ed.Normal(0.0, 1.0, name="y")),
        (a,),
    )
    c.value = value(lambda b: Value(x=ed.Normal(b.get("x") + b.get("y"), 1.0)), (b,))
    return Network([a, b, c, d])


def run(*effects):
    with Seed(3):
        for effect in effects:
            effect.__enter__()
        try:
            return network().initial_step()
        finally:
            for effect in reversed(effects):
                effect.__exit__(None, None, None)


FREE = {("a", "x"), ("b", "x"), ("b", "y"), ("c", "x"), ("d", "x")}


def changed(found):
    free = run()

    def number(step, v, f):
        return np.asarray(tf.convert_to_tensor(step[v].get(f)))

    return {p for p in FREE if not np.array_equal(number(found, *p), number(free, *p))}


def test_a_field_is_overwritten_after_its_behaviour_ran_and_others_keep_their_draws():
    found = run(Do({"b.x": tf.fill([3], 9.0)}))
    np.testing.assert_array_equal(found["b"].get("x"), [9.0, 9.0, 9.0])
    assert changed(found) == {("b", "x"), ("c", "x")}


def test_a_variable_is_given_in_place_of_its_behaviour():
    whole = Value(x=tf.zeros([3]), y=tf.constant(1.0))
    with Record() as record:
        found = run(Do({"b": whole}))
    assert changed(found) == {("b", "x"), ("b", "y"), ("c", "x")}
    assert {address[0] for address in record.sites} == {"a", "c", "d"}  # b drew nothing


def test_the_outer_of_two_counts_and_a_variable_wins_over_its_fields():
    outer, inner = Do({"b.y": tf.constant(1.0)}), Do({"b.y": tf.constant(2.0)})
    assert float(run(outer, inner)["b"].get("y")) == 1.0
    whole = Do({"b": Value(x=tf.zeros([3]), y=tf.constant(7.0)), "b.y": tf.constant(2.0)})
    assert float(run(whole)["b"].get("y")) == 7.0


def test_all_runtimes_intervene_alike():
    with Do({"b.y": tf.constant(5.0)}):
        slow = PythonRuntime(network()).trajectory(3, seed=1)
        fast = TFRuntime(network()).trajectory(3, seed=1)
    np.testing.assert_array_equal(fast["b"].get("y"), [5.0] * 3)
    np.testing.assert_allclose(fast["c"].get("x"), slow["c"].get("x"), rtol=1e-5)


def test_what_is_given_must_fit_and_be_somewhere():
    with pytest.raises(SiteError, match=r"must be that of a variable or field.*got \['b\.z'\]"):
        run(Do({"b.z": 1.0}))
    with pytest.raises(FieldError, match=r"missing: \['y'\]"):
        run(Do({"b": Value(x=tf.zeros([3]))}))
    with pytest.raises(SiteError, match="a Value must be given to a whole variable"):
        Do({"b.x": Value(x=1)})
    with pytest.raises(SiteError, match="an address must be"):
        Condition({"b": 1.0})
