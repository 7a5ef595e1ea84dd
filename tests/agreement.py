"""When two runs are the same: integers exactly, floats to rounding."""

import numpy as np
import pytest

RELATIVE = 1e-5

# By default XLA compiles; the graph alone is tried in tests/runtime, and everywhere by -m slow.
in_graph_and_xla = pytest.mark.parametrize(
    "jit_compile",
    [pytest.param(False, marks=pytest.mark.slow, id="graph"), pytest.param(True, id="xla")],
)


def assert_agree(expected, got, *, names=None) -> None:
    """Requires two trajectories, or two network values, to be the same run.

    Args:
        expected: Variable name -> Value.
        got: The same of another runtime.
        names: The variables to compare; all if None.

    Raises:
        AssertionError: They differ in names, or in a field: integers at all, floats by more than
            1e-5 relative plus 1e-5 of the field's scale.
    """
    assert list(expected) == list(got)
    for name in names or expected:
        assert sorted(expected[name]) == sorted(got[name])
        for field, x in expected[name].as_dict.items():
            x, y = np.asarray(x), np.asarray(got[name].get(field))
            assert (x.dtype, x.shape) == (y.dtype, y.shape), (name, field)
            if np.issubdtype(x.dtype, np.floating):
                scale = np.abs(x[np.isfinite(x)]).max(initial=0.0)
                tolerance = {"rtol": RELATIVE, "atol": RELATIVE * scale}
                np.testing.assert_allclose(y, x, err_msg=f"{name}.{field}", **tolerance)
            else:
                np.testing.assert_array_equal(y, x, err_msg=f"{name}.{field}")
