"""Fixtures of the readers' tests."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Writes a text into a file, and returns its path."""

    def written(text):
        path = tmp_path / "log.csv"
        path.write_text(text)
        return path

    return written
