"""Learn what cannot be seen: each user's intent, and how much satisfaction is left after a step.

Logs hold slates, choices and satisfactions of users whose sensitivities differ. They are learnt
(a) with everything seen, by maximum likelihood; (b) with intents unseen, by Monte-Carlo EM, which
averages over them, and by NUTS, which finds what can be said of both. Over several data sets it is
counted how often intervals cover the truth.

    python -m examples.learning_satisfaction --help
"""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import tensorflow as tf
import tyro

from recsim_ng import Network, TFRuntime
from recsim_ng.inference import EmSettings, Fitter, McmcSettings, fit
from recsim_ng.stories import latent_satisfaction


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the example."""

    num_users: int = 50
    """U."""
    num_steps: int = 30
    """T."""
    num_data_sets: int = 10
    """How many times the logs are made anew."""
    num_draws: int = 1000
    """Kept draws of each chain."""
    num_warmup: int = 500
    """Steps before them."""
    num_iterations: int = 100
    """Of EM."""
    seed: int = 1
    """Of the first data set."""


def run(config: Config) -> dict[str, float]:
    """Fits, and returns what came of it.

    Args:
      config: its settings.

    Returns:
      Root mean square and greatest errors, shares of 90 % intervals that cover the truth with their
      standard errors, R-hat, effective sample sizes and seconds.
    """
    story = Network(latent_satisfaction.create_unknown_sensitivity_network(config.num_users))
    simulate = TFRuntime(story)
    settings = McmcSettings(num_draws=config.num_draws, num_warmup=config.num_warmup)
    fitters: dict[str, Fitter] = {}
    errors: dict[str, list[np.ndarray]] = {"mle": [], "em": [], "mcmc": []}
    covered: dict[str, list[np.ndarray]] = {"sensitivity": [], "intent": []}
    rhat, ess, seconds = [], [], {"em": 0.0, "mcmc": 0.0}
    for k in range(config.num_data_sets):
        run = simulate.trajectory(config.num_steps, seed=config.seed + k)
        truth = run["sensitivity"]["value"][0].numpy()
        intents = run["user state"]["intent"][0].numpy()
        logs = {name: run[name] for name in ("slate docs", "user response")}
        logs["user state"] = run["user state"].at("satisfaction")
        errors["mle"].append(_by_likelihood(config.num_users, run) - truth)
        if not fitters:
            em = EmSettings(num_iterations=config.num_iterations)
            fitters["em"] = Fitter(story, logs, ["sensitivity.value"], "em", settings=em)
            fitters["mcmc"] = Fitter(story, logs, settings=settings)
        for method, fitter in fitters.items():
            began = time.perf_counter()
            found = fitter.fit(logs, seed=config.seed + k)
            seconds[method] += time.perf_counter() - began
            print(f"data set {k + 1}, {time.perf_counter() - began:.0f} s: {found}", flush=True)
            draws = found.data.posterior["sensitivity.value"].values
            errors[method].append(draws.mean(axis=(0, 1)) - truth)
        covered["sensitivity"].append(_covers(draws, truth))
        covered["intent"].append(_covers(found.data.posterior["user state.intent"].values, intents))
        rhat.append(float(found.diagnostics.table["r_hat"].max()))
        ess.append(float(found.diagnostics.table["ess_bulk"].min()))
    result = {f"{name} rmse": float(np.sqrt(np.mean(np.square(e)))) for name, e in errors.items()}
    result |= {f"{name} worst": float(np.max(np.abs(e))) for name, e in errors.items()}
    for name, hits in covered.items():
        # Users are independent; a user's intent has several numbers, which are not.
        each = np.reshape(np.concatenate(hits), [len(hits) * config.num_users, -1]).mean(axis=1)
        result[f"{name} covered"] = float(each.mean())
        result[f"{name} covered s.e."] = float(each.std() / np.sqrt(len(each)))
    result |= {"worst R-hat": max(rhat), "least bulk ESS": min(ess)}
    return result | {f"{name} seconds": s / config.num_data_sets for name, s in seconds.items()}


def _by_likelihood(num_users: int, run) -> np.ndarray:
    """The sensitivities at which everything seen is likeliest."""
    sensitivity = tf.Variable(tf.fill([num_users], 0.5), name="sensitivity")
    story = latent_satisfaction.create_latent_variable_model_network(
        num_users, satisfaction_sensitivity=sensitivity
    )
    logs = {name: run[name] for name in ("slate docs", "user response", "user state")}
    fit(story, logs, [sensitivity], method="mle")
    return sensitivity.numpy()


def _covers(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    low, high = np.quantile(draws, [0.05, 0.95], axis=(0, 1))
    return (low <= truth) & (truth <= high)


def main() -> None:
    """Runs the example and prints the results."""
    config = tyro.cli(Config)
    found = run(config)
    for name, x in found.items():
        print(f"{name:26} {x:.5g}")
    assert found["mle worst"] < 0.01, "full trajectories must give sensitivities within 0.01"
    assert found["worst R-hat"] < 1.02, "the chains must agree"


if __name__ == "__main__":
    main()
