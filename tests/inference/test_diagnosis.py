"""Diagnostics name what is worst."""

import numpy as np
import pytest

from recsim_ng.inference.diagnosis import (
    chain_problems,
    diagnostics,
    pareto_ks,
    pareto_problems,
)
from recsim_ng.inference.inference_data import arviz

NAMES = np.array([[f"user state.intent[{i}, {k}]" for k in range(2)] for i in range(3)], object)


@pytest.fixture
def draws(rng):
    return rng.standard_normal((4, 1000, 3, 2))


@pytest.fixture
def stats(rng):
    energy = rng.standard_normal((4, 1000, 3))
    return {"is_diverging": np.zeros((4, 1000, 3), bool), "energy": energy}


def test_independent_draws_have_no_problem(draws, stats):
    assert chain_problems(draws, stats, NAMES) == ()


def test_the_worst_number_is_named(draws, stats):
    draws[1, :, 2, 1] += 3.0
    draws[:, :, 0, 1] = draws[:, :, 0, 1].cumsum(axis=1)
    found = chain_problems(draws, stats, NAMES)
    assert "user state.intent[" in found[0]
    assert found[0].endswith("above 1.01: the chains disagree")
    assert any(
        "least tail ESS" in p and "for user state.intent[0, 1], below 400: draw more" in p
        for p in found
    )
    draws[:, :, 0, 1] = draws[:, :, 0, 0]
    rhat, bulk, *_ = chain_problems(draws, stats, NAMES)
    assert " for user state.intent[2, 1], above 1.01" in rhat
    assert " for user state.intent[2, 1], below 400" in bulk


def test_what_diverges_and_what_does_not_move_is_named(draws, stats):
    stats["is_diverging"][:2, :3, 1] = True
    stats["energy"][3, :, 0] = np.cumsum(stats["energy"][3, :, 0])
    assert chain_problems(draws, stats, NAMES)[0] == (
        "6 draws diverged, most of them (6) in the block of user state.intent[1, 0]: the density "
        "has corners; reparametrise"
    )
    assert "of chain 3, below 0.3" in chain_problems(draws, stats, NAMES)[1]
    draws[0, :, 2] = 1.0
    assert chain_problems(draws, stats, NAMES) == (
        "chains [0] did not move, in 1 blocks, that of user state.intent[2, 0] the first",
    )


def test_the_table_has_a_row_for_each_element(rng, draws):
    az = arviz()
    stats = {"diverging": np.zeros((4, 1000), bool), "energy": rng.standard_normal((4, 1000))}
    data = az.from_dict(posterior={"user state.intent": draws}, sample_stats=stats)
    found = diagnostics(data, {})
    assert found.table.index.tolist() == NAMES.ravel().tolist()
    one = az.rhat(data)["user state.intent"].values[1, 0]
    assert found.table.loc["user state.intent[1, 0]", "r_hat"] == pytest.approx(one)
    # Of n independent draws the mean's error is sd / sqrt(n); seven of its standard errors.
    assert found.table["mcse_mean"].values == pytest.approx(4000**-0.5, rel=0.35)
    assert found.num_diverging == 0
    assert found.bfmi == pytest.approx(az.bfmi(data))
    assert "0 draws diverged; least E-BFMI" in repr(found)


def test_a_single_draw_has_no_diagnostics():
    data = arviz().from_dict(posterior={"x": np.zeros((1, 1, 2))})
    found = diagnostics(data, {})
    assert found.table.index.tolist() == ["x[0]", "x[1]"]
    assert found.table.isna().all(axis=None)
    assert repr(found) == "Diagnostics: of a single draw"


def test_observations_that_hardly_any_draw_explains_are_named(rng):
    scores = rng.standard_normal((4, 250, 3, 5)) * 0.1
    draws = rng.standard_normal((4, 250))
    data = arviz().from_dict(posterior={"x": draws}, log_likelihood={"seen.x": scores})
    assert pareto_problems(pareto_ks(data)) == ()
    scores[:, :, 2, 3] = -np.abs(rng.standard_cauchy((4, 250))) * 10
    scores[:, :, 1, 1] = -np.abs(rng.standard_cauchy((4, 250)))
    k = pareto_ks(arviz().from_dict(posterior={"x": draws}, log_likelihood={"seen.x": scores}))
    assert k["seen.x"].shape == (3, 5)
    (problem,) = pareto_problems(k)
    assert problem.startswith("Pareto k is above 0.7 for 2 of 15 observations of seen.x, ")
    assert " at seen.x[" in problem
