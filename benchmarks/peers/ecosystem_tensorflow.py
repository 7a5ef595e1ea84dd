"""The ecosystem story as one TensorFlow program, written by hand with the project's noise.

The same model, sites and addresses as `recsim_ng.stories.ecosystem` at its published documents and
slates (D = 400, S = 3), but without entities, variables, network and runtime: what `execute` takes
longer than this is what the abstraction costs. For a seed the results are the story's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core import noise, standard_noise

_NUM_DOCS = 400
_SLATE_SIZE = 3
_BLOCK = 8


def program(
    provider_means: Any, num_users: int, num_steps: int, *, boost_cap: float = 1.2
) -> Callable[[Any], dict[str, Any]]:
    """Compiles, on its first call, a run of `num_steps` transitions.

    Args:
      provider_means: `[P, 2]`.
      num_users: U.
      num_steps: T, number of transitions.
      boost_cap: cap of the boost to small providers.

    Returns:
      A function of a seed, whose result has provider_click_count `[P]`, provider_pulls `[U, P]`,
      utilities `[U]`, reward `[U]` and cumulative_reward `[U]`.
    """
    means = tf.constant(provider_means, tf.float32)

    @tf.function(jit_compile=True, autograph=False)
    def run(words: Any) -> dict[str, Any]:
        return _run((words[0], words[1]), means, num_users, num_steps, boost_cap)

    return lambda seed: run(tf.stack(noise.seed_words(seed)))


def _run(seed: Any, means: Any, num_users: int, num_steps: int, boost_cap: float) -> dict[str, Any]:
    num_providers = means.shape[0]
    interests = _interests(seed, means, num_users)

    def serve(t: Any, clicks: Any, pulls: Any) -> tuple[Any, Any]:
        gumbel = standard_noise.gumbel(
            noise.site_key(seed, t, "available docs", "provider_id"), (_NUM_DOCS, num_providers)
        )
        provider = _argmax(2.0 * tf.math.log1p(clicks) + gumbel)
        features = tf.gather(means, provider) + standard_noise.normal(
            noise.site_key(seed, t, "available docs", "doc_features"), (_NUM_DOCS, 2)
        )
        totals = tf.reduce_sum(pulls, axis=0)
        boost = tf.clip_by_value(tf.reduce_mean(totals) - totals, -boost_cap, boost_cap)
        affinities = _affinity(interests[:, None, :], features)
        other = (affinities + tf.gather(boost, provider)) + 1e-4
        low, high = tf.minimum(affinities, other), tf.maximum(affinities, other)
        uniform = standard_noise.uniform(
            noise.site_key(seed, t, "slate docs", "doc_scores"), (num_users, _NUM_DOCS)
        )
        slate = _best(low + (high - low) * uniform)
        docs = tf.gather(features, slate)
        gumbel = standard_noise.gumbel(
            noise.site_key(seed, t, "user response", "#0"), (num_users, _SLATE_SIZE + 1)
        )
        # As in the model, no choice has a place of its own, with logit minus infinity.
        none = tf.fill([num_users, 1], float("-inf"))
        logits = tf.concat([_affinity(interests[:, None, :], docs), none], axis=-1)
        choice = _argmax(logits + gumbel)
        chosen = tf.gather(slate, choice, batch_dims=1)
        return tf.gather(provider, chosen), tf.gather(features, chosen)

    def step(t, clicks, pulls, utilities, reward, cumulative, provider, features):
        cumulative, reward = cumulative + utilities, utilities
        chosen = tf.one_hot(provider, num_providers)
        counts = tf.reduce_sum(chosen, axis=0)
        clicks, pulls = 0.96 * clicks + counts, pulls + chosen
        utilities = _affinity(interests, features) + standard_noise.normal(
            noise.site_key(seed, t, "user state", "utilities"), (num_users,)
        )
        state = (t + 1, clicks, pulls, utilities, reward, cumulative)
        return *state, *serve(t, clicks, pulls)

    none, nothing = tf.zeros(num_providers), tf.zeros(num_users)
    pulls = tf.zeros((num_users, num_providers))
    first = serve(tf.constant(0), none, pulls)
    state = (tf.constant(1), none, pulls, nothing, nothing, nothing, *first)
    state = tf.while_loop(lambda t, *_: t <= num_steps, step, state, maximum_iterations=num_steps)
    names = ("provider_click_count", "provider_pulls", "utilities", "reward", "cumulative_reward")
    return {**dict(zip(names, state[1:6], strict=True)), "user_interests": interests}


def _interests(seed: Any, means: Any, num_users: int) -> Any:
    """`[U, K]` the users' interests, around providers."""
    key = noise.site_key(seed, 0, "user state", "user_interests")
    norm = tf.norm(means, axis=-1)
    gumbel = standard_noise.gumbel(key.fold("component"), (num_users, means.shape[0]))
    which = _argmax(gumbel - tf.math.log1p(norm))
    normal = standard_noise.normal(key.fold("value"), (num_users, means.shape[1]))
    return tf.gather(means, which) + tf.gather(20.5 / (1.0 + norm), which)[:, None] * normal


def _affinity(u: Any, v: Any) -> Any:
    """2 - |u - v| over the last axis of two."""
    x, y = u[..., 0] - v[..., 0], u[..., 1] - v[..., 1]
    return 2.0 - tf.sqrt(x * x + y * y)


def _argmax(x: Any) -> Any:
    """Index of the greatest of the last axis, the first of equals (`tf.argmax` compiles slowly)."""
    return _first(x == tf.reduce_max(x, axis=-1, keepdims=True), tf.range(x.shape[-1]))


def _first(mask: Any, indices: Any) -> Any:
    return tf.reduce_min(tf.where(mask, indices, tf.int32.max), axis=-1)


def _best_of_few(x: Any, indices: Any) -> Any:
    """`[U, S]` those of `indices` that belong to the best of the last axis, in S passes."""
    best = []
    for _ in range(_SLATE_SIZE):
        best.append(_first(x == tf.reduce_max(x, axis=-1, keepdims=True), indices))
        x = tf.where(indices == best[-1][:, None], float("-inf"), x)
    return tf.stack(best, axis=-1)


def _best(scores: Any) -> Any:
    """`[U, S]` the best documents of `[U, D]` scores: they are in the S best blocks."""
    count = _NUM_DOCS // _BLOCK
    blocks = tf.reshape(scores, (-1, count, _BLOCK))
    candidates = _best_of_few(tf.reduce_max(blocks, axis=-1), tf.range(count))
    finalists = tf.gather(blocks, candidates, batch_dims=1)
    indices = candidates[..., None] * _BLOCK + tf.range(_BLOCK)
    flat = (-1, _SLATE_SIZE * _BLOCK)
    return _best_of_few(tf.reshape(finalists, flat), tf.reshape(indices, flat))
