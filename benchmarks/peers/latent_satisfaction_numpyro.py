"""The latent-satisfaction model in NumPyro: intents and sensitivities unknown, no latent class.

`python -m benchmarks.peers.latent_satisfaction_numpyro DATA SEED START` samples it by NUTS and
prints JSON: seconds with compilation and warm-up, R-hat and the least bulk ESS.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np

_DRAWS, _CHAINS = 1000, 4


def main(arguments: list[str]) -> None:
    """Samples and prints.

    Args:
      arguments: a file of features `[T, U, S, K]`, satisfaction `[T, U]`, choice `[T, U]`; a seed;
        "prior", "default" or "truth", where the chains start; the truth is in the file too then.
    """
    os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=4")
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS, init_to_sample, init_to_uniform, init_to_value

    path, seed, start = arguments
    held = np.load(path)
    features, satisfaction, choice = (
        jnp.asarray(held[n]) for n in ("features", "satisfaction", "choice")
    )
    users, topics = features.shape[1], features.shape[-1]

    def model() -> None:
        with numpyro.plate("user", users):
            sensitivity = numpyro.sample("sensitivity", dist.Uniform(0.0, 1.0))
            intent = numpyro.sample(
                "intent",
                dist.MixtureSameFamily(
                    dist.Categorical(logits=jnp.zeros(topics)),
                    dist.Normal(jnp.eye(topics), np.sqrt(0.1)).to_event(1),
                ),
            )
        utility = 2.0 - jnp.linalg.norm(features - intent[:, None, :], axis=-1)
        best = utility[:-1].max(-1)
        gain = jnp.diff(best, axis=0, prepend=jnp.zeros((1, users)))
        numpyro.sample(
            "satisfaction",
            dist.Normal(sensitivity * satisfaction[:-1] + gain, 0.01),
            obs=satisfaction[1:],
        )
        logits = jnp.concatenate(
            [utility + satisfaction[..., None], jnp.zeros((*choice.shape, 1))], -1
        )
        numpyro.sample("choice", dist.Categorical(logits=logits), obs=choice)

    strategy = {
        "prior": init_to_sample,
        "default": init_to_uniform,
        "truth": lambda: init_to_value(
            values={name: held[name] for name in ("sensitivity", "intent")}
        ),
    }[start]()
    began = time.perf_counter()
    mcmc = MCMC(
        NUTS(model, init_strategy=strategy),
        num_warmup=1000,
        num_samples=_DRAWS,
        num_chains=_CHAINS,
        chain_method="parallel",
        progress_bar=False,
    )
    mcmc.run(jax.random.PRNGKey(int(seed)))
    draws = {k: np.asarray(v) for k, v in mcmc.get_samples(group_by_chain=True).items()}
    seconds = time.perf_counter() - began
    import arviz as az

    data = az.convert_to_dataset(draws)
    rhat = max(float(x.max()) for x in az.rhat(data).values())
    ess = min(float(x.min()) for x in az.ess(data).values())
    print(json.dumps({"seconds": seconds, "rhat": rhat, "ess": ess}))


if __name__ == "__main__":
    main(sys.argv[1:])
