"""The normal quantile, against SciPy's, in both precisions and under XLA."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng.core import normal_quantile

PRECISIONS = [
    pytest.param(tf.float32, 1e-37, 3e-6, id="single"),
    pytest.param(tf.float64, 1e-300, 3e-14, id="double"),
]


def masses(dtype, least):
    logs = np.concatenate([np.linspace(np.log(least), np.log(0.5), 2000), np.log([0.074, 0.076])])
    return tf.constant(np.exp(logs), dtype)


@pytest.mark.parametrize(("dtype", "least", "error"), PRECISIONS)
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "xla"])
def test_distance_is_scipys_quantile(dtype, least, error, jit):
    mass = masses(dtype, least)
    exact = stats.norm.isf(mass.numpy().astype(np.float64))
    find = tf.function(normal_quantile.distance, jit_compile=True)
    found = (find if jit else normal_quantile.distance)(mass)
    np.testing.assert_allclose(found, exact, rtol=error, atol=error)


@pytest.mark.parametrize(("dtype", "least", "error"), PRECISIONS)
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "xla"])
def test_distance_of_a_logarithm_reaches_where_the_mass_underflows(dtype, least, error, jit):
    log_mass = tf.constant(-np.geomspace(np.log(2.0) + 1e-6, 1e6, 2000), dtype)
    find = tf.function(normal_quantile.distance_of_log, jit_compile=True)
    found = (find if jit else normal_quantile.distance_of_log)(log_mass).numpy()
    assert np.all(np.diff(found) >= 0)
    back = stats.norm.logsf(found.astype(np.float64))
    # Beyond 38 deviations by an asymptotic series: 1e-7 in the logarithm.
    np.testing.assert_allclose(back, log_mass, rtol=max(3 * error, 1e-5), atol=3 * error)
