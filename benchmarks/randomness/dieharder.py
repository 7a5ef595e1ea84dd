"""Runs one of dieharder's tests on a stream, through a pipe."""

import dataclasses
import re
import shutil
import subprocess
import time
from collections.abc import Iterable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Test:
    """One of dieharder's tests.

    Attributes:
        name: Its name in dieharder's output.
        number: Its number, dieharder's `-d`.
        size: The size of the tuples that it looks at, dieharder's `-n`, where there is a choice.
        samples: Number of p-values that it draws, on which a Kolmogorov-Smirnov test is made.
        draws: What one p-value is made of, dieharder's `-t`, where the test draws one p-value
            alone; more data then go into that, since dieharder's Kolmogorov-Smirnov test is not
            right for a few values.
    """

    name: str
    number: int
    size: int | None = None
    samples: int = 100
    draws: int | None = None

    def arguments(self, multiple: int = 1) -> list[str]:
        """The arguments for dieharder.

        Args:
            multiple: How many times the usual amount of data it takes.

        Returns:
            The arguments.
        """
        arguments = ["-d", str(self.number)]
        if self.size is not None:
            arguments += ["-n", str(self.size)]
        if self.draws is not None:
            return [*arguments, "-p", "1", "-t", str(self.draws * multiple)]
        return [*arguments, "-p", str(self.samples * multiple)]


# All that dieharder itself calls good and that takes less than about six seconds.
TESTS = (
    Test("diehard_birthdays", 0),
    Test("diehard_rank_6x8", 3),
    Test("diehard_count_1s_str", 8),
    Test("diehard_count_1s_byt", 9),
    Test("diehard_parking_lot", 10),
    Test("diehard_3dsphere", 12),
    Test("diehard_runs", 15),
    Test("diehard_craps", 16),
    Test("sts_monobit", 100),
    Test("sts_runs", 101),
    Test("sts_serial", 102),
    Test("rgb_bitdist", 200, size=4),
    Test("rgb_permutations", 202, size=5),
    Test("rgb_lagged_sum", 203, size=1),
    Test("dab_bytedistrib", 205, draws=51_200_000),
    Test("dab_dct", 206, size=256, draws=50_000),
    Test("dab_filltree", 207, draws=15_000_000),
    Test("dab_filltree2", 208, draws=5_000_000),
    Test("dab_monobit2", 209, draws=65_000_000),
)


@dataclasses.dataclass(frozen=True)
class Result:
    """What a test said of a stream.

    Attributes:
        p_values: A test may look at several statistics (`sts_serial` at 30).
        seconds: How long it took.
        megawords: Millions of 32-bit words written to it.
    """

    p_values: tuple[float, ...]
    seconds: float
    megawords: float

    @property
    def lowest(self) -> float:
        """The two-sided p-value of the most extreme statistic, corrected for their number."""
        two_sided = [2 * min(p, 1 - p) for p in self.p_values]
        return 1 - (1 - min(two_sided)) ** len(two_sided)

    @property
    def assessment(self) -> str:
        """PASSED, WEAK below 0.01, FAILED below 0.000002: dieharder's limits, on both sides."""
        return "FAILED" if self.lowest < 2e-6 else "WEAK" if self.lowest < 0.01 else "PASSED"


def version() -> str:
    """The version of the installed dieharder.

    Returns:
        The version, "not installed" where there is none.
    """
    program = shutil.which("dieharder")
    if program is None:
        return "not installed"
    banner = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"dieharder version (\S+)", banner)
    return found.group(1) if found else "unknown"


def parse(output: str) -> list[float]:
    """Reads the p-values out of dieharder's table.

    Args:
        output: What it wrote.

    Returns:
        One for each of its statistics.

    Raises:
        ValueError: There are none.
    """
    values = []
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) >= 6 and cells[-1] in ("PASSED", "WEAK", "FAILED"):
            values.append(float(cells[-2]))
    if not values:
        raise ValueError(f"dieharder: its output must have a table of p-values, got {output!r}")
    return values


def run(test: Test, stream: Iterable[np.ndarray], *, multiple: int = 1) -> Result:
    """Feeds a stream to a test until it has enough.

    Args:
        test: The test.
        stream: Blocks of uint32 words, without end.
        multiple: How many times the usual amount of data it takes.

    Returns:
        What it said.

    Raises:
        FileNotFoundError: dieharder is not installed.
        ValueError: dieharder wrote no result.
    """
    program = shutil.which("dieharder")
    if program is None:
        raise FileNotFoundError(
            "dieharder: the program must be on the path; on Debian: apt-get install dieharder"
        )
    command = [program, "-g", "200", *test.arguments(multiple)]
    started, words = time.perf_counter(), 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            for block in stream:
                process.stdin.write(block.astype("<u4", copy=False).tobytes())
                words += block.size
        except BrokenPipeError:  # it has enough
            pass
        output = process.stdout.read().decode()
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
    return Result(tuple(parse(output)), time.perf_counter() - started, words / 1e6)
