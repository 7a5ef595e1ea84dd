"""Whether a chunk keeps a recommender from holding arrays of users times documents.

Run as `python -m benchmarks.chunk_memory RECOMMENDER USERS DOCUMENTS CHUNK`, in its own process;
prints one JSON line: the gigabytes by which a run raised the peak of resident memory.
"""

from __future__ import annotations

import json
import sys

from benchmarks import own_process
from benchmarks.peak_memory import peak_bytes
from benchmarks.row import Row

_SLATE, _STEPS = 10, 2


def chunk_memory(*, quick: bool = False) -> list[Row]:
    """Memory of a run of every recommender with a chunk, beside one array of users x documents.

    Args:
      quick: small sizes; nothing is judged.

    Raises:
      RuntimeError: a run failed.
    """
    from recsim_ng.entities.recommenders import RECOMMENDERS

    users, docs, chunk = (50, 40, 10) if quick else (50_000, 5_000, 500)
    one_array = 4 * users * docs / 1e9
    rows = [Row(f"one float32 array of {users:,} users x {docs:,} documents", "", one_array, "GB")]
    for name in RECOMMENDERS:
        took = own_process.measured("chunk_memory", name, users, docs, chunk)
        what = f"{name}, chunk of {chunk}: memory of a run"
        asked, ok = ("", None) if quick else ("less than that array", took < one_array)
        rows.append(Row(what, asked, took, "GB", ok=ok))
    return rows


def main(arguments: list[str]) -> None:
    """Runs a recommender and prints what memory it took.

    Args:
      arguments: name of the recommender, users, documents, chunk.
    """
    from benchmarks import recommender_story
    from recsim_ng import TFRuntime

    name, (users, docs, chunk) = arguments[0], (int(n) for n in arguments[1:])
    runtime = TFRuntime(recommender_story.story(name, users, docs, _SLATE, chunk))
    before = peak_bytes()
    runtime.execute(_STEPS, seed=0)
    print(json.dumps((peak_bytes() - before) / 1e9))


if __name__ == "__main__":
    main(sys.argv[1:])
