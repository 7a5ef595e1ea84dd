"""Entity: its variables, wherever they are, each once; and what a story's entities can train."""

import keras
import pytest
import tensorflow as tf
import tf_keras

from recsim_ng.core import Entity, FieldSpec, Network, Value, ValueSpec, Variable
from recsim_ng.core.entity import story_with_trainable_variables
from recsim_ng.core.variable import value
from recsim_ng.entities.recommendation import BaseRecommender, Corpus, RecsMetricsBase, User


class Linear(tf.Module):
    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(1.0)
        self.constant = tf.Variable(2.0, trainable=False)


def built(layer, size=2):
    layer.build((None, size))
    return layer


def same(found, expected):
    """Whether they are the same objects, each once."""
    return sorted(map(id, found)) == sorted(map(id, expected))


def test_an_entity_is_a_module_with_any_name():
    assert isinstance(Entity(), tf.Module)
    assert Entity().name == "UnnamedEntity"
    for name in ("a name: odd / long", "1st", "été", "", "class"):
        assert Entity(name=name).name == name


def test_keras_3_tf_keras_and_module_variables_are_found_each_once():
    entity = Entity()
    entity.keras = built(keras.layers.Dense(3))
    entity.tf_keras = built(tf_keras.layers.Dense(3))
    entity.module = Linear()
    entity.own = tf.Variable([1.0])
    entity.again = [entity.keras, entity.module, entity.own]
    expected = [
        *entity.keras.trainable_variables,
        *entity.tf_keras.trainable_variables,
        entity.module.weight,
        entity.own,
    ]
    assert len(expected) == 6
    assert same(entity.trainable_variables, expected)
    assert isinstance(entity.trainable_variables, tuple)


def test_members_are_found_in_nested_lists_and_dictionaries():
    entity = Entity()
    layers = [built(keras.layers.Dense(1)), built(tf_keras.layers.Dense(1)), Linear()]
    entity.nested = {"a": [layers[0], {"b": (layers[1],)}], "c": {"d": [[layers[2]]]}}
    expected = [v for layer in layers for v in layer.trainable_variables]
    assert len(expected) == 5
    assert same(entity.trainable_variables, expected)


def test_models_within_models_and_modules_are_found():
    class Holder(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [built(keras.layers.Dense(1))]

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    old = tf_keras.Sequential([tf_keras.layers.InputLayer((2,)), tf_keras.layers.Dense(1)])
    inner = Entity("inner")
    inner.cell = built(keras.layers.GRUCell(3))
    entity = Entity()
    entity.parts = {"model": model, "old": old, "holder": Holder(), "inner": inner}
    expected = [
        *model.trainable_variables,
        *old.trainable_variables,
        *entity.parts["holder"].layers[0].trainable_variables,
        *inner.cell.trainable_variables,
    ]
    assert len(expected) == 4 + 2 + 2 + 3
    assert same(entity.trainable_variables, expected)
    assert same(inner.trainable_variables, inner.cell.trainable_variables)


def test_what_is_not_trainable_is_a_variable_all_the_same():
    entity = Entity()
    entity.module = Linear()
    entity.norm = built(keras.layers.BatchNormalization())
    frozen = built(tf_keras.layers.Dense(1))
    frozen.trainable = False
    entity.frozen = frozen
    assert same(
        entity.trainable_variables, [entity.module.weight, *entity.norm.trainable_variables]
    )
    assert len(entity.variables) == 2 + 4 + 2


def test_a_keras_variable_by_itself_is_found():
    entity = Entity()
    entity.variable = keras.Variable(1.0)
    entity.fixed = keras.Variable(1.0, trainable=False)
    assert same(entity.trainable_variables, [entity.variable])
    assert same(entity.variables, [entity.variable, entity.fixed])


def test_an_entity_that_holds_itself_is_no_trouble():
    entity, other = Entity(), Entity()
    entity.other, other.other = other, entity
    entity.weight = tf.Variable(1.0)
    assert same(other.trainable_variables, [entity.weight])


def test_the_order_is_that_of_the_attributes():
    entity = Entity()
    entity.b, entity.a = tf.Variable(1.0, name="b"), tf.Variable(2.0, name="a")
    assert [v.name for v in entity.trainable_variables] == ["b:0", "a:0"]
    assert [id(v) for v in entity.trainable_variables] == [id(entity.b), id(entity.a)]


def test_gradients_reach_keras_3_variables():
    entity = Entity()
    entity.layer = built(keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(entity.layer(tf.constant([[2.0, 3.0]])))
    weights = [getattr(v, "value", v) for v in entity.trainable_variables]
    (gradient,) = tape.gradient(y, weights)
    assert gradient.numpy().ravel().tolist() == [2.0, 3.0]


class Weighted(Entity):
    def __init__(self, name):
        super().__init__(name=name)
        self.weight = tf.Variable(1.0)

    def behaviour(self):
        return Value(x=self.weight * 2.0)


def variable_of(entity, name):
    v = Variable(name, ValueSpec(x=FieldSpec()))
    v.value = value(entity.behaviour)
    return v


def test_a_storys_trainable_variables_are_keyed_by_entity():
    made = []

    def story():
        made.extend([Weighted("user"), Weighted("user"), Weighted("corpus"), Entity("plain")])
        return [variable_of(e, str(i)) for i, e in enumerate(made[:3])]

    variables, trainable = story_with_trainable_variables(story)
    assert [v.name for v in variables] == ["0", "1", "2"]
    Network(variables)
    assert list(trainable) == ["user", "user_2", "corpus", "plain"]
    assert trainable["user"][0] is made[0].weight
    assert trainable["user_2"][0] is made[1].weight
    assert trainable["plain"] == ()
    # Entities made afterwards are not the story's.
    Weighted("later")
    assert "later" not in trainable


def test_a_suffix_does_not_take_anothers_name():
    def story():
        for name in ("a", "a_2", "a"):
            Weighted(name)
        return []

    _, trainable = story_with_trainable_variables(story)
    assert len(trainable) == 3


def test_stories_within_stories_and_failing_ones_leave_nothing_behind():
    inner_found = []

    def inner():
        Weighted("inner")
        return []

    def outer():
        inner_found.append(story_with_trainable_variables(inner)[1])
        Weighted("outer")
        return []

    def failing():
        raise KeyError("no")

    assert list(story_with_trainable_variables(outer)[1]) == ["inner", "outer"]
    assert list(inner_found[0]) == ["inner"]
    with pytest.raises(KeyError):
        story_with_trainable_variables(failing)
    assert list(story_with_trainable_variables(inner)[1]) == ["inner"]


def test_default_names_are_those_of_the_roles():
    config = {"num_users": 1, "num_docs": 0, "num_topics": 2, "slate_size": 1}
    roles = {User: "User", Corpus: "Corpus", BaseRecommender: "BaseRecommender"}
    for role, name in {**roles, RecsMetricsBase: "Metrics"}.items():
        assert role(config).name == name
        assert role(config, name="mine").name == "mine"
