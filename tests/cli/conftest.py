"""The command with the toy story beside the ready ones."""

import pytest

from recsim_ng.stories import catalogue
from tests.toy_catalogue import TOY


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """Puts the toy story into the catalogue, and the test into an empty folder."""
    monkeypatch.setattr(catalogue, "STORIES", (*catalogue.STORIES, TOY))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path
