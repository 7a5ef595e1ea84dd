"""When two runs are the same: integers exactly, floats to rounding."""

import numpy as np

RELATIVE = 1e-5
# Counts as great as these are powers of float32, as those of Zipf's tail: an ulp of the exponent,
# by which processors differ, is 5e-5 of them.
GREAT_COUNT, GREAT_RELATIVE = 10_000, 2e-4


def assert_agree(expected, got, *, names=None) -> None:
    """Requires two trajectories, or two network values, to be the same run.

    Args:
        expected: Variable name -> Value.
        got: The same of another runtime.
        names: The variables to compare; all if None.

    Raises:
        AssertionError: They differ in names, or in a field: integers below 10,000 at all, floats
            by more than 1e-5 relative plus 1e-5 of the field's scale.
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
                is_great = np.abs(x.astype(np.float64)) >= GREAT_COUNT
                np.testing.assert_array_equal(y[~is_great], x[~is_great], err_msg=f"{name}.{field}")
                np.testing.assert_allclose(y[is_great], x[is_great], rtol=GREAT_RELATIVE)
