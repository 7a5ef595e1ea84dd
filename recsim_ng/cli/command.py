"""The command `recsim-ng`: what it is asked for, what it says when that cannot be done."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

from rich.console import Console

from recsim_ng.core.errors import ConfigError, OutputError, RecSimError

_WIDE = 120  # columns, where the output is no terminal
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
      argv: its arguments; those of the process if None.

    Returns:
      The exit code: 0; 2 for what was asked wrongly; 1 for what went wrong in a run or in data; 130
      after Ctrl-C.
    """
    try:
        code = _dispatch(sys.argv[1:] if argv is None else list(argv))
    except SystemExit as asked:  # tyro has said what there is to say
        code = asked.code if isinstance(asked.code, int) else 2
    except RecSimError as error:
        _complain(str(error))
        code = 2 if isinstance(error, ConfigError | OutputError) else 1
    except KeyboardInterrupt:
        _complain("interrupted")
        code = INTERRUPTED
    except BrokenPipeError:  # what read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    except (OSError, MemoryError) as error:
        _complain(f"{type(error).__name__}: {error}")
        code = 1
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        _complain("must fit into memory, got too much; lower the sizes, or --workers")
        code = 1
    if argv is None and _is_running():
        # A run in flight cannot be stopped, and Python would wait for it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _dispatch(argv: list[str]) -> int:
    from recsim_ng.cli import arguments, quiet

    if argv == ["--version"]:
        from recsim_ng import __version__

        print(__version__)
        return 0
    asked = arguments.parse(argv)
    if isinstance(asked, arguments.Study):
        from recsim_ng.cli import study

        err = Console(stderr=True)
        with quiet.plain_warnings():
            return study.run(asked, _console(), err)
    if isinstance(asked, arguments.Data):
        return _fetch(asked.dataset, asked.directory)
    return _list()


def _list() -> int:
    from rich.table import Table

    from recsim_ng.stories import catalogue

    table = Table(box=None, show_header=False)
    for entry in catalogue.STORIES:
        table.add_row(f"[bold]{entry.name}[/]", entry.summary)
    console = _console()
    console.print(table)
    console.print("\nrecsim-ng run STORY; recsim-ng run STORY --help", highlight=False)
    return 0


def _fetch(dataset: str, directory: str) -> int:
    from recsim_ng.datasets import data_source, download

    for path in download.fetch(dataset, directory):
        print(path)
    source = data_source.SOURCES[dataset]
    print(source.terms)
    print(source.use.format(folder=directory))
    return 0


def _console() -> Console:
    wide = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=_WIDE if wide else None)


def _complain(text: str) -> None:
    text = " ".join(text.removeprefix("recsim-ng: ").split())
    print(f"recsim-ng: {text}", file=sys.stderr)


def _is_running() -> bool:
    return any(thread.name == "recsim_ng experiment" for thread in threading.enumerate())


def _is_out_of_memory(error: Exception) -> bool:
    return type(error).__name__ == "ResourceExhaustedError"
