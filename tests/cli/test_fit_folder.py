"""The folder of a fit: what is not what `recsim-ng fit` wrote is said."""

import json

import pytest

from recsim_ng.cli import fit_folder
from recsim_ng.core.errors import ConfigError, DataError

ABOUT = {"story": "s", "config": {}, "method": "mcmc", "logs": {"sha256": "1", "num_steps": 3}}

BROKEN = [
    ("{", "got Expecting property name"),
    ("[]", "got something else"),
    ("3", "got something else"),
    ("{}", "got nothing of its story, config"),
    ('{"story": "s", "config": [], "logs": {}}', "got nothing of its config"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_a_fit_is_not_resumed_from_a_broken_request(content, message, tmp_path):
    (tmp_path / "request.json").write_text(content)
    with pytest.raises(DataError, match=message) as raised:
        fit_folder.begin(tmp_path, ABOUT, resume=True)
    assert "request.json must hold what `recsim-ng fit` wrote" in str(raised.value)
    assert str(raised.value).endswith("fit again, into another folder")


@pytest.mark.parametrize(
    ("content", "message"), [*BROKEN, (json.dumps(ABOUT), "got nothing of its drop, problems")]
)
def test_a_broken_summary_is_not_reported_on(content, message, tmp_path):
    (tmp_path / "request.json").write_text("{}")
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(DataError, match=message):
        fit_folder.load(str(tmp_path))


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path):
    assert not fit_folder.begin(tmp_path, ABOUT, resume=False)
    for name in (".fit.nc.123.part", ".fit.checkpoint.part"):
        (tmp_path / name).touch()
    moved = {**ABOUT, "logs": {"sha256": "1", "num_steps": 3, "file": "elsewhere"}}
    assert fit_folder.begin(tmp_path, moved, resume=True)
    assert [p.name for p in tmp_path.iterdir()] == ["request.json"]
    with pytest.raises(ConfigError, match="got logs.sha256 2 where it was 1"):
        fit_folder.begin(tmp_path, {**ABOUT, "logs": {"sha256": "2"}}, resume=True)
