"""Checkpoints: an interrupted fit goes on where it stood, and another's is refused."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import ConfigError, OutputError
from recsim_ng.core.variable import value
from recsim_ng.inference import Fitter, McmcSettings
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
