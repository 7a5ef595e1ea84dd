import itertools
import time

import numpy as np
import pytest

from benchmarks import timing


class FakeClock:
    """Seconds that pass only where a program says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def program(self, seconds, first=0.0, log=None, name=""):
        calls = itertools.count()

        def run():
            call = next(calls)
            if log is not None:
                log.append(name)
            self.now += (
                first if call == 0 and first else seconds(call) if callable(seconds) else (seconds)
            )

        return run


def test_a_known_ratio_is_found():
    clock = FakeClock()
    programs = {"slow": clock.program(3.0), "fast": clock.program(1.5)}
    timed = timing.time_paired(programs, rounds=5, clock=clock)
    ratio = timed.ratio("slow", "fast")
    assert ratio.median == ratio.low == ratio.high == 2.0
    assert ratio.rounds == (2.0,) * 5
    assert timed.median_seconds("slow") == 3.0


def test_compile_time_stands_apart():
    clock = FakeClock()
    programs = {"compiled": clock.program(1.0, first=11.0), "plain": clock.program(2.0)}
    timed = timing.time_paired(programs, rounds=3, clock=clock)
    assert timed.seconds["compiled"] == (1.0, 1.0, 1.0)
    assert timed.first_seconds["compiled"] == 11.0
    assert timed.compile_seconds("compiled") == 10.0
    assert timed.compile_seconds("plain") == 0.0


def test_every_program_runs_once_a_round_and_leads_equally_often():
    clock, log = FakeClock(), []
    names = "abc"
    programs = {n: clock.program(1.0, log=log, name=n) for n in names}
    timing.time_paired(programs, rounds=6, warm_up=2, clock=clock)
    rounds = np.reshape(log, (-1, 3))
    assert len(rounds) == 1 + 2 + 6
    assert all(sorted(r) == list(names) for r in rounds)
    assert sorted(r[0] for r in rounds[3:]) == sorted(names * 2)


def test_two_programs_alternate_in_order():
    clock, log = FakeClock(), []
    programs = {n: clock.program(1.0, log=log, name=n) for n in "ab"}
    timing.time_paired(programs, rounds=4, warm_up=0, clock=clock)
    leads = "".join(log[2::2])
    assert leads.count("a") == leads.count("b") == 2


def test_what_slows_a_whole_round_leaves_the_ratio_alone():
    clock = FakeClock()
    busy = [1.0, 1.0, 9.0, 1.0, 30.0, 1.0, 2.0, 1.0]  # by call, the first two do not count
    programs = {
        "a": clock.program(lambda call: 2.0 * busy[call]),
        "b": clock.program(lambda call: 1.0 * busy[call]),
    }
    timed = timing.time_paired(programs, rounds=6, clock=clock)
    assert timed.ratio("a", "b").rounds == (2.0,) * 6


def test_real_sleeps_are_told_apart():
    programs = {"long": lambda: time.sleep(0.06), "short": lambda: time.sleep(0.02)}
    ratio = timing.time_paired(programs, rounds=5).ratio("long", "short")
    # Sleeps overrun, never fall short: 0.06 / 0.02 with a generous allowance for a busy machine.
    assert 1.5 < ratio.median < 4.5


def test_the_interval_covers_the_median_of_noisy_ratios():
    # 95 % interval of 200 repetitions; below 170 covered has probability < 1e-6 if it is 95 %.
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        low, high = timing.bootstrap_median(generator.lognormal(size=25), resamples=500)
        covered += low <= 1.0 <= high
    assert covered >= 170


def test_the_interval_is_reproducible_and_orders_its_ends():
    values = [1.0, 4.0, 2.0, 8.0]
    low, high = timing.bootstrap_median(values)
    assert (low, high) == timing.bootstrap_median(values)
    assert 1.0 <= low <= 3.0 <= high <= 8.0


def test_no_programs_no_rounds_and_no_values_are_refused():
    with pytest.raises(ValueError, match="at least one program, got none"):
        timing.time_paired({})
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        timing.time_paired({"a": lambda: None}, rounds=0)
    with pytest.raises(ValueError, match="at least one value, got none"):
        timing.bootstrap_median([])
    with pytest.raises(ValueError, match=r"confidence must be in \(0, 1\), got 1.0"):
        timing.bootstrap_median([1.0], confidence=1.0)


def test_the_environment_names_device_processors_and_versions():
    found = timing.environment()
    assert found["devices"] and found["cpu_count"] >= 1 and found["processor"]
    assert found["versions"]["numpy"] == np.__version__
