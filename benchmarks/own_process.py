"""Measurements that need a process of their own: peak memory, compilation from nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def measured(module: str, *arguments: object) -> Any:
    """Runs a module in a fresh process and reads the JSON of the last line that it prints.

    Args:
      module: of this folder.
      *arguments: of its command line.

    Raises:
      RuntimeError: the process failed; the message ends with what it said.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            f"{module}: the run of {list(arguments)} must end well, got exit code "
            f"{done.returncode}: {done.stderr[-2000:]}"
        )
    return json.loads(done.stdout.splitlines()[-1])
