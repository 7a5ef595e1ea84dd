"""What is learnt of unseen intents and sensitivities, small: all numbers are there and sensible."""

import pytest

from examples.learning_satisfaction import Config, run


@pytest.mark.slow
def test_sensitivities_and_intents_are_learnt():
    small = Config(
        num_users=5, num_steps=20, num_data_sets=2, num_draws=300, num_warmup=200, num_iterations=12
    )
    found = run(small)
    assert found["mle worst"] < 0.01
    assert found["worst R-hat"] < 1.1
    # Full-size runs err by .0014, .0016 and .0017; one step's noise is .01.
    for name in ("mle", "mcmc", "em"):
        assert 0 < found[f"{name} rmse"] < 0.02
    for name in ("sensitivity", "intent"):
        assert found[f"{name} covered"] > 0.6
