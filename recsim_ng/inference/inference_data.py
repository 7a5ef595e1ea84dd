"""Fits as ArviZ InferenceData."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import with_unknowns

_LEAD = {"each": ("time",), "later": ("time_after_first",)}


def inference_data(
    target: Target, blocks: Blocks, inferred: Inferred, with_log_likelihood: bool
) -> Any:
    """Returns draws as InferenceData: posterior, sample_stats, observed_data, log_likelihood.

    Variables are called "variable.field"; axes have the names that the story's specs give them.

    Args:
      target: that was fitted.
      blocks: in which the draws are laid out.
      inferred: the draws.
      with_log_likelihood: whether to score every observed draw under every posterior draw.
    """
    az = arviz()
    parts = target.constrain(blocks.unpack(tf.convert_to_tensor(inferred.draws)))
    posterior = {u.name: x.numpy() for u, x in zip(target.unknowns, parts, strict=True)}
    dims: dict[str, list[str]] = {}
    for unknown in target.unknowns:
        names = _axes(target, unknown.variable, unknown.field)
        lead = _LEAD.get(unknown.when, ())
        if names is not None:
            dims[unknown.name] = [*lead, *names]
    observed, axes = _observed(target)
    dims |= axes
    groups: dict[str, Any] = {"posterior": posterior, "observed_data": observed}
    groups["sample_stats"] = {
        _STAT_NAMES.get(name, name): x[..., 0] if x.ndim == 3 and x.shape[-1] == 1 else x
        for name, x in inferred.stats.items()
    }
    dims |= {
        _STAT_NAMES.get(name, name): [blocks.axis]
        for name, x in inferred.stats.items()
        if x.ndim == 3 and blocks.axis is not None
    }
    if with_log_likelihood:
        groups["log_likelihood"] = _log_likelihood(target, blocks, inferred.draws)
    return az.from_dict(**groups, dims=dims)


_STAT_NAMES = {
    "log_density": "lp",
    "is_diverging": "diverging",
    "num_leapfrogs": "n_steps",
    "acceptance": "acceptance_rate",
}


def _axes(target: Target, variable: str, field: str) -> tuple[str, ...] | None:
    spec = next(v.spec for v in target.network.variables if v.name == variable)
    return spec.get(field).dims


def _observed(target: Target) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    observed: dict[str, np.ndarray] = {}
    dims: dict[str, list[str]] = {}
    given = target.given
    for values, lead in ((given.moving, ("time",)), (given.static, ())):
        for name, value in values.items():
            for field, x in value.as_dict.items():
                observed[f"{name}.{field}"] = np.asarray(x)
                axes = _axes(target, name, field)
                if axes is not None:
                    dims[f"{name}.{field}"] = [*lead, *axes]
    return observed, dims


def variables_data(target: Target, variables: Sequence[Any], log_prob: float) -> Any:
    """Returns the values of trained variables as InferenceData, one draw under each one's name.

    Args:
      target: of the logs.
      variables: that were trained.
      log_prob: of the logs.
    """
    az = arviz()
    names: dict[str, Any] = {}
    for variable in variables:
        name, count = variable.name.split(":")[0], 1
        while name in names:
            count += 1
            name = f"{variable.name.split(':')[0]}_{count}"
        names[name] = np.asarray(variable)[None, None]
    observed, dims = _observed(target)
    stats = {"lp": np.full((1, 1), log_prob, np.float32)}
    return az.from_dict(posterior=names, sample_stats=stats, observed_data=observed, dims=dims)


def arviz() -> Any:
    """Returns ArviZ, which announces its next major version whenever it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import arviz as az
    return az


def _log_likelihood(target: Target, blocks: Blocks, packed: np.ndarray) -> dict[str, np.ndarray]:
    held = {**target.given.moving, **target.given.static}

    @tf.function(jit_compile=True, autograph=False)
    def of(z: Any) -> dict[str, Value]:
        x = target.constrain(blocks.unpack(z))
        scores = log_probs(target.network, with_unknowns(target.given, target.unknowns, x))
        return {name: scores[name].at(*held[name].as_dict) for name in held}

    chains, draws, *shape = packed.shape
    found = [of(z) for z in packed.reshape(-1, *shape)]
    return {
        f"{name}.{field}": np.stack([np.asarray(one[name].get(field)) for one in found]).reshape(
            chains, draws, *found[0][name].get(field).shape
        )
        for name, value in held.items()
        for field in value.as_dict
    }
