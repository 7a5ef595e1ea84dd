"""Finished runs on disk: nothing that was written is lost, nothing half written is believed."""

import numpy as np
import pytest

from recsim_ng.core import errors
from recsim_ng.runtime.run_log import RunLog

SETTINGS = {"story": "toy", "arms": ["a"], "configs": {"a": {"drift": 0.5}}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.jsonl"


def series(rng):
    return {"x": rng.normal(size=4), "y": np.array([0.1, np.nan, np.inf, 1e-300])}


def test_what_was_appended_is_read_back_to_the_bit(path, rng):
    written = [series(rng) for _ in range(3)]
    with RunLog(path, SETTINGS) as log:
        for seed, x in enumerate(written):
            log.append("a", seed, x)
    with RunLog(path, SETTINGS, resume=True) as log:
        assert list(log.finished) == [("a", 0), ("a", 1), ("a", 2)]
        for seed, x in enumerate(written):
            for name in x:
                np.testing.assert_array_equal(log.finished["a", seed][name], x[name])


@pytest.mark.parametrize("kept_bytes", [1, 20, -1])
def test_a_line_that_was_not_written_to_its_end_is_dropped(path, rng, kept_bytes):
    with RunLog(path, SETTINGS) as log:
        log.append("a", 0, series(rng))
        whole = path.stat().st_size
        log.append("a", 1, series(rng))
    text = path.read_bytes()
    path.write_bytes(text[: whole + kept_bytes] if kept_bytes > 0 else text[:-1])
    with RunLog(path, SETTINGS, resume=True) as log:
        assert list(log.finished) == [("a", 0)]
        log.append("a", 2, series(rng))
    with RunLog(path, SETTINGS, resume=True) as log:
        assert list(log.finished) == [("a", 0), ("a", 2)]


def test_a_file_killed_before_its_first_line_begins_anew(path):
    path.write_bytes(b'{"settings": {"st')
    with RunLog(path, SETTINGS, resume=True) as log:
        assert not log.finished
    with RunLog(path, SETTINGS, resume=True):
        pass


def test_a_line_damaged_in_the_middle_is_an_error_that_names_it(path, rng):
    with RunLog(path, SETTINGS) as log:
        log.append("a", 0, series(rng))
        log.append("a", 1, series(rng))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][9:] + lines[2])
    with pytest.raises(errors.DataError, match="line 2 of .* must be a finished run as JSON, got"):
        RunLog(path, SETTINGS, resume=True)


def test_an_earlier_run_is_not_overwritten(path):
    RunLog(path, SETTINGS).close()
    with pytest.raises(errors.OutputError, match="must not exist yet, got one of an earlier run"):
        RunLog(path, SETTINGS)


def test_other_settings_are_refused_and_named(path):
    RunLog(path, SETTINGS).close()
    other = {**SETTINGS, "configs": {"a": {"drift": 0.7}}}
    with pytest.raises(errors.ConfigError, match=r"got configs.a.drift 0.7 where .* has 0.5; give"):
        RunLog(path, other, resume=True)
    with pytest.raises(errors.ConfigError, match=r'got configs.a.speed 1 where .* has "\(none\)"'):
        RunLog(path, {**SETTINGS, "configs": {"a": {"drift": 0.5, "speed": 1}}}, resume=True)


def test_two_processes_cannot_write_the_same_file(path):
    with RunLog(path, SETTINGS):
        with pytest.raises(errors.OutputError, match="one process at a time"):
            RunLog(path, SETTINGS, resume=True)
    RunLog(path, SETTINGS, resume=True).close()


def test_a_file_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(errors.OutputError, match="must be writable, got"):
        RunLog(tmp_path / "file" / "runs.jsonl", SETTINGS)


def test_a_run_is_in_the_file_and_counted_though_the_wait_for_the_disk_is_stopped(
    path, rng, monkeypatch
):
    def stopped(_):
        raise KeyboardInterrupt

    with RunLog(path, SETTINGS) as log:
        monkeypatch.setattr("os.fsync", stopped)
        with pytest.raises(KeyboardInterrupt):
            log.append("a", 0, series(rng))
        assert list(log.finished) == [("a", 0)]
        assert path.read_bytes().count(b"\n") == 2
