"""Whether users are independent: what is found out, and what is said where they are not."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import FieldSpec, Value, ValueSpec, Variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.variable import value
from recsim_ng.inference.particle_filter import SmcSettings, filter_particles
from recsim_ng.inference.replay import observed
from recsim_ng.inference.transition import Transition
from recsim_ng.inference.unknown import find_unknowns
from recsim_ng.inference.user_independence import UserIndependence
from recsim_ng.inference.user_terms import coupled_users, is_shared, mixtures
from tests.inference.state_space import users

U, T = 5, 3
PLAIN = users((U,))
UNLABELLED = ValueSpec(x=FieldSpec())


def story(effect, spec=PLAIN, seen_spec=PLAIN, count=None):
    """Walks, seen with noise; `effect(walks)` is added to what is seen of each user.

    With `count`, a variable without users holds `count(walks)` and is read at the next step.
    """
    walk, seen, held = Variable("walk", spec), Variable("seen", seen_spec), Variable("held", X)
    walk.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(U), 1.0, name="x")))
    walk.value = value(lambda p: Value(x=ed.Normal(p.get("x"), 0.5, name="x")), (walk.previous,))
    seen.initial_value = value(lambda w: Value(x=ed.Normal(w.get("x"), 1.0, name="x")), (walk,))
    seen.value = value(
        lambda w, h: Value(
            x=ed.Normal(w.get("x") + effect(w.get("x")) + h.get("n"), 1.0, name="x")
        ),
        (walk, held.previous),
    )
    made = (lambda w: Value(n=count(w.get("x")))) if count else lambda w: Value(n=tf.zeros([]))
    held.initial_value = held.value = value(made, (walk,))
    return Network([walk, seen, held])


X = ValueSpec(n=FieldSpec())


def reason(network):
    given = observed(network, {"seen": Value(x=tf.ones([T, U]))})
    transition = Transition(network, given, find_unknowns(network, given))
    return UserIndependence(network, transition).reason_against(
        given, tf.constant([1, 2], "uint32")
    )


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (story(lambda x: x**2), ""),
        (
            story(lambda x: 0.0 * x, count=tf.reduce_max),
            "'seen.x' of user 0, 1, 2 depends on other users' unknowns",
        ),
        (story(lambda x: x, spec=UNLABELLED), "'walk.x' has no first axis 'user' in its spec"),
        (
            story(lambda x: x, seen_spec=UNLABELLED),
            "'seen.x' has no log-probability for each user",
        ),
    ],
    ids=["apart", "through the past", "unlabelled", "unlabelled log"],
)
def test_users_who_depend_on_each_other_are_found(network, expected):
    assert reason(network) == expected


def test_dependent_users_are_refused_by_name():
    text = (
        r"filter_particles: with independent='user' users must be independent, but 'seen.x' of user"
        r" 1 depends on other users' unknowns; use 'none' or 'auto'"
    )
    network = story(lambda x: x[3] * tf.one_hot(1, U))
    with pytest.raises(ConfigError, match=text):
        filter_particles(
            network, {"seen": Value(x=tf.ones([T, U]))}, SmcSettings(10, independent="user")
        )


@pytest.mark.parametrize("count", [1, 2, 5, 8, 9])
def test_some_mixture_takes_any_two_users_from_different_worlds(count):
    ways = mixtures(count)
    for u in range(count):
        for v in range(u):
            assert np.any(ways[:, u] != ways[:, v])
    assert not ways[0].any()
    assert ways[1].all()


def test_impossible_terms_are_equal_to_themselves():
    ways = mixtures(2)
    inf = np.inf
    own = np.where(ways, -inf, 0.5)
    assert not len(coupled_users(own, ways))
    own[2, 0] = 0.5001
    np.testing.assert_array_equal(coupled_users(own, ways), [0])
    assert is_shared(np.array([[1.0, np.nan], [1.0, np.nan]]))
    assert not is_shared(np.array([[1.0, -inf], [1.0, inf]]))
