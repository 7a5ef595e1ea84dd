"""The roles: what they read from the config, and what they leave to subclasses."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Value
from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.recommendation import BaseRecommender, Corpus, RecsMetricsBase, User

SIZES = {"num_users": 2, "num_topics": 3, "num_docs": 4, "slate_size": 1}


@pytest.mark.parametrize(
    ("role", "needs"),
    [
        (User, {"num_users", "num_topics"}),
        (Corpus, {"num_docs", "num_topics"}),
        (BaseRecommender, {"slate_size", "num_users", "num_docs"}),
        (RecsMetricsBase, {"num_users"}),
    ],
)
def test_roles_read_only_what_they_need(role, needs):
    role({name: 0 if name == "num_docs" else 1 for name in needs})
    read = set()

    class Config(dict):
        def get(self, name, default=None):
            read.add(name)
            return 1

    role(Config())
    assert read == needs


@pytest.mark.parametrize("x", [float("nan"), "x", None, -1, 1.5, [2], True, 2**31, tf.constant(2)])
@pytest.mark.parametrize(
    ("role", "name", "least"),
    [
        (User, "num_users", 1),
        (User, "num_topics", 1),
        (Corpus, "num_docs", 0),
        (Corpus, "num_topics", 1),
        (BaseRecommender, "num_users", 1),
        (BaseRecommender, "num_docs", 0),
        (BaseRecommender, "slate_size", 1),
        (RecsMetricsBase, "num_users", 1),
    ],
)
def test_a_size_that_is_no_whole_number_is_refused(role, name, least, x):
    with pytest.raises(ConfigError) as error:
        role({**SIZES, name: x}, name="mine")
    bound = f"within {least}..2147483647" if x == 2**31 else f"of at least {least}"
    assert str(error.value) == f"mine: {name} must be a whole number {bound}, got {x!r}"


@pytest.mark.parametrize("role", [User, Corpus, BaseRecommender, RecsMetricsBase])
def test_a_config_that_lacks_a_size_or_is_none_is_refused(role):
    with pytest.raises(ConfigError, match=r"config must have 'num_\w+', got only \['other'\]"):
        role({"other": 1})
    for config in (None, 3, [("num_users", 1)]):
        with pytest.raises(ConfigError, match="config must be settings by name, .*, got"):
            role(config)
    if role is not RecsMetricsBase:  # 0 documents is a number, 0 users, topics or places are not
        with pytest.raises(ConfigError, match="must be a whole number of at least 1, got 0"):
            role({name: 0 for name in SIZES})


def test_a_role_need_not_define_what_its_story_does_not_call():
    class Partial(User):
        def initial_state(self):
            return Value(n=np.float32(1.0))

    user = Partial({"num_users": 2, "num_topics": 3})
    assert user.initial_state().get("n") == 1.0
    for call in (
        user.specs,
        lambda: user.observation(None),
        lambda: user.next_response(None, None),
    ):
        with pytest.raises(NotImplementedError, match="Partial: must define .*, which its story"):
            call()
