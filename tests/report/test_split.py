"""Splits keep back a share of each user's interactions."""

import numpy as np

from recsim_ng.report.split import split_by_user


def test_each_user_gives_the_share_rounded_down(rng):
    user = rng.permutation(np.repeat([4, 7, 9], [10, 4, 26]))
    kept = split_by_user(user, 0.2, 1)
    assert [int(kept[user == u].sum()) for u in (4, 7, 9)] == [2, 0, 5]
    assert not np.array_equal(kept, split_by_user(user, 0.2, 2))
    np.testing.assert_array_equal(kept, split_by_user(user, 0.2, 1))
