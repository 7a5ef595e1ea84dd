"""What is read off the methods' sources is what importing them gives."""

import dataclasses

import pytest

from recsim_ng.cli import fit_arguments, method_source
from recsim_ng.inference import method as methods


def test_every_method_may_be_asked_for():
    assert {m: kind for m, (_, kind) in method_source.methods().items()} == {
        method: kind.__name__ for method, kind in methods.SETTINGS.items()
    }
    assert fit_arguments.DEFAULT_METHOD in methods.SETTINGS


@pytest.mark.parametrize("method", methods.SETTINGS)
def test_the_source_says_what_the_settings_are(method):
    fields = {f.name: f for f in dataclasses.fields(methods.SETTINGS[method])}
    found = method_source.settings_of(method)
    for setting in found:
        assert setting.default == fields[setting.name].default
        assert setting.help, f"{method}: describe {setting.name} under Attributes"
    plain = {f.name for f in fields.values() if f.type in ("int", "float", "bool", "str")}
    assert {s.name for s in found} >= plain
    # What is itself made of settings, as those of neutra, has no flags: its defaults serve.
    assert bool(found) == (method != "neutra")


def test_a_description_over_several_lines_is_one_text():
    text = "What.\n\nAttributes:\n  one: first\n    line.\n  two: b.\n\nSource: none: at all."
    assert method_source.described_in(text, "Attributes") == {"one": "First line.", "two": "B."}
    assert method_source.described_in(text, "Args") == {}
