"""What the configs of all ready stories have in common."""

import dataclasses

import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.stories import STORIES

NEEDED = {"movielens": {"ratings": "folder"}}
CONFIGS = {entry.name: entry.load().Config for entry in STORIES}
FLAGS = [
    (name, field.name)
    for name, config in CONFIGS.items()
    for field in dataclasses.fields(config)
    if field.type == "bool"
]


def test_the_stories_with_flags_are_known():
    assert {name for name, _ in FLAGS} == {
        "movielens",
        "interest_evolution",
        "latent_satisfaction",
        "soft_attributes",
        "bandits",
    }


@pytest.mark.parametrize(("name", "flag"), FLAGS)
@pytest.mark.parametrize("x", ["nope", None, [], float("nan")], ids=repr)
def test_flags_are_true_or_false(name, flag, x):
    with pytest.raises(ConfigError) as error:
        CONFIGS[name](**NEEDED.get(name, {}), **{flag: x})
    assert str(error.value) == f"{name}: {flag} must be True or False, got {x!r}"


@pytest.mark.parametrize("name", CONFIGS)
def test_settings_of_another_kind_are_refused_by_name(name):
    needed = NEEDED.get(name, {})
    for field in dataclasses.fields(CONFIGS[name](**needed)):
        for x in (None, [], object()):
            with pytest.raises(ConfigError, match=f"{name}: .*{field.name}|recommender"):
                CONFIGS[name](**{**needed, field.name: x})
