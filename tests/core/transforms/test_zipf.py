"""Zipf's law, in whose tail counts are greater than float32 can tell apart."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import noise, sampling


def test_counts_are_the_same_with_xla_and_without():
    law = tfp.distributions.Zipf(power=np.full(20_000, 1.35, np.float32), dtype=tf.int32)
    drawn = sampling.draw_noise(law, noise.site_key(3, 0, "v", "zipf"))
    plain = sampling.transform(law, drawn).numpy()
    compiled = tf.function(lambda u: sampling.transform(law, u), jit_compile=True)(drawn).numpy()
    great = plain > 10_000
    # P(count > 10,000) is about .035: some 700 of them, up to the greatest int32.
    assert 500 < great.sum() < 1000 and plain.max() > 2**30
    np.testing.assert_array_equal(compiled, plain)
