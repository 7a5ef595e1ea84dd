"""What a fit has found: numbers of known draws, and how they are shown."""

import numpy as np
import pytest

from recsim_ng.cli import posterior_table
from recsim_ng.core.lazy import arviz


def posterior(shape=(), chains=4, draws=400, **more):
    x = np.random.default_rng(0).normal(3.0, 2.0, (chains, draws, *shape))
    return arviz().from_dict(posterior={"a.x": x, **more}), x


def test_numbers_are_those_of_the_draws():
    data, x = posterior((2,))
    (found,) = posterior_table.estimates(data)
    np.testing.assert_allclose(found.numbers["mean"], x.mean(axis=(0, 1)))
    np.testing.assert_allclose(found.numbers["sd"], x.std(axis=(0, 1)))
    low, high = np.quantile(x.reshape(-1, 2), [0.05, 0.95], axis=0)
    np.testing.assert_allclose(found.numbers["low"], low)
    np.testing.assert_allclose(found.numbers["high"], high)
    assert np.all(found.numbers["rhat"] < 1.02) and np.all(found.numbers["ess"] > 1000)
    held = found.to_json()
    assert held["shape"] == [2] and held["mean"] == pytest.approx(x.mean(axis=(0, 1)).tolist())


def test_of_a_single_draw_only_the_estimate_is_shown():
    data, _ = posterior(chains=1, draws=1)
    said = posterior_table.text_of(
        posterior_table.rendered(posterior_table.estimates(data), (), "toy by map")
    )
    assert "estimate" in said and "R-hat" not in said and "toy by map" in said


def test_one_chain_and_constants_have_no_rhat():
    data, _ = posterior(chains=1)
    said = posterior_table.text_of(
        posterior_table.rendered(posterior_table.estimates(data), (), "t")
    )
    row = next(line for line in said.splitlines() if "a.x" in line).split()
    assert row[-2] == "-" and float(row[1]) == pytest.approx(3.0, abs=0.5)


def test_of_many_elements_some_are_shown_and_the_worst_of_all():
    data, _ = posterior((3, 4))
    data.posterior["a.x"].values[0, :, 2, 3] += 30.0  # a chain elsewhere
    found = posterior_table.estimates(data)
    lines = posterior_table.text_of(posterior_table.rendered(found, (), "t")).splitlines()
    assert any("a.x[1, 0]" in line for line in lines)
    assert not any("a.x[1, 1]" in line for line in lines)
    (last,) = (line for line in lines if "... and 7 more; the worst of the 12:" in line)
    assert float(last.split()[-2]) > 1.5 and float(last.split()[-1]) < 20


def test_problems_come_first():
    data, _ = posterior()
    found = posterior_table.estimates(data)
    said = posterior_table.text_of(posterior_table.rendered(found, ("a [b]", "c"), "t"))
    assert said.startswith("NOT TO BE TRUSTED\n  - a [b]\n  - c\n")
    assert posterior_table.text_of(posterior_table.rendered(found, (), "t")).startswith(
        "No diagnostic speaks against this fit.\n"
    )


def test_too_many_numbers_stay_out_of_the_summary():
    data, _ = posterior((10_001,), chains=1, draws=1)
    (found,) = posterior_table.estimates(data)
    assert found.to_json() == {"shape": [10_001], "numbers": "too many: see fit.nc"}
