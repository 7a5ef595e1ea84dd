"""Fits as ArviZ InferenceData."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.lazy import arviz
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import versions
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.completion import with_filled
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.posterior_predictive import PosteriorPredictive
from recsim_ng.inference.replay import Observed
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import Unknown, with_unknowns

_LEAD = {"each": ("time",), "later": ("time_after_first",)}
_CHUNK = 50  # draws that are scored at once

_STAT_NAMES = {
    "log_density": "lp",
    "is_diverging": "diverging",
    "num_leapfrogs": "n_steps",
    "acceptance": "acceptance_rate",
}


def inference_data(
    target: Target,
    blocks: Blocks,
    inferred: Inferred,
    with_log_likelihood: bool,
    *,
    posterior_predictive: int = 0,
    words: Any = None,
    attributes: Mapping[str, Any] | None = None,
) -> Any:
    """Returns draws as InferenceData: posterior, sample_stats, observed_data and what is asked for.

    Variables are called "variable.field"; axes have the names that the story's specs give them.
    Simulations have the chain and draw of the posterior draw that they are under.

    Args:
      target: that was fitted.
      blocks: in which the draws are laid out.
      inferred: the draws.
      with_log_likelihood: whether to score every observed draw under every posterior draw.
      posterior_predictive: under how many posterior draws to simulate what was observed, 0 for
        none; as many of each chain, evenly spaced.
      words: `[2]` integers, the seed of these simulations.
      attributes: what made the draws, JSON-like; the story's variables, the logs' fields and the
        packages' versions are added.
    """
    az = arviz()
    parts = target.constrain(blocks.unpack(tf.convert_to_tensor(inferred.draws)))
    posterior = {u.name: x.numpy() for u, x in zip(target.unknowns, parts, strict=True)}
    data = drawn_data(target.network, target.given, posterior, inferred.stats, target.unknowns)
    observed, observed_dims = _observed(target.network, target.given)
    if with_log_likelihood:
        scores = _log_likelihood(target, blocks, inferred.draws)
        data.extend(
            az.from_dict(
                log_likelihood=scores, dims=_without_first(scores, observed, observed_dims)
            )
        )
    if posterior_predictive:
        made, places = _predicted(target, blocks, inferred.draws, posterior_predictive, words)
        data.extend(
            az.from_dict(posterior_predictive=made, coords={"draw": places}, dims=observed_dims)
        )
    return signed(data, target, attributes)


def drawn_data(
    network: Network,
    given: Observed,
    posterior: Mapping[str, np.ndarray],
    stats: Mapping[str, np.ndarray],
    unknowns: Sequence[Unknown],
) -> Any:
    """Returns draws as InferenceData: posterior, sample_stats and observed_data.

    Args:
      network: the story.
      given: the logs.
      posterior: "variable.field" -> `[C, N, ...]` draws of an unknown.
      stats: name -> `[C, N]`, or `[C, N, B]` numbers of independent blocks, which are users.
      unknowns: that were inferred.
    """
    observed, dims = _observed(network, given)
    for unknown in unknowns:
        names = _axes(network, unknown.variable, unknown.field)
        if names is not None:
            dims[unknown.name] = [*_LEAD.get(unknown.when, ()), *names]
    named = {
        _STAT_NAMES.get(name, name): x[..., 0] if x.ndim == 3 and x.shape[-1] == 1 else x
        for name, x in stats.items()
    }
    dims |= {name: ["user"] for name, x in named.items() if x.ndim == 3}
    groups: dict[str, Any] = {"posterior": dict(posterior), "observed_data": observed}
    if named:
        groups["sample_stats"] = named
    return arviz().from_dict(**groups, dims=dims)


def _observed(
    network: Network, given: Observed
) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    observed, dims = {}, {}
    for values, lead in ((given.moving, ("time",)), (given.static, ())):
        for name, value in values.items():
            for field, x in value.as_dict.items():
                observed[f"{name}.{field}"] = np.asarray(x)
                axes = _axes(network, name, field)
                if axes is not None:
                    dims[f"{name}.{field}"] = [*lead, *axes]
    return observed, dims


def _axes(network: Network, variable: str, field: str) -> tuple[str, ...] | None:
    spec = next(v.spec for v in network.variables if v.name == variable)
    return spec.get(field).dims


def signed(data: Any, target: Target, attributes: Mapping[str, Any] | None) -> Any:
    """Returns the data, saying what made them in strings that NetCDF keeps.

    Args:
      data: InferenceData.
      target: that was fitted.
      attributes: what made the draws, JSON-like.
    """
    said: dict[str, Any] = {
        "inference_library": "recsim_ng",
        "inference_library_version": versions()["recsim_ng"],
        "versions": versions(),
        "story_variables": [v.name for v in target.network.variables],
        "unknowns": [u.name for u in target.unknowns],
        **(attributes or {}),
    }
    kept = {name: x if isinstance(x, str) else json.dumps(x) for name, x in said.items()}
    data.attrs.update(kept)
    for group in data.groups():
        data[group].attrs.update(kept)
    return data


def variables_data(target: Target, variables: Sequence[Any], log_prob: float) -> Any:
    """Returns the values of trained variables as InferenceData, one draw under each one's name.

    Args:
      target: of the logs.
      variables: that were trained.
      log_prob: of the logs.
    """
    values: dict[str, Any] = {}
    for variable in variables:
        name, count = variable.name.split(":")[0], 1
        while name in values:
            count += 1
            name = f"{variable.name.split(':')[0]}_{count}"
        values[name] = np.asarray(variable)[None, None]
    stats = {"log_density": np.full((1, 1), log_prob, np.float32)}
    return drawn_data(target.network, target.given, values, stats, [])


def _log_likelihood(target: Target, blocks: Blocks, packed: np.ndarray) -> dict[str, np.ndarray]:
    """`[C, N, ...]` of each field that is drawn; from the first step on at which it is."""
    held = {**target.given.moving, **target.given.static}

    def of(point: tuple[Any, Any]) -> dict[str, Any]:
        x, found = point
        known = with_unknowns(target.given, target.unknowns, x)
        scores = log_probs(target.network, with_filled(known, found))
        return {
            f"{name}.{field}": scores[name].get(field)
            for name in held
            for field in held[name].as_dict
        }

    def many(z: Any) -> dict[str, Any]:
        x = tf.vectorized_map(
            lambda z: target.constrain(blocks.unpack(z)), z, fallback_to_while_loop=False
        )
        points = (x, target.filled(target.given, x))
        return tf.vectorized_map(of, points, fallback_to_while_loop=False)

    compiled = tf.function(many, jit_compile=True, autograph=False)
    moving = {f"{name}.{field}" for name in target.given.moving for field in held[name].as_dict}
    found = {}
    for name, x in by_chunks(compiled, packed).items():
        if np.any(x):
            found[name] = x[:, :, 1:] if name in moving and not np.any(x[:, :, 0]) else x
    return found


def by_chunks(of: Any, packed: np.ndarray) -> dict[str, np.ndarray]:
    """Returns name -> `[C, N, ...]`, what a compiled function makes of draws, some at a time.

    Args:
      of: `[chunk, B, n]` -> name -> `[chunk, ...]`.
      packed: `[C, N, B, n]`.
    """
    chains, draws, *shape = packed.shape
    flat = packed.reshape(-1, *shape)
    size = min(_CHUNK, len(flat))
    # The last chunk is filled up with the last draw, so that all are of one shape.
    padded = np.concatenate([flat, np.repeat(flat[-1:], -len(flat) % size, axis=0)])
    pieces = [of(padded[i : i + size]) for i in range(0, len(padded), size)]
    return {
        name: np.concatenate([np.asarray(piece[name]) for piece in pieces])[: len(flat)].reshape(
            chains, draws, *pieces[0][name].shape[1:]
        )
        for name in pieces[0]
    }


def _without_first(
    scores: Mapping[str, np.ndarray],
    observed: Mapping[str, np.ndarray],
    dims: Mapping[str, list[str]],
) -> dict[str, list[str]]:
    """The axes of log-likelihoods, of which events have none."""
    found = {}
    for name, x in scores.items():
        axes = dims.get(name)
        if axes is None:
            continue
        if axes[:1] == ["time"] and x.shape[2] == len(observed[name]) - 1:
            axes = ["time_after_first", *axes[1:]]
        found[name] = axes[: x.ndim - 2]
    return found


def _predicted(
    target: Target, blocks: Blocks, packed: np.ndarray, count: int, words: Any
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    chains, draws = packed.shape[:2]
    each = min(-(-count // chains), draws)
    places = np.unique(np.linspace(0, draws - 1, each).round().astype(int))
    chosen = packed[:, places].reshape(-1, *packed.shape[2:])
    x = target.constrain(blocks.unpack(tf.convert_to_tensor(chosen)))
    made = PosteriorPredictive(target).simulate(x, words)
    shaped = {name: y.reshape(chains, len(places), *y.shape[1:]) for name, y in made.items()}
    return shaped, places
