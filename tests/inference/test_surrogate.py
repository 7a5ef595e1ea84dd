"""Surrogates are densities, of the structure that they claim."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.amortisation import AmortisedMeanField
from recsim_ng.inference.flow import Flow
from recsim_ng.inference.scaling import Scaling
from recsim_ng.inference.surrogate import Frame, FullRank, MeanField, white_log_prob

B, N, F = 2, 3, 4
SURROGATES = {
    "mean field": MeanField((B, N)),
    "full rank": FullRank((B, N)),
    "flow": Flow((B, N), 2, 5),
    "amortised": AmortisedMeanField((B, N), 5),
}


def moved(surrogate):
    """(its bijector at parameters that are not the first ones, at which a flow is none yet)."""
    rng = np.random.default_rng(0)
    parameters = surrogate.initial(tf.constant([1, 2]), F)
    parameters = [x + 0.3 * rng.normal(size=x.shape).astype(np.float32) for x in parameters]
    return surrogate.bijector(tuple(parameters), tf.constant(rng.normal(size=(B, F)), tf.float32))


@pytest.mark.parametrize("name", SURROGATES)
def test_the_jacobian_is_the_maps_own(name):
    bijector = moved(SURROGATES[name])
    e = tf.random.stateless_normal([5, B, N], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(e)
        y = bijector.forward(e)
    jacobian = tape.batch_jacobian(y, e).numpy()  # [5, B, N, B, N]
    for block in range(B):
        mine = jacobian[:, block, :, block]
        said = np.broadcast_to(bijector.forward_log_det_jacobian(e, 1), [5, B])[:, block]
        np.testing.assert_allclose(np.linalg.slogdet(mine)[1], said, atol=1e-4)
        np.testing.assert_array_equal(jacobian[:, block, :, 1 - block], 0.0)
    # In a graph of its own: outside one, a flow's loop meets what earlier failures have left.
    inverse = tf.function(bijector.inverse)
    np.testing.assert_allclose(inverse(tf.identity(y)), e, atol=1e-3)


def test_every_number_of_a_flow_hangs_on_every_other():
    bijector = moved(Flow((1, N), 2, 8)) if B == 1 else moved(SURROGATES["flow"])
    e = tf.random.stateless_normal([1, B, N], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(e)
        y = bijector.forward(e)
    assert np.all(np.abs(tape.batch_jacobian(y, e).numpy()[0, 0, :, 0]) > 0.0)


def test_surrogates_begin_as_white_noise_in_their_frame():
    e = tf.random.stateless_normal([4, B, N], [1, 2])
    for surrogate in SURROGATES.values():
        parameters = surrogate.initial(tf.constant([1, 2]), F)
        np.testing.assert_allclose(
            surrogate.bijector(parameters, tf.ones([B, F])).forward(e), e, atol=1e-6
        )
    lower = tf.linalg.cholesky(tf.constant([[[2.0, 0.5], [0.5, 1.0]]]))
    frame = Frame(tf.constant([[1.0, -1.0]]), Scaling(lower), tf.zeros([1, 0])).bijector()
    e = tf.random.stateless_normal([4, 1, 2], [1, 2])
    expected = tf.constant([1.0, -1.0]) + Scaling(lower).forward(e)
    np.testing.assert_allclose(frame.forward(e), expected, atol=1e-6)
    assert float(white_log_prob(tf.zeros([2]))) == pytest.approx(-1.837877)


def test_surrogates_too_large_are_refused():
    with pytest.raises(
        ConfigError,
        match="family 'full_rank' must have 10,000,000 parameters at most, got 1,800,090,000 for 1 "
        "blocks of 60,000 unknowns; take 'mean_field'",
    ):
        FullRank((1, 60_000))
    with pytest.raises(ConfigError, match="family 'flow' must have 10,000,000 parameters at most"):
        Flow((1, 60_000), 2, 32)
    MeanField((1, 60_000))
