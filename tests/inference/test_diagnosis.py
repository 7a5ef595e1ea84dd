"""Diagnostics name what is worst."""

import re

import numpy as np
import pytest
from scipy.signal import lfilter

from recsim_ng.core.lazy import arviz
from recsim_ng.inference.diagnosis import (
    agreement_problems,
    chain_problems,
    diagnostics,
    most_rhat,
    pareto_ks,
    pareto_problems,
)

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
    assert found[0].endswith(": the chains disagree")
    assert any(
        "least tail ESS" in p and "for user state.intent[0, 1], below 400: draw more" in p
        for p in found
    )
    draws[:, :, 0, 1] = draws[:, :, 0, 0]
    rhat, bulk, *_ = chain_problems(draws, stats, NAMES)
    assert " for user state.intent[2, 1], above 1.0" in rhat
    assert " for user state.intent[2, 1], below 400" in bulk


def test_what_diverges_and_what_does_not_move_is_named(draws, stats):
    stats["is_diverging"][:2, :3, 1] = True
    stats["energy"][3, :, 0] = np.cumsum(stats["energy"][3, :, 0])
    assert chain_problems(draws, stats, NAMES)[0] == (
        "6 of 12000 draws diverged, most of them (6) in the block of user state.intent[1, 0]: few "
        "enough that smaller steps may reach everywhere; fit again with "
        "McmcSettings(target_acceptance=0.95), and if some still do, draw what varies as a "
        "standard normal that the story shifts and scales"
    )
    assert (
        "of chain 3, below 0.3: chains take long to reach the tails"
        in (chain_problems(draws, stats, NAMES)[1])
    )
    stats["is_diverging"][:2, :30, 1] = True
    assert chain_problems(draws, stats, NAMES)[0] == (
        "60 of 12000 draws diverged, most of them (60) in the block of user state.intent[1, 0]: "
        "the density has corners, often because one unknown is the scale of others; reparametrise: "
        "draw these as standard normals that the story scales"
    )
    draws[0, :, 2] = 1.0
    assert chain_problems(draws, stats, NAMES) == (
        "chains [0] did not move, in 1 blocks, that of user state.intent[2, 0] the first",
    )


def chains_of(rng, count):
    """Four chains of 1,000 draws that are worth 250 independent ones each."""
    steps = rng.standard_normal((4, 1000, count))
    return lfilter([0.8], [1.0, -0.6], steps, axis=1).astype(np.float32)


def test_the_greatest_of_many_rhats_may_be_greater(rng):
    # At most one in a hundred such fits is distrusted: six of twelve come by chance once in 10^9.
    # The greatest of a hundred R-hats is above 1.01 in nine of ten.
    draws = [chains_of(rng, 100) for _ in range(12)]
    found = [agreement_problems(x) for x in draws]
    assert sum("R-hat" in problem for problems in found for problem in problems) < 6
    rhats = [arviz().rhat(arviz().convert_to_dataset({"z": x}))["z"] for x in draws[:6]]
    assert sum(float(x.max()) > 1.01 for x in rhats) >= 1


def test_a_chain_that_is_off_is_found_among_many_numbers(rng):
    # By a third of a standard deviation: four of the errors of its mean.
    draws = chains_of(rng, 100)
    draws[2, :, 71] += 0.5
    names = np.array([f"x[{i}]" for i in range(100)], object)
    assert any(" for x[71]" in problem for problem in agreement_problems(draws, names))


def test_few_numbers_of_many_draws_must_be_within_the_usual_bound():
    assert most_rhat(4000.0, 4, 1) == 1.01
    assert most_rhat(4000.0, 4, 300) == 1.01
    assert 1.01 < most_rhat(1000.0, 4, 300) < most_rhat(400.0, 4, 300) < 1.06


def test_rhat_and_its_bound_never_read_the_same(rng):
    draws = rng.standard_normal((4, 1000, 1))
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        found = agreement_problems(draws + [[[middle]], [[0.0]], [[0.0]], [[0.0]]])
        is_off = any("R-hat" in problem for problem in found)
        low, high = (low, middle) if is_off else (middle, high)
    found = agreement_problems(draws + [[[high]], [[0.0]], [[0.0]], [[0.0]]])[0]
    said = re.fullmatch(r"split R-hat is (1\.01\d+), above (1\.01): the chains disagree", found)
    assert said, found


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
