"""Prediction: what a fit says of logs that it has not seen, interaction by interaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.beginning import first_whole_step
from recsim_ng.inference.completion import completed
from recsim_ng.inference.conditioned import conditioned_step, log_prob
from recsim_ng.inference.fitting import Fit
from recsim_ng.inference.replay import Observed, joined
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import find_unknowns
from recsim_ng.report.interaction import Interactions, Logs, array_of, interactions

tfd = tfp.distributions


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """One-step-ahead predictions: the law of each interaction given all before it in the logs.

    With the draws theta_1, ..., theta_D of the posterior, which the logs predicted here had no part
    in, interaction n is predicted by the mixture

        p(y_n | y_{<n}) = 1/D sum_d p(y_n | y_{<n}, theta_d)

    Attributes:
      field: "variable.field" of what is predicted.
      interactions: what happened.
      log_prob: `[N]` float64, log p(y_n | y_{<n}), nats.
      probabilities: `[N, A]` float64 of each alternative, None for what is no choice.
      cdf: `[N]` float64 P(Y_n <= y_n | y_{<n}), None for choices and for laws that have none.
      num_draws: D.
      first_step: of the interactions that are drawn: 1 if nothing is at step 0, else 0.
      whole_step: the first that counts; 0 unless logs begin in the middle of a run.
      lacking: "variable.field" of what the story carries on and the logs do not tell before.
    """

    field: str
    interactions: Interactions
    log_prob: np.ndarray
    probabilities: np.ndarray | None
    cdf: np.ndarray | None
    num_draws: int
    first_step: int
    whole_step: int = 0
    lacking: tuple[str, ...] = ()


def predict(
    story: Network | Sequence[Variable],
    fit: Fit,
    held_out: Logs,
    field: str | None = None,
    *,
    mask: str | None = None,
    item: str | None = None,
    num_draws: int = 200,
) -> Prediction:
    """Predicts logs that were held out of a fit.

    They may be later steps of the same users, or others; what was inferred and does not change over
    time, users' own parameters too, carries over. So the story must be of as many users. Logs may
    begin in the middle of a run; what they lack there of all that the story carries on has to
    follow from their first steps, which then do not count. Logs of draws alone do not tell where
    they begin: they are taken to begin where the story does.

    Args:
      story: a Network, or its variables.
      fit: the posterior.
      held_out: variable name -> Value, time axis first, the fields that the fit had.
      field: "variable.field" of the interactions; None: the only one that is drawn at every step.
      mask: "variable.field" of bools, true where there was an interaction; it need not be a field
        of the story.
      item: as for `interactions`.
      num_draws: of the posterior, evenly over its chains, at most.

    Returns:
      The prediction.

    Raises:
      DataError: (also a ValueError) the logs do not fit the story or the fit, or nothing counts.
      ConfigError: (also a ValueError) num_draws is below 1.
    """
    check.whole("predict", "num_draws", num_draws, 1)
    network = story if isinstance(story, Network) else Network(story)
    target = Target(network, held_out)
    given = target.given
    _require_same_users(fit, given)
    variable, name, is_later = _drawn_field(network, given, field)
    draws = static_draws(network, fit, given, num_draws)
    whole_step, lacking = first_whole_step(target, with_static(given, draws[0]))
    predicted = tf.function(
        lambda given, draw: _laws(network, with_static(given, draw), variable, name),
        jit_compile=True,
        autograph=False,
    )
    found: dict[str, np.ndarray] = {}
    for draw in draws:
        for part, x in predicted(given, draw).items():
            x = np.asarray(x, np.float64)
            add = np.logaddexp if part == "log_prob" else np.add
            found[part] = add(found[part], x) if part in found else x
    kept = np.ones(found["log_prob"].shape, bool)
    kept[: max(whole_step, int(is_later))] = False
    whole = f"{variable}.{name}"
    if mask is not None:
        seen = array_of(held_out, mask)
        if seen.shape != kept.shape or seen.dtype != bool:
            raise DataError(
                f"predict: mask '{mask}' must be bools of the shape {list(kept.shape)} of "
                f"'{whole}', got {seen.dtype} {list(seen.shape)}"
            )
        kept &= seen
    count = len(draws)
    mean = {part: x[kept] / count for part, x in found.items() if part != "log_prob"}
    return Prediction(
        whole,
        interactions(held_out, whole, kept, item),
        found["log_prob"][kept] - np.log(count),
        mean.get("probabilities"),
        mean.get("cdf"),
        count,
        int(is_later),
        whole_step,
        tuple(lacking),
    )


def with_static(given: Observed, draw: dict[str, Value]) -> Observed:
    """Returns what is known, with fields that are the same at all steps added.

    Args:
      given: what is known.
      draw: variable name -> Value of `[...]` fields.
    """
    return given._replace(static=joined(given.static, draw))


def static_draws(
    network: Network, fit: Fit, given: Observed, num_draws: int
) -> list[dict[str, Value]]:
    """Takes draws out of a posterior: of all that given logs lack.

    Args:
      network: the story.
      fit: the posterior.
      given: of the logs.
      num_draws: at most.

    Returns:
      The draws, evenly over the chains: variable name -> Value.

    Raises:
      DataError: (also a ValueError) the logs lack something else, or something that is not the same
        at all steps.
    """
    unknowns = find_unknowns(network, given)
    held = fit.data.posterior
    surplus = [u.name for u in unknowns if u.name not in held]
    if surplus:
        raise DataError(
            f"held-out logs: what they lack must be among what was inferred, {sorted(held)}, got "
            f"{surplus}; put it into the logs"
        )
    changing = [u.name for u in unknowns if u.when != "always"]
    if changing:
        raise DataError(
            "held-out logs: what was inferred carries over only where it is the same at all "
            f"steps, got {changing}; put it into the logs"
        )
    chains, size = held.sizes["chain"], held.sizes["draw"]
    picked = np.unique(np.linspace(0, chains * size - 1, num_draws).round().astype(int))
    values = {}
    for unknown in unknowns:
        x = held[unknown.name].values
        if x.shape[2:] != unknown.shape:
            raise DataError(
                f"held-out logs: '{unknown.name}' must be as in the fit, {list(x.shape[2:])}, got "
                f"{list(unknown.shape)}; take a story of the same users"
            )
        values[unknown] = x.reshape(chains * size, *unknown.shape)[picked]
    found = []
    for i in range(len(picked)):
        parts = [
            {u.variable: Value(**{u.field: tf.constant(x[i], u.dtype)})} for u, x in values.items()
        ]
        found.append(joined(*parts))
    return found


def _require_same_users(fit: Fit, given: Observed) -> None:
    for name, value in given.moving.items():
        before = fit.target.given.moving.get(name, Value()).as_dict
        for field, x in value.as_dict.items():
            if field in before and x.shape[1:] != before[field].shape[1:]:
                raise DataError(
                    f"held-out logs: '{name}.{field}' must be of the fit's users, "
                    f"{before[field].shape[1:]} after the time axis, got {x.shape[1:]}"
                )


def _drawn_field(network: Network, given: Observed, field: str | None) -> tuple[str, str, bool]:
    """The variable and field, and whether it is drawn from step 1 on only."""
    if given.length == 1:
        raise DataError(
            "predict: held-out logs must have two steps at least, each predicted by the one "
            "before, got one; hold out more"
        )
    bare = Observed({}, given.static, given.length)
    drawn = {u.name: u for u in find_unknowns(network, bare) if u.when in ("each", "later")}
    held = {f"{name}.{f}" for name, value in given.moving.items() for f in value.as_dict}
    candidates = sorted(set(drawn) & held)
    if field is None and len(candidates) == 1:
        field = candidates[0]
    if field not in candidates:
        raise DataError(
            f"predict: field must be one that is drawn at every step and in the logs, {candidates},"
            f" got {field!r}"
        )
    unknown = drawn[field]
    return unknown.variable, unknown.field, unknown.when == "later"


def _laws(network: Network, given: Observed, variable: str, field: str) -> dict[str, Any]:
    """What is read off the laws of a field at all steps, `[T, ...]` each."""
    given = completed(network, given)
    current, _ = conditioned_step(network, "initial_value", given.at_first(), {}, {})
    static = {v.name: current[v.name] for v in network.variables if v.is_static}
    constant = {n: x for n, x in given.static.items() if n not in static}
    first = current[variable].get(field)
    found = _read(first) if is_random_variable(first) else None

    def later(steps: tuple[Any, Any, Any]) -> Any:
        now, before = (joined(values, constant) for values in steps[:2])
        values, _ = conditioned_step(network, "value", now, {**before, **static}, static)
        return _read(values[variable].get(field))

    if given.length == 1:
        return {k: x[None] for k, x in (found or {}).items()}
    steps = (*given.pairs(), tf.range(1, given.length))
    rest = tf.vectorized_map(later, steps, fallback_to_while_loop=False)
    start = found or {k: tf.zeros_like(x[0]) for k, x in rest.items()}
    return {k: tf.concat([start[k][None], x], axis=0) for k, x in rest.items()}


def _read(drawn: Any) -> dict[str, Any]:
    """What is read off one draw and its law."""
    law, x = drawn.distribution, tf.convert_to_tensor(drawn)
    found = {"log_prob": log_prob(law, x)}
    if isinstance(law, tfd.Categorical):
        found["probabilities"] = tf.nn.softmax(law.logits_parameter())
    elif isinstance(law, tfd.Bernoulli):
        one = tf.sigmoid(law.logits_parameter())
        found["probabilities"] = tf.stack([1.0 - one, one], axis=-1)
    elif law.dtype.is_floating:
        try:
            found["cdf"] = law.cdf(x)
        except NotImplementedError:  # calibration then says that there is none
            pass
    return found
