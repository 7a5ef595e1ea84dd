"""Feeds the noise to dieharder and writes RESULTS.md.

python -m benchmarks.randomness                # all of it: about a quarter of an hour
python -m benchmarks.randomness --minutes 5    # a part; the next call goes on from there

Every finished result is kept in results.jsonl with a fingerprint of its stream, so that a call goes
on where another was stopped, and measures again what the noise has changed since.
"""

import argparse
import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import platform
import sys
import time
from collections.abc import Iterator

import numpy as np
from scipy import stats

from benchmarks.randomness import dieharder, streams

RESULTS = pathlib.Path(__file__).with_name("RESULTS.md")
KEPT = pathlib.Path(__file__).with_name("results.jsonl")
MULTIPLES = (1, 4, 16)  # a weak result is repeated with more data, from another origin
CONTROL = "control"
ALL = {**streams.STREAMS, CONTROL: streams.control}


def tries(name: str, test: dieharder.Test) -> Iterator[dieharder.Result]:
    """Tests a stream, with more data as long as the result is weak.

    Args:
        name: The stream.
        test: The test.

    Yields:
        The result of each try; the last is no longer weak, or all data are used up.
    """
    make = ALL[name]
    for number, multiple in enumerate(MULTIPLES):
        # Every test and try looks at other data.
        origin = 1 + dieharder.TESTS.index(test) * len(MULTIPLES) + number
        result = dieharder.run(test, make(origin), multiple=multiple)
        yield result
        if result.assessment != "WEAK":
            return


def fingerprint(name: str) -> str:
    """Tells whether a stream is still what it was.

    Args:
        name: The stream.

    Returns:
        A digest of its first words.
    """
    return hashlib.sha256(next(ALL[name](1)).tobytes()).hexdigest()[:16]


def kept(path: pathlib.Path) -> dict[tuple[str, str], list[dieharder.Result]]:
    """Reads the results of earlier calls that still hold.

    Args:
        path: The file; it need not exist.

    Returns:
        The tries, by stream and test.
    """
    found, prints = {}, {name: fingerprint(name) for name in ALL}
    for line in path.read_text().splitlines() if path.exists() else []:
        entry = json.loads(line)
        if entry["fingerprint"] == prints.get(entry["stream"]):
            tried = [dieharder.Result(**result) for result in entry["tries"]]
            found[entry["stream"], entry["test"]] = tried
    return found


def keep(path: pathlib.Path, name: str, test: str, results: list[dieharder.Result]) -> None:
    """Adds a finished result to the file.

    Args:
        path: The file.
        name: The stream.
        test: The test.
        results: The tries.
    """
    entry = {"stream": name, "test": test, "fingerprint": fingerprint(name)}
    entry["tries"] = [dataclasses.asdict(result) for result in results]
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")


def cell(results: list[dieharder.Result]) -> str:
    """What the table says of the tries at one stream and test.

    Args:
        results: The tries.

    Returns:
        The p-values, with those of repeated tries after arrows.
    """
    text = " -> ".join(f"{result.lowest:.2g}" for result in results)
    verdict = results[-1].assessment
    return text if verdict == "PASSED" else f"**{text} {verdict}**"


def report(table: dict[str, dict[str, list[dieharder.Result]]]) -> str:
    """Writes the results as a page.

    Args:
        table: The tries, by stream and test.

    Returns:
        Markdown.
    """
    ours = {name: row for name, row in table.items() if name != CONTROL}
    finals = [results[-1].assessment for row in ours.values() for results in row.values()]
    firsts = [results[0] for row in ours.values() for results in row.values()]
    again = sum(result.assessment != "PASSED" for result in firsts)
    so_many = stats.binom.sf(again - 1, len(firsts), 0.01)
    uniform = stats.kstest([result.lowest for result in firsts], "uniform").pvalue
    tried = [result for row in ours.values() for results in row.values() for result in results]
    words = sum(result.megawords for result in tried) / 1000
    minutes = sum(result.seconds for result in tried) / 60
    lines = [
        "# The noise under dieharder",
        "",
        "Written by `python -m benchmarks.randomness`. The noise is Threefry-2x32 with 20 rounds, "
        "addressed by seed, variable, site, step and element. Each stream walks along one axis of "
        "the address and keeps the others fixed (`streams.py` says how); `simulation` interleaves "
        "them as a run does. The published test vectors are checked in the tests.",
        "",
        f"**{finals.count('PASSED')} of {len(finals)} passed, {finals.count('WEAK')} weak, "
        f"{finals.count('FAILED')} failed**; {again} were weak at first and repeated with 4, then "
        f"16 times as much data from another part of the stream (a perfect generator has "
        f"{0.01 * len(finals):.1f} of them on average, {again} or more with probability "
        f"{so_many:.2g}). All first p-values together are uniform by a Kolmogorov-Smirnov test "
        f"with p = {uniform:.2g}.",
        "",
        "A cell is the two-sided p-value of the test's most extreme statistic, corrected for the "
        "number of its statistics; below 0.01 is weak, below 0.000002 failed. The last column is a "
        "control, a 32-bit linear congruential generator: the tests are able to fail.",
        "",
        "| test | " + " | ".join(table) + " |",
        "| --- |" + " ---: |" * len(table),
    ]
    for test in dieharder.TESTS:
        cells = [cell(row[test.name]) for row in table.values()]
        lines.append(f"| {test.name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"{words:.1f} thousand million words of 32 bits in {minutes:.0f} minutes, one test at a "
        f"time; dieharder {dieharder.version()}, numpy {np.__version__}, "
        f"Python {platform.python_version()}, {platform.machine()}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Runs all tests.

    Returns:
        The exit status: 1 if a stream of ours failed or the control did not, 2 if the time was up
        before the end.
    """
    parser = argparse.ArgumentParser(description="Feeds the noise to dieharder.")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after the test at hand")
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS, help="the page to write")
    parser.add_argument("--kept", type=pathlib.Path, default=KEPT, help="where results are kept")
    args = parser.parse_args()
    os.nice(10)
    started, done, table = time.perf_counter(), kept(args.kept), {name: {} for name in ALL}
    for name, test in itertools.product(ALL, dieharder.TESTS):
        results = done.get((name, test.name))
        if results is None:
            if time.perf_counter() - started > 60 * args.minutes:
                print(f"the time is up before {name}, {test.name}: call again to go on")
                return 2
            results = list(tries(name, test))
            keep(args.kept, name, test.name, results)
            seconds = sum(result.seconds for result in results)
            print(f"{name:12} {test.name:22} {cell(results):40} {seconds:6.1f} s", flush=True)
        table[name][test.name] = results
    args.out.write_text(report(table))
    print(f"written: {args.out}")
    failed = [
        f"{name}: {test}"
        for name in streams.STREAMS
        for test, results in table[name].items()
        if results[-1].assessment == "FAILED"
    ]
    control = [results[-1].assessment for results in table[CONTROL].values()]
    if failed or "FAILED" not in control:
        print("failed: " + (", ".join(failed) or "the control passed all tests"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
