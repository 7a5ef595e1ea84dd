import json

import pytest

from benchmarks import __main__ as command
from benchmarks import results
from benchmarks.row import Row


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Replaces the measurements, and where results are kept."""
    quickly = []

    def speed(*, quick):
        quickly.append(quick)
        return [Row("speed", "at least 2", 3.0, ok=True)]

    def missing(*, quick):
        raise ImportError("needs JAX, which is not installed")

    monkeypatch.setattr(command, "MEASUREMENTS", {"speed": speed, "missing": missing})
    monkeypatch.setattr(results.write, "__defaults__", (tmp_path / "results",))
    monkeypatch.setattr(results.update_page, "__defaults__", (tmp_path / "results", tmp_path / "P"))
    return quickly


def test_named_measurements_run_and_are_kept(measured, tmp_path, capsys):
    assert command.main(["speed"]) == 0
    assert measured == [False]
    assert "speed" in capsys.readouterr().out
    assert results.read(tmp_path / "results" / "speed.json")[0][0].measured == 3.0
    assert "| speed | at least 2 | 3 |" in (tmp_path / "P").read_text()


def test_a_quick_run_keeps_nothing_but_what_it_is_told_to(measured, tmp_path):
    path = tmp_path / "rows.json"
    assert command.main(["speed", "--quick", "--json", str(path)]) == 0
    assert measured == [True]
    assert json.loads(path.read_text())["speed"][0]["what"] == "speed"
    assert not (tmp_path / "results").exists() and not (tmp_path / "P").exists()


def test_what_cannot_run_is_said_in_one_line_and_the_rest_is_kept(measured, tmp_path, capsys):
    assert command.main([]) == 2
    assert capsys.readouterr().err == "missing: needs JAX, which is not installed\n"
    assert (tmp_path / "results" / "speed.json").exists()


def test_an_unknown_name_is_an_error_that_lists_what_there_is(measured, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(["sped"])
    assert stopped.value.code == 2
    assert "unknown: sped; there are: speed, missing" in capsys.readouterr().err


def test_every_measurement_says_what_it_measures():
    assert all(measure.__doc__ for measure in command.MEASUREMENTS.values())
