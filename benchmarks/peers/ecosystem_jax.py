"""The ecosystem story as JAX programs, written by hand: the peers that the runtimes race.

The model is that of `recsim_ng.stories.ecosystem` (D = 400 documents, S = 3, K = 2), one `lax.scan`
in one `jit`, drawn with JAX's default generator (Threefry, default flags). Index t is the step; the
state after step t is a function of the slate, choice and clicks of step t-1:

    cumulative_t = cumulative_{t-1} + utility_{t-1}
    clicks_t     = 0.96 clicks_{t-1} + documents chosen at t-1, by provider
    pulls_t      = pulls_{t-1} + the provider chosen at t-1, by user
    utility_t    ~ N(affinity of the document chosen at t-1, 1)

There are two programs of the same model. `run_plain` is what one writes first. `run` is tuned for
the CPU, step by step as measured (2 cores, 2,000 users, microseconds per user-step):

    plain                                                              2.4
    the distance as two squares, not a reduction over a length-2 axis  1.7
    three fused passes of maximum and its index, not `lax.top_k`       1.25
    documents first, users last, so that the passes run across lanes   1.1
    the passes over 25 groups' maxima, then over the best 3 groups     1.04
    users in blocks that stay in the cache (matters at 20,000 users)   1.1, was 4-5 at 20,000

The approximate `lax.approx_max_k` is `lax.top_k` on a CPU; `jnp.argmax` is ten times slower than a
maximum and a search for it; unrolling the scan changes nothing.
"""

from __future__ import annotations

import functools
from typing import Any

try:
    import jax
    from jax import lax, random
    from jax import numpy as jnp
except ImportError as error:
    raise ImportError(
        "benchmarks.peers.ecosystem_jax: this comparison needs JAX, which is not installed; "
        "run `pip install '.[benchmarks]'`."
    ) from error

_NUM_DOCS = 400
_SLATE_SIZE = 3
_BLOCK = 2000
_GROUP = 16


def provider_means(seed: int = 0, num_clusters: int = 40, fan_out: int = 2) -> jax.Array:
    """`[P, 2]` float32 provider means: N(0, 0.5 I) around centres N(0, 64 I), as published."""
    centre_key, spread_key = random.split(random.key(seed))
    centres = 8.0 * random.normal(centre_key, (num_clusters, 1, 2))
    spread = jnp.sqrt(0.5) * random.normal(spread_key, (num_clusters, fan_out, 2))
    return (centres + spread).reshape(num_clusters * fan_out, 2)


def run(
    seed: int,
    num_users: int,
    num_steps: int,
    *,
    means: Any = None,
    boost_cap: float = 1.2,
    categorical: str = "gumbel",
) -> dict[str, jax.Array]:
    """The tuned program: the state after `num_steps` transitions.

    Args:
      seed: seed of the whole run.
      num_users: U.
      num_steps: T, number of transitions.
      means: `[P, 2]` provider means; None for `provider_means()`.
      boost_cap: cap of the boost to small providers.
      categorical: how the documents' providers are drawn: "gumbel", D x P Gumbels as
        `jax.random.categorical` does and as the story does, or "inverse_cdf", D uniforms.

    Returns:
      provider_click_count `[P]`, provider_pulls `[U, P]`, utilities `[U]`, cumulative_reward `[U]`.
    """
    means = provider_means() if means is None else jnp.asarray(means, jnp.float32)
    block = _BLOCK if num_users > _BLOCK and num_users % _BLOCK == 0 else num_users
    return _run(seed, means, boost_cap, num_users, num_steps, categorical, block)


def run_plain(
    seed: int, num_users: int, num_steps: int, *, means: Any = None, boost_cap: float = 1.2
) -> dict[str, jax.Array]:
    """The program that one writes first; arguments and result as for `run`."""
    means = provider_means() if means is None else jnp.asarray(means, jnp.float32)
    return _run_plain(seed, means, boost_cap, num_users, num_steps)


def _interests(key: jax.Array, means: jax.Array, num_users: int) -> jax.Array:
    """`[U, K]` interests ~ mixture over providers, wider around providers near the origin."""
    which_key, where_key = random.split(key)
    norm = jnp.linalg.norm(means, axis=-1)
    which = random.categorical(which_key, -jnp.log1p(norm), shape=(num_users,))
    scale = (20.5 / (1.0 + norm))[which]
    return means[which] + scale[:, None] * random.normal(where_key, (num_users, 2))


def _providers(key: jax.Array, clicks: jax.Array, how: str) -> jax.Array:
    """`[D]` the providers of the new documents, with logits 2 log(1 + clicks)."""
    logits = 2.0 * jnp.log1p(clicks)
    if how == "gumbel":
        return random.categorical(key, logits, shape=(_NUM_DOCS,))
    if how == "inverse_cdf":
        return random.choice(key, clicks.shape[0], (_NUM_DOCS,), p=jax.nn.softmax(logits))
    raise ValueError(f"categorical must be 'gumbel' or 'inverse_cdf', got {how!r}.")


def _best_of_few(scores: jax.Array) -> jax.Array:
    """`[S, U]` indices of the best of `[n, U]` scores, in S passes; of equals the first."""
    # Indices as floats: their minimum is vectorised, that of integers is not.
    index = lax.broadcasted_iota(jnp.float32, scores.shape, 0)
    best = []
    for place in range(_SLATE_SIZE):
        highest = jnp.max(scores, axis=0)
        where = jnp.min(jnp.where(scores == highest, index, jnp.float32(scores.shape[0])), axis=0)
        best.append(where)
        if place < _SLATE_SIZE - 1:
            scores = jnp.where(index == where, -jnp.inf, scores)
    return jnp.stack(best).astype(jnp.int32)


def _top_documents(scores: jax.Array) -> jax.Array:
    """`[U, S]` the best documents of `[D, U]` scores, as `lax.top_k`: they are in S best groups."""
    groups = scores.reshape(_NUM_DOCS // _GROUP, _GROUP, -1)
    candidates = jnp.sort(_best_of_few(jnp.max(groups, axis=1)), axis=0)
    finalists = jnp.take_along_axis(groups, candidates[:, None, :], axis=0)
    place = _best_of_few(finalists.reshape(_SLATE_SIZE * _GROUP, -1))
    group = jnp.take_along_axis(candidates, place // _GROUP, axis=0)
    return (group * _GROUP + place % _GROUP).T


def _respond(
    key: jax.Array, interests: jax.Array, features: jax.Array, boosts: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The document that each user chooses from the slate, `[U]`, and its affinity, `[U]`."""
    score_key, choice_key = random.split(key)
    x, y = interests[:, 0], interests[:, 1]
    affinities = 2.0 - jnp.sqrt((x - features[:, :1]) ** 2 + (y - features[:, 1:]) ** 2)
    other_end = (affinities + boosts[:, None]) + 1e-4
    uniform = random.uniform(score_key, affinities.shape)
    slate = _top_documents(affinities + (other_end - affinities) * uniform)
    docs = features[slate]
    logits = 2.0 - jnp.sqrt((x[:, None] - docs[..., 0]) ** 2 + (y[:, None] - docs[..., 1]) ** 2)
    choice = random.categorical(choice_key, logits)
    users = jnp.arange(interests.shape[0])
    return slate[users, choice], logits[users, choice]


@functools.partial(jax.jit, static_argnums=(3, 4, 5, 6))
def _run(seed, means, boost_cap, num_users, num_steps, categorical, block):
    interests_key, first_key, steps_key = random.split(random.key(seed), 3)
    num_providers = means.shape[0]
    interests = _interests(interests_key, means, num_users)
    blocks = interests.reshape(-1, block, 2)
    users = jnp.arange(num_users)

    def serve(key, clicks, totals):
        provider_key, feature_key, users_key = random.split(key, 3)
        provider = _providers(provider_key, clicks, categorical)
        features = means[provider] + random.normal(feature_key, (_NUM_DOCS, 2))
        boosts = jnp.clip(jnp.mean(totals) - totals, -boost_cap, boost_cap)[provider]
        if block == num_users:
            chosen, affinity = _respond(users_key, interests, features, boosts)
        else:
            chosen, affinity = lax.map(
                lambda keyed: _respond(keyed[0], keyed[1], features, boosts),
                (random.split(users_key, blocks.shape[0]), blocks),
            )
        return provider[chosen.reshape(-1)], affinity.reshape(-1)

    def step(state, key):
        clicks, pulls, totals, utility, cumulative, provider, affinity = state
        utility_key, serve_key = random.split(key)
        counts = jnp.zeros(num_providers).at[provider].add(1.0)
        clicks = 0.96 * clicks + counts
        totals = totals + counts
        pulls = pulls.at[users, provider].add(1.0)
        cumulative = cumulative + utility
        utility = affinity + random.normal(utility_key, (num_users,))
        provider, affinity = serve(serve_key, clicks, totals)
        return (clicks, pulls, totals, utility, cumulative, provider, affinity), None

    nobody, nothing = jnp.zeros(num_users), jnp.zeros(num_providers)
    state = (nothing, jnp.zeros((num_users, num_providers)), nothing, nobody, nobody)
    state += serve(first_key, nothing, nothing)
    state, _ = lax.scan(step, state, random.split(steps_key, num_steps))
    return _named(state[0], state[1], state[3], state[4])


@functools.partial(jax.jit, static_argnums=(3, 4))
def _run_plain(seed, means, boost_cap, num_users, num_steps):
    interests_key, first_key, steps_key = random.split(random.key(seed), 3)
    num_providers = means.shape[0]
    interests = _interests(interests_key, means, num_users)

    def serve(key, clicks, pulls):
        provider_key, feature_key, score_key, choice_key = random.split(key, 4)
        provider = _providers(provider_key, clicks, "gumbel")
        features = means[provider] + random.normal(feature_key, (_NUM_DOCS, 2))
        affinities = 2.0 - jnp.linalg.norm(interests[:, None] - features, axis=-1)
        totals = jnp.sum(pulls, axis=0)
        boosts = jnp.clip(jnp.mean(totals) - totals, -boost_cap, boost_cap)[provider]
        other_end = (affinities + boosts) + 1e-4
        uniform = random.uniform(score_key, affinities.shape)
        scores = affinities + (other_end - affinities) * uniform
        _, slate = lax.top_k(scores, _SLATE_SIZE)
        logits = jnp.take_along_axis(affinities, slate, axis=1)
        choice = random.categorical(choice_key, logits)[:, None]
        chosen = jnp.take_along_axis(slate, choice, axis=1)[:, 0]
        return provider[chosen], jnp.take_along_axis(logits, choice, axis=1)[:, 0]

    def step(state, key):
        clicks, pulls, utility, cumulative, provider, affinity = state
        utility_key, serve_key = random.split(key)
        chosen = jax.nn.one_hot(provider, num_providers)
        clicks = 0.96 * clicks + jnp.sum(chosen, axis=0)
        pulls = pulls + chosen
        cumulative = cumulative + utility
        utility = affinity + random.normal(utility_key, (num_users,))
        return (clicks, pulls, utility, cumulative, *serve(serve_key, clicks, pulls)), None

    clicks, pulls = jnp.zeros(num_providers), jnp.zeros((num_users, num_providers))
    nobody = jnp.zeros(num_users)
    state = (clicks, pulls, nobody, nobody, *serve(first_key, clicks, pulls))
    state, _ = lax.scan(step, state, random.split(steps_key, num_steps))
    return _named(*state[:4])


def _named(clicks, pulls, utilities, cumulative):
    return {
        "provider_click_count": clicks,
        "provider_pulls": pulls,
        "utilities": utilities,
        "cumulative_reward": cumulative,
    }
