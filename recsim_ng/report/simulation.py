"""Simulation: trajectories that a fit expects, of the size of some logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.data import SlicedValue, data_variable
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.given import Condition
from recsim_ng.core.network import Network
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.beginning import first_whole_step
from recsim_ng.inference.completion import completed, missing
from recsim_ng.inference.conditioned import conditioned_step, plain
from recsim_ng.inference.fitting import Fit
from recsim_ng.inference.replay import Observed, is_hidden, observed
from recsim_ng.inference.target import Target
from recsim_ng.report.interaction import Logs
from recsim_ng.report.prediction import static_draws, with_static
from recsim_ng.runtime import TFRuntime

Arrays = Mapping[str, np.ndarray]
"""Name "variable.field" -> `[T, ...]`."""

STARTS = ("logs", "story")


def simulate(
    story: Network | Sequence[Variable],
    fit: Fit,
    logs: Logs,
    num_runs: int,
    *,
    replayed: Sequence[str] = (),
    start: str = "logs",
    seed: int = 0,
) -> list[Arrays]:
    """Simulates what logs could have been: run i with the i-th of some draws of the posterior.

    Args:
      story: a Network, or its variables.
      fit: the posterior.
      logs: variable name -> Value, time axis first; runs are as long and have the same fields.
      num_runs: how many.
      replayed: variables that follow the logs, as what was shown by a system that the story does
        not know.
      start: "logs": x_0 is that of the logs; "story": it is drawn as the story says. Where logs
        begin in the middle of a run and lack what the story carries on, the first steps up to that
        at which it follows from them are the logs' too.
      seed: of the runs; run i has the pair (seed, i).

    Returns:
      One mapping for each run.

    Raises:
      DataError: (also a ValueError) the logs do not fit the story or the fit, or do not hold what
        is to be replayed.
      ConfigError: (also a ValueError) a setting is outside its range.
    """
    check.whole("simulate", "num_runs", num_runs, 1)
    check.one_of("simulate", "start", start, STARTS)
    network = story if isinstance(story, Network) else Network(story)
    target = Target(network, logs)
    given = target.given
    draws = static_draws(network, fit, given, num_runs)
    begin = 0
    if start == "logs":
        begin, _ = first_whole_step(target, with_static(given, draws[0]))
    carried = _carried_at(network, given, draws, begin) if begin else []
    whole, given = given, _from_step(given, begin)
    network = _with_replayed(network, given, replayed)
    given = given._replace(
        moving={name: value for name, value in given.moving.items() if name not in replayed}
    )
    record = [f"{name}.{field}" for name, value in given.moving.items() for field in value.as_dict]
    addresses = _addresses(network) if start == "story" else {}
    runtime = TFRuntime(network)
    runs = []
    for i in range(num_runs):
        known = with_static(given, draws[i % len(draws)])
        if begin:
            known = known._replace(first=carried[i % len(draws)])
        first = (
            _first_of_logs(network, known)
            if start == "logs"
            else _first_of_story(network, known, addresses, (seed, i))
        )
        run = runtime.trajectory(given.length, first, seed=(seed, i), record=record)
        found = arrays(run, record)
        if begin:
            before = arrays(whole.moving, record)
            found = {name: np.concatenate([before[name][:begin], x]) for name, x in found.items()}
        runs.append(found)
    return runs


def arrays(logs: Logs, names: Sequence[str]) -> Arrays:
    """Returns fields of logs as arrays.

    Args:
      logs: variable name -> Value.
      names: "variable.field" of those that are wanted.
    """
    found = {}
    for variable in logs:
        for field, x in logs[variable].as_dict.items():
            if f"{variable}.{field}" in names:
                found[f"{variable}.{field}"] = np.asarray(x)
    return found


def compared_fields(
    story: Network | Sequence[Variable], logs: Logs, replayed: Sequence[str] = ()
) -> list[str]:
    """Returns "variable.field" of all that moves in logs and is simulated.

    Args:
      story: a Network, or its variables.
      logs: variable name -> Value, time axis first.
      replayed: variables that follow the logs.
    """
    given = observed(story if isinstance(story, Network) else Network(story), logs)
    return [
        f"{name}.{field}"
        for name, value in given.moving.items()
        if name not in replayed
        for field in value.as_dict
    ]


def _with_replayed(network: Network, given: Observed, replayed: Sequence[str]) -> Network:
    missing = sorted(set(replayed) - set(given.moving))
    if missing:
        raise DataError(
            f"simulate: replayed variables must be in the logs, {sorted(given.moving)}, got "
            f"{missing}"
        )
    specs = {
        v.name: v.spec.at(*(f for f in v.spec.as_dict if not is_hidden(f)))
        for v in network.variables
        if v.name in replayed
    }
    for name, spec in specs.items():
        lacking = sorted(set(spec.as_dict) - set(given.moving[name].as_dict))
        if lacking:
            raise DataError(
                f"simulate: a replayed variable must be in the logs whole, '{name}' lacks {lacking}"
            )
    return Network(
        [
            data_variable(v.name, specs[v.name], SlicedValue(given.moving[v.name]))
            if v.name in replayed
            else v
            for v in network.variables
        ]
    )


def _from_step(given: Observed, begin: int) -> Observed:
    moving = {name: value.map(lambda x: x[begin:]) for name, value in given.moving.items()}
    return given._replace(moving=moving, length=given.length - begin)


def _carried_at(
    network: Network, given: Observed, draws: Sequence[dict[str, Value]], step: int
) -> list[dict[str, Value]]:
    """What logs lack and the story carries on, at a step of theirs, for each draw."""
    fields: dict[str, list[str]] = {}
    for name, field in missing(network, with_static(given, draws[0])):
        fields.setdefault(name, []).append(field)

    def of(given: Observed, draw: dict[str, Value]) -> dict[str, Value]:
        moving = completed(network, with_static(given, draw)).moving
        return {n: moving[n].at(*inner).map(lambda x: x[step]) for n, inner in fields.items()}

    compiled = tf.function(of, autograph=False)
    return [compiled(given, draw) for draw in draws]


def _first_of_logs(network: Network, known: Observed) -> dict[str, Value]:
    current, _ = conditioned_step(network, "initial_value", known.at_first(), {}, {})
    return {name: value.map(plain) for name, value in current.items()}


def _addresses(network: Network) -> dict[str, tuple[str, str]]:
    """The address of each field that is drawn at step 0, by "variable.field"."""
    with Seed(0), Record() as record:
        first = network.initial_step()
    found = {}
    for name, value in first.items():
        for field, x in value.as_dict.items():
            site = record.of(x) if is_random_variable(x) else None
            if site is not None:
                found[f"{name}.{field}"] = site.address
    return found


def _first_of_story(
    network: Network, known: Observed, addresses: Mapping[str, tuple[str, str]], seed: Any
) -> dict[str, Value]:
    values = {
        addresses[f"{name}.{field}"]: x
        for name, value in known.static.items()
        for field, x in value.as_dict.items()
        if f"{name}.{field}" in addresses
    }
    with Seed(seed), Condition(values):
        first = network.initial_step()
    return {name: value.map(plain) for name, value in first.items()}
