"""Arms on the same seeds: what comes out, in which order it may be interrupted and resumed."""

import contextlib
import dataclasses
import signal

import numpy as np
import pytest

from recsim_ng.core import errors
from recsim_ng.core.study import HeadlineMetric
from recsim_ng.runtime import PythonRuntime
from recsim_ng.runtime.experiment import Experiment
from recsim_ng.runtime.run_log import RunLog
from tests import toy_story

METRICS = toy_story.STUDY.metrics
STEPS = 5


def arms(**by_name):
    """Networks of the toy story: name=drift."""
    return {name: toy_story.story(toy_story.Config(drift=drift)) for name, drift in by_name.items()}


def experiment(seeds=3, **options):
    return Experiment(arms(slow=0.5, fast=2.0), METRICS, STEPS, seeds, **options)


class StopAfter:
    """A progress callback that raises once so many runs have finished."""

    def __init__(self, runs, error):
        self.runs, self.error, self.events = runs, error, []

    def __call__(self, progress):
        self.events.append(progress)
        if sum(event.event == "finished" for event in self.events) >= self.runs:
            raise self.error


def finished(results):
    return {
        (arm, seed)
        for arm in results.arms
        for seed in results.seeds
        if bool(results.dataset["finished"].sel(arm=arm, seed=seed))
    }


def test_every_run_is_what_the_reference_runtime_gives_for_its_seed():
    results = experiment(seeds=[7, 3], workers=2).run()
    assert results.arms == ["slow", "fast"] and results.seeds == [7, 3]
    for arm, network in arms(slow=0.5, fast=2.0).items():
        for seed in (7, 3):
            trajectory = PythonRuntime(network).trajectory(STEPS, seed=seed)
            for metric in METRICS:
                got = results.dataset[metric.name].sel(arm=arm, seed=seed)
                np.testing.assert_allclose(got, metric.compute(trajectory), rtol=1e-5, atol=1e-5)


def test_arms_share_their_noise_so_that_differences_are_exact():
    results = experiment(seeds=4).run()
    difference = results.difference("position", "fast")
    np.testing.assert_allclose(difference.mean, 1.5 * np.arange(STEPS), atol=1e-5)
    np.testing.assert_allclose(difference.standard_error, 0, atol=1e-5)
    assert np.all(results.estimate("position", "fast").standard_error[1:] > 0.01)


def test_the_number_of_workers_changes_nothing():
    one, three = experiment(workers=1).run(), experiment(workers=3).run()
    np.testing.assert_array_equal(one.dataset["spread"], three.dataset["spread"])


def test_progress_tells_when_an_arm_compiles_and_when_a_run_has_finished():
    events = []
    experiment(seeds=3, workers=1).run(events.append)
    compiling = [e.arm for e in events if e.event == "compiling"]
    runs = [e for e in events if e.event == "finished"]
    assert compiling == ["slow", "fast"]
    assert [e.done for e in runs] == [1, 2, 3, 4, 5, 6] and {e.total for e in runs} == {6}
    assert [e.compiled for e in runs] == [True, True, False, False, False, False]
    assert all(e.seconds > 0 for e in runs)
    # Seed by seed, so that what has finished is paired whenever it is interrupted.
    assert [(e.seed, e.arm) for e in runs] == [(s, a) for s in range(3) for a in ("slow", "fast")]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError()])
def test_what_had_finished_is_kept_when_a_run_is_interrupted_and_can_be_gone_on_with(error):
    stopped = experiment(workers=1)
    with pytest.raises(type(error)):
        stopped.run(StopAfter(3, error))
    kept = finished(stopped.results())
    assert {("slow", 0), ("fast", 0), ("slow", 1)} <= kept
    results = stopped.run()
    assert results.num_finished == 6
    whole = experiment().run()
    np.testing.assert_array_equal(results.dataset["position"], whole.dataset["position"])


def test_a_signal_in_the_middle_of_a_line_parts_no_run_from_it(tmp_path, monkeypatch):
    log = tmp_path / "runs.jsonl"
    write = RunLog._write

    def interrupted(self, entry):
        write(self, entry)
        if entry.get("seed") == 1:
            signal.raise_signal(signal.SIGINT)  # in this thread, at once

    monkeypatch.setattr(RunLog, "_write", interrupted)
    stopped = experiment(workers=1, log=log)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background: ignored
    try:
        with contextlib.closing(stopped), pytest.raises(KeyboardInterrupt):
            stopped.run()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    kept = finished(stopped.results())
    assert ("slow", 1) in kept and len(log.read_text().splitlines()) == len(kept) + 1


def test_a_signal_after_the_last_run_is_not_lost():
    events = []

    def interrupt(progress):
        events.append(progress)
        if progress.done == progress.total:
            signal.raise_signal(signal.SIGINT)

    finishing = experiment(workers=1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            finishing.run(interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert finishing.results().num_finished == 6


def test_a_resumed_experiment_runs_only_what_the_log_lacks(tmp_path):
    log, events = tmp_path / "deep" / "runs.jsonl", []
    first = experiment(workers=1, log=log)
    with pytest.raises(KeyboardInterrupt):
        first.run(StopAfter(4, KeyboardInterrupt()))
    kept = finished(first.results())
    first.close()
    second = experiment(workers=2, log=log, resume=True)
    assert finished(second.results()) == kept
    resumed = second.run(events.append)
    second.close()
    ran = {(e.arm, e.seed) for e in events if e.event == "finished"}
    assert not ran & kept and ran | kept == finished(resumed)
    whole = experiment().run()
    for metric in METRICS:
        np.testing.assert_array_equal(resumed.dataset[metric.name], whole.dataset[metric.name])


def test_a_resumed_experiment_may_have_more_seeds_but_no_other_settings(tmp_path):
    log = tmp_path / "runs.jsonl"
    experiment(seeds=2, log=log).close()
    experiment(seeds=3, log=log, resume=True).close()
    with pytest.raises(
        errors.ConfigError, match=r"settings that it had, got num_steps 6 where .*5"
    ):
        options = {"log": log, "resume": True}
        Experiment(arms(slow=0.5, fast=2.0), METRICS, STEPS + 1, 2, **options)
    with pytest.raises(errors.ConfigError, match=r'got arms \["slow"\] where'):
        Experiment(arms(slow=0.5), METRICS, STEPS, 2, log=log, resume=True)


def test_nan_in_a_run_is_an_error_that_names_arm_seed_variable_field_and_step():
    networks = {
        "sound": toy_story.story(toy_story.Config()),
        "broken": toy_story.story(toy_story.Config(breaks_at=3)),
    }
    watched = Experiment(networks, METRICS, STEPS, [5], workers=1, check_finite=True)
    with pytest.raises(
        errors.NonFiniteError, match="arm 'broken', seed 5, variable 'walk', field 'x', step 3"
    ):
        watched.run()
    assert finished(watched.results()) == {("sound", 5)}
    unwatched = Experiment(networks, METRICS, STEPS, [5]).run()
    assert np.isnan(unwatched.estimate("position", "broken").mean[-1])
    assert np.isfinite(unwatched.estimate("position", "sound").mean[-1])


def test_an_error_of_a_metric_says_in_which_run():
    def wrong(trajectory):
        raise ZeroDivisionError("no")

    metric = dataclasses.replace(METRICS[0], compute=wrong)
    with pytest.raises(ZeroDivisionError) as caught:
        Experiment(arms(slow=0.5), [metric], STEPS, 1).run()
    assert caught.value.__notes__ == ["in arm 'slow', seed 0"]


def test_a_metric_must_give_one_number_a_step():
    metric = HeadlineMetric("all", "all", ("walk.x",), lambda t: np.asarray(t["walk"].get("x")))
    with pytest.raises(errors.FieldError, match=r"metric 'all': .* \[5\], got \[5, 3\]"):
        Experiment(arms(slow=0.5), [metric], STEPS, 1).run()


def test_a_metric_must_read_what_the_arm_has():
    metric = dataclasses.replace(METRICS[0], record=("walk.y",))
    with pytest.raises(errors.FieldError, match="must fit arm 'slow', got record: 'walk.y'"):
        Experiment(arms(slow=0.5), [metric], STEPS, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 0}, "num_steps must be a whole number of at least 1, got 0"),
        ({"seeds": 0}, "seeds must be a whole number within 1..1000000, got 0"),
        ({"seeds": []}, "seeds must be one or more, each once, got none"),
        ({"seeds": [1, 2, 1]}, r"seeds must be one or more, each once, got \[1\] more than once"),
        ({"workers": 0}, "workers must be a whole number of at least 1, got 0"),
        ({"arms": {}}, "arms must be one or more, each once, got none"),
        ({"metrics": METRICS * 2}, r"metrics must be .*\['position', 'spread'\] more than once"),
    ],
)
def test_settings_out_of_range_are_clear_errors(change, message):
    settings = {"arms": arms(slow=0.5), "metrics": METRICS, "num_steps": STEPS, "seeds": 1}
    with pytest.raises(errors.ConfigError, match=message):
        Experiment(**{**settings, **change})
