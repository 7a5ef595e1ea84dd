"""The roles: what they read from the config, and what they leave to subclasses."""

import numpy as np
import pytest

from recsim_ng import Value
from recsim_ng.entities.recommendation import BaseRecommender, Corpus, RecsMetricsBase, User


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
    role({name: 0 for name in needs})
    read = set()

    class Config(dict):
        def __getitem__(self, name):
            read.add(name)
            return 1

    role(Config())
    assert read == needs


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
