"""Edward2 beside SciPy, and its traceable random variable."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng import ed
from recsim_ng.core.edward2 import is_random_variable
from tests.source import ROOT

tfd = tfp.distributions


def run_python(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:distutils", "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_it_is_imported_beside_scipy_quietly_and_edward2_after_it():
    result = run_python(
        """
        import scipy.stats
        before = scipy.stats.norm.rvs
        from recsim_ng import ed
        assert 0.0 == ed.Normal(loc=0.0, scale=1.0, value=0.0).value
        import edward2
        assert edward2.Normal is ed.Normal
        assert scipy.stats.norm.rvs == before, "edward2 patched scipy.stats"
        import logging, os
        assert logging.getLogger().level == logging.WARNING
        print("done")
        """
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == "done\n"
    assert "NumPy backend" not in result.stderr


@pytest.mark.slow
def test_it_is_imported_after_edward2_whether_that_failed_or_not():
    result = run_python(
        """
        import scipy.stats, warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                import edward2
                came = True
            except Exception:
                came = False
        from recsim_ng import ed
        assert 0.0 == ed.Normal(loc=0.0, scale=1.0, value=0.0).value
        import edward2
        assert edward2.Normal is ed.Normal
        scipy.stats.norm.rvs(size=3, random_state=0)
        print("done", came)
        """
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.startswith("done")


def test_ed_is_edward2_but_for_random_variable():
    import edward2

    for name in ("Normal", "Categorical", "MixtureSameFamily", "trace", "traceable", "Independent"):
        assert getattr(ed, name) is getattr(edward2, name)
    assert ed.RandomVariable is not edward2.RandomVariable


def test_random_variable_makes_and_tells_random_variables():
    variable = ed.RandomVariable(tfd.Normal(0.0, 1.0), sample_shape=(3,), value=tf.ones([3]))
    assert isinstance(variable, ed.RandomVariable) and is_random_variable(variable)
    assert isinstance(ed.Normal(0.0, 1.0), ed.RandomVariable)
    assert not isinstance(tf.zeros([2]), ed.RandomVariable)
    np.testing.assert_array_equal(variable.value, [1, 1, 1])
    assert variable.shape == [3]


def test_random_variable_is_traceable():
    seen = []

    def tracer(construct, *args, **kwargs):
        seen.append((construct.__name__, kwargs["name"]))
        kwargs["value"] = 5.0
        return construct(*args, **kwargs)

    with ed.trace(tracer):
        variable = ed.RandomVariable(tfd.Normal(0.0, 1.0), name="x")
    assert seen == [("random_variable", "x")]
    assert variable.value == 5.0


def test_a_random_variable_without_tracer_draws():
    draws = [ed.RandomVariable(tfd.Normal(tf.zeros([4]), 1.0)).value for _ in range(2)]
    assert (draws[0] != draws[1]).numpy().any()
