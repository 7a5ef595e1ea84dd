"""The streams that dieharder is fed are the noise of simulations, and its verdict is read right."""

import itertools

import numpy as np
import pytest

from benchmarks.randomness import __main__ as page
from benchmarks.randomness import dieharder, streams
from recsim_ng.core import noise


def first_words(name, origin, size):
    """The first words of a stream."""
    blocks, count = [], 0
    for block in streams.STREAMS[name](origin):
        assert block.dtype == np.uint32
        blocks.append(block)
        count += block.size
        if count >= size:
            return np.concatenate(blocks)[:size]


def drawn(seed, step, variable, site, index):
    """Both words of one element, by its address."""
    key = noise.site_key(seed, step, variable, site)
    return [int(word) for word in noise.threefry2x32(key.words, index)]


ADDRESSES = {
    "elements": lambda o: ((o, 0, "user state", "0", (i, 0)) for i in itertools.count()),
    "places": lambda o: ((o, 0, "user state", "0", (0, j)) for j in itertools.count()),
    "steps": lambda o: (
        (o, t, "user state", "0", (i, 0)) for t in itertools.count() for i in range(2)
    ),
    "seeds": lambda o: (
        (s, 0, "user state", "0", (i, 0)) for s in itertools.count(o << 24) for i in range(2)
    ),
    "sites": lambda o: (
        (o, 0, "user state", str(k), (i, 0)) for k in itertools.count() for i in range(16)
    ),
    "variables": lambda o: (
        (o, 0, f"variable {k}", "0", (i, 0)) for k in itertools.count() for i in range(16)
    ),
    "simulation": lambda o: (
        (o, t, "user state", site, (i, j))
        for t in itertools.count()
        for site in "012"
        for i in range(10)
        for j in range(3)
    ),
}


@pytest.mark.parametrize("name", streams.STREAMS)
def test_a_stream_is_the_noise_of_its_addresses(name):
    addresses = itertools.islice(ADDRESSES[name](3), 400)
    expected = [word for address in addresses for word in drawn(*address)]
    assert first_words(name, 3, 800).tolist() == expected


@pytest.mark.parametrize("name", streams.STREAMS)
def test_a_stream_goes_on_from_block_to_block(name):
    sizes = [block.size for block in itertools.islice(streams.STREAMS[name](3), 2)]
    words = first_words(name, 3, sum(sizes))
    place = sizes[0] // 2  # of the first element of the second block
    address = next(itertools.islice(ADDRESSES[name](3), place, None))
    assert words[sizes[0] : sizes[0] + 2].tolist() == drawn(*address)


def test_the_elements_stream_is_what_a_site_draws():
    key = noise.site_key(3, 0, "user state", "0")
    bits = np.asarray(noise.bits(key, (100,)))
    assert first_words("elements", 3, 200)[::2].tolist() == bits.tolist()


def test_the_control_is_the_generator_that_it_says():
    state, expected = 5, []
    for _ in range(streams.BLOCK + 10):
        expected.append(state)
        state = (state * 1664525 + 1013904223) % 2**32
    blocks = list(itertools.islice(streams.control(5), 2))
    assert np.concatenate(blocks)[: len(expected)].tolist() == expected


OUTPUT = """
#=============================================================================#
        test_name   |ntup| tsamples |psamples|  p-value |Assessment
#=============================================================================#
          sts_serial|   1|    100000|     100|0.38226104|  PASSED
          sts_serial|   2|    100000|     100|0.99996104|   WEAK
"""


def test_the_p_values_are_read():
    assert dieharder.parse(OUTPUT) == [0.38226104, 0.99996104]
    with pytest.raises(ValueError, match="must have a table of p-values"):
        dieharder.parse("no such test")


@pytest.mark.parametrize(
    ("p_values", "assessment"),
    [
        ((0.5,), "PASSED"),
        ((0.004,), "WEAK"),
        ((0.996,), "WEAK"),
        ((0.004,) + (0.5,) * 29, "PASSED"),  # the lowest of thirty is often that low
        ((0.0,), "FAILED"),
        ((1.0,), "FAILED"),
        ((0.0000001,) + (0.5,) * 4, "FAILED"),
    ],
)
def test_both_tails_count_and_many_statistics_share_the_limit(p_values, assessment):
    assert dieharder.Result(p_values, 0.0, 0.0).assessment == assessment


def test_a_repeated_test_takes_more_data():
    by_name = {test.name: test for test in dieharder.TESTS}
    assert by_name["diehard_runs"].arguments(4) == ["-d", "15", "-p", "400"]
    expected = ["-d", "206", "-n", "256", "-p", "1", "-t", "200000"]
    assert by_name["dab_dct"].arguments(4) == expected


def test_the_report_shows_what_failed_and_what_was_repeated():
    good, weak, bad = (dieharder.Result((p,), 1.0, 2.0) for p in (0.25, 0.002, 0.0))
    row = {test.name: [good] for test in dieharder.TESTS}
    ours = {**row, "diehard_runs": [weak, good], "sts_runs": [bad]}
    control = {**row, "dab_dct": [bad]}
    text = page.report({"steps": ours, "control": control})
    assert "**18 of 19 passed, 0 weak, 1 failed**; 2 were weak at first" in text
    assert "| diehard_runs | 0.004 -> 0.5 | 0.5 |" in text
    assert "| sts_runs | **0 FAILED** | 0.5 |" in text
    assert "| dab_dct | 0.5 | **0 FAILED** |" in text


def test_a_later_call_goes_on_and_forgets_what_the_noise_has_changed(tmp_path, monkeypatch):
    runs = []

    def run(test, stream, *, multiple):
        runs.append(test.name)
        return dieharder.Result((0.5 if next(stream)[0] != 1 else 0.0,), 1.0, 1.0)

    monkeypatch.setattr(dieharder, "run", run)
    monkeypatch.setattr(dieharder, "TESTS", dieharder.TESTS[:2])
    monkeypatch.setattr(page.os, "nice", lambda more: 0)
    out, kept = tmp_path / "page.md", tmp_path / "kept.jsonl"
    command = ["randomness", "--out", str(out), "--kept", str(kept)]
    monkeypatch.setattr("sys.argv", [*command, "--minutes", "0"])
    assert page.main() == 2 and not runs
    monkeypatch.setattr("sys.argv", command)
    assert page.main() == 0
    assert len(runs) == 2 * (len(streams.STREAMS) + 1) and out.exists()
    assert page.main() == 0
    assert len(runs) == 2 * (len(streams.STREAMS) + 1)
    monkeypatch.setitem(page.ALL, "steps", page.ALL["seeds"])
    assert page.main() == 0
    assert len(runs) == 2 * (len(streams.STREAMS) + 2)


def test_a_missing_program_is_said_with_its_cure(monkeypatch):
    monkeypatch.setattr(dieharder.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="apt-get install dieharder"):
        dieharder.run(dieharder.TESTS[0], iter(()))
