"""Checkpoints: an interrupted fit goes on where it stood, and another's is refused."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import ConfigError, OutputError
from recsim_ng.core.variable import value
from recsim_ng.inference import Fitter, McmcSettings
from recsim_ng.inference.checkpoint import Checkpoint
from recsim_ng.inference.origin import Origin
from tests.small_networks import X

LOGS = {"seen": Value(x=tf.constant([0.3, 0.5, -0.2]))}


SETTINGS = McmcSettings(num_draws=100, num_warmup=100, num_chains=2)


def story(prior=0.0):
    level, seen = Variable("level", X), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=ed.Normal(prior, 1.0, name="x")))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), 0.5, name="x")), (level,))
    return Network([level, seen])


@pytest.fixture(scope="module")
def fitter():
    return Fitter(story(), LOGS, settings=SETTINGS)


def stop(done, whole):
    raise KeyboardInterrupt


@pytest.mark.parametrize("stop_at", [50, 175])
def test_an_interrupted_fit_goes_on_to_the_same_draws(stop_at, fitter, tmp_path):
    path, seen = tmp_path / "fit.npz", []

    def stop(done, whole):
        if done == stop_at:
            raise KeyboardInterrupt

    expected = fitter.fit(seed=5).data.posterior["level.x"].values
    with pytest.raises(KeyboardInterrupt):
        fitter.fit(seed=5, progress=stop, checkpoint=path)
    assert path.exists()
    found = fitter.fit(seed=5, progress=lambda *at: seen.append(at), checkpoint=path)
    np.testing.assert_array_equal(found.data.posterior["level.x"].values, expected)
    assert seen[0][0] == stop_at + 25
    assert not path.exists()


def test_the_checkpoint_of_another_run_is_refused(fitter, tmp_path):
    path = tmp_path / "fit.npz"
    with pytest.raises(KeyboardInterrupt):
        fitter.fit(seed=5, progress=stop, checkpoint=path)
    with pytest.raises(ConfigError, match="must be of this run, got that of another story, logs"):
        fitter.fit(seed=6, checkpoint=path)
    path.write_bytes(b"what is this")
    with pytest.raises(ConfigError, match="must be a checkpoint, got"):
        fitter.fit(seed=5, checkpoint=path)
    with pytest.raises(OutputError, match="must be writable"):
        fitter.fit(seed=5, checkpoint=tmp_path / "nowhere" / "fit.npz")


def test_the_checkpoint_of_a_story_with_another_prior_is_refused(fitter, tmp_path):
    path = tmp_path / "fit.npz"
    with pytest.raises(KeyboardInterrupt):
        fitter.fit(seed=5, progress=stop, checkpoint=path)
    other = Fitter(story(prior=4.0), LOGS, settings=SETTINGS)
    with pytest.raises(ConfigError, match="must be of this run, got that of another story"):
        other.fit(seed=5, checkpoint=path)


@pytest.mark.parametrize("name", [3, "", "a\0b", b"bytes"])
def test_a_checkpoint_must_have_a_name(name, fitter):
    with pytest.raises(ConfigError, match="fit: checkpoint must be the name of a file, got"):
        fitter.fit(checkpoint=name)


def test_what_is_no_checkpoint_is_named(tmp_path):
    path = tmp_path / "file"
    for content, got in (
        (b"", "an empty file"),
        (b"what is this", "something else"),
        (b"recsim_ng checkpoint 1\n12", "something else"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=f"must be a checkpoint, got {got}; name another"):
            Checkpoint(path, RUN).load()
    with pytest.raises(ConfigError, match="must be a checkpoint, got 'Is a directory'"):
        Checkpoint(tmp_path, RUN).load()
    with pytest.raises(ConfigError, match="must be a checkpoint, got 'File name too long'"):
        Checkpoint(tmp_path / ("n" * 300), RUN).load()


RUN = Origin("a run", (1.0, -np.inf))


class Clock:
    """Tells what it is set to."""

    now = 0.0

    def __call__(self):
        return self.now


def piece(k, size=1000):
    return {"b": np.full(size, k), "a": np.array(k)}


def written(path, count, clock, keep=True):
    """A checkpoint to which `count` pieces were written, one by one."""
    pieces, file = [], Checkpoint(path, RUN, clock)
    for k in range(count):
        pieces = [*pieces, piece(k)] if keep else [piece(k)]
        clock.now += 60.0
        file.save(k + 1, (tf.constant([k, k]),), (pieces, [np.array(k)]))
    return file


def test_what_was_written_is_read_and_gone_on_with(tmp_path):
    path, clock = tmp_path / "run", Clock()
    written(path, 5, clock)
    again = Checkpoint(path, RUN, clock)
    done, ((state,),), (pieces, last) = again.load().restored((tf.constant([0, 0]),))
    assert done == 5 and state.numpy().tolist() == [4, 4]
    assert [int(p["a"]) for p in pieces] == [0, 1, 2, 3, 4]
    assert int(last[0]) == 4 and len(last) == 1
    size = path.stat().st_size
    pieces.append(piece(5))
    again.save(6, (state,), (pieces, last))
    assert path.stat().st_size - size < 1.5 * (size / 5)
    pieces = Checkpoint(path, RUN).load().lists[0]
    assert [p["b"][0] for p in pieces] == [0, 1, 2, 3, 4, 5]
    again.remove()
    assert not list(tmp_path.iterdir())


def test_a_file_grows_by_what_comes_and_not_by_what_it_has(tmp_path):
    written(tmp_path / "short", 10, Clock())
    written(tmp_path / "long", 100, Clock())
    short, long = (p.stat().st_size for p in (tmp_path / "short", tmp_path / "long"))
    assert long < 10.5 * short


def test_what_is_out_of_date_does_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("recsim_ng.inference.checkpoint._SPARE", 0)
    written(tmp_path / "run", 100, Clock(), keep=False)
    assert (tmp_path / "run").stat().st_size < 4 * (8 * 1000 + 1000)
    assert [p["b"][0] for p in Checkpoint(tmp_path / "run", RUN).load().lists[0]] == [99]
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("lost", [1, 100, 5000])
def test_a_record_that_was_cut_off_is_not_counted(lost, tmp_path):
    path, clock = tmp_path / "run", Clock()
    written(path, 3, clock)
    path.write_bytes(path.read_bytes()[:-lost])
    again = Checkpoint(path, RUN, clock)
    held = again.load()
    assert held.done == 2 and len(held.lists[0]) == 2
    again.save(3, tuple(held.state), ([*held.lists[0], piece(2)], held.lists[1]))
    assert Checkpoint(path, RUN).load().done == 3


def test_it_is_written_every_few_seconds_and_at_the_end_whatever_ends_it(tmp_path):
    path, clock = tmp_path / "run", Clock()
    with pytest.raises(KeyboardInterrupt), Checkpoint(path, RUN, clock) as file:
        found = []
        for done in range(1, 41):
            clock.now += 0.5
            file.save(done, (), ())
            found.append(Checkpoint(path, RUN).load().done)
        raise KeyboardInterrupt
    assert found[:14] == [1] * 6 + [7] * 6 + [13] * 2
    assert Checkpoint(path, RUN).load().done == 40


KILLED = """
import numpy as np
from recsim_ng.inference import checkpoint
from recsim_ng.inference.origin import Origin
checkpoint._EVERY, checkpoint._SHARE = 0.0, np.inf
file = checkpoint.Checkpoint("run", Origin("a run", (1.0, -np.inf)))
pieces = []
while True:
    pieces.append({"b": np.full(100000, len(pieces))})
    file.save(len(pieces), (), (pieces,))
    print(len(pieces), flush=True)
"""


def test_a_process_that_is_killed_leaves_a_whole_checkpoint(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    with process:
        for _ in range(20):
            told = int(process.stdout.readline())
        process.kill()
        told = max([told, *map(int, process.stdout.read().split())])
    file = Checkpoint(tmp_path / "run", RUN)
    held = file.load()
    assert told <= held.done <= told + 1
    assert [p["b"][0] for p in held.lists[0]] == list(range(held.done))
    file.remove()
    assert not list(tmp_path.iterdir())
