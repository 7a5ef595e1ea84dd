"""What is read off a story's source is what importing it gives."""

import dataclasses
import importlib
import typing

import pytest

from recsim_ng.cli import arguments, arms
from recsim_ng.cli.story_source import StorySource
from recsim_ng.stories import catalogue

MODULES = [*(entry.module for entry in catalogue.STORIES), "tests.toy_story"]


@pytest.mark.parametrize("name", MODULES)
def test_the_source_says_what_the_module_has(name):
    source, module = StorySource.of(name), importlib.import_module(name)
    fields, hints = dataclasses.fields(module.Config), typing.get_type_hints(module.Config)
    assert [s.name for s in source.settings] == [f.name for f in fields]
    for setting, field in zip(source.settings, fields, strict=True):
        assert setting.type == hints[field.name]
        assert setting.default == field.default and type(setting.default) is type(field.default)
        assert setting.help, f"{name}: describe {setting.name} by a string after it"
    study = module.STUDY
    assert source.num_steps == study.num_steps and source.num_seeds == study.num_seeds
    assert source.published == study.published


@pytest.mark.parametrize("name", MODULES)
def test_who_recommends_can_be_varied(name):
    settings = StorySource.of(name).settings
    config = {setting.name: setting.default for setting in settings}
    choices = {s.name: arms._choices(s.type) for s in settings}
    for setting, words in choices.items():
        if words:
            found = arms.arms_of(f"{setting}={','.join(words)}", config, settings)
            assert [config[setting] for config in found.values()] == words


@pytest.mark.parametrize("name", MODULES)
def test_no_setting_of_a_story_is_also_an_option_of_the_command(name):
    options = {field.name for field in dataclasses.fields(arguments.Options)}
    assert not options & {setting.name for setting in StorySource.of(name).settings}


def test_a_description_over_several_lines_is_one_text():
    settings = {s.name: s.help for s in StorySource.of("tests.toy_story").settings}
    assert settings["breaks_at"] == "The step at which positions become NaN; 0: never."
