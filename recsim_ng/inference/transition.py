"""One step of a story of which some draws are known, as a function of what the step before left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from recsim_ng.core.data import DataVariable
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.conditioned import ConditionedStep, Drawn, sampled_step
from recsim_ng.inference.replay import Observed, joined
from recsim_ng.inference.unknown import Unknown
from recsim_ng.runtime.runtime import as_tensors

Field = tuple[str, str]
Values = dict[str, Value]
_AT_FIRST, _LATER = ("always", "each", "first"), ("each", "later")


class Moved(NamedTuple):
    """What a step leaves.

    Attributes:
      kept: the fields `Transition.kept`, in its order.
      terms: (variable, field) -> log-probabilities of each draw that was known.
    """

    kept: list[Any]
    terms: dict[Field, Any]


class Transition:
    """Steps of a story, in which what was not observed is drawn, or given.

    With k_t the kept fields at step t, x_t the unknowns that are drawn at t, and y_t what was
    observed:

        k_0, log p(y_0 | x_0) = first()
        k_t, log p(y_t | x_t, k_{t-1}, y_{t-1}) = later(t, k_{t-1})

    Args:
      network: the story.
      given: which fields are known; not their values.
      unknowns: what is drawn and not known.
    """

    def __init__(self, network: Network, given: Observed, unknowns: Sequence[Unknown]) -> None:
        self._network, self._unknowns = network, list(unknowns)
        known = joined(given.moving, given.static)
        affected = _affected(network, {u.variable for u in unknowns})
        read = network.read_through_previous()
        self._static = [v.name for v in network.variables if v.is_static and v.name in affected]
        self._kept: list[Field] = []
        for variable in network.variables:
            fields = _unobserved(variable, known)
            if variable.is_static and variable.name not in affected:
                fields = []
            elif not variable.is_static and variable.name not in read:
                fields = [u.field for u in unknowns if u.variable == variable.name]
            self._kept += [(variable.name, field) for field in fields]
        self._scored = [
            (v.name, field)
            for v in network.variables
            if v.name in affected or not v.is_static
            for field in v.spec.as_dict
            if v.name in known and field in known[v.name]
        ]

    @property
    def kept(self) -> list[Field]:
        """(variable, field) of what was not observed and is read later, and of all unknowns."""
        return self._kept

    @property
    def scored(self) -> list[Field]:
        """(variable, field) of what was observed and may have a log-probability in a step."""
        return self._scored

    @property
    def unknowns(self) -> list[Unknown]:
        """What is drawn and not known."""
        return self._unknowns

    def drawn(self, at_first: bool) -> list[Unknown]:
        """Returns the unknowns that are drawn at the first step, or at each later one.

        Args:
          at_first: which.
        """
        return [u for u in self._unknowns if u.when in (_AT_FIRST if at_first else _LATER)]

    def common(self, given: Observed) -> tuple[Values, dict[Field, Any]]:
        """Returns what does not depend on any unknown: static variables, and their draws' terms.

        Args:
          given: what is known.

        Returns:
          (variable name -> Value, (variable, field) -> log-probabilities).
        """
        step = sampled_step(self._network, "initial_value", given.at_first(), {}, {})
        values = as_tensors(step.values)
        static = [v.name for v in self._network.variables if v.is_static]
        names = [name for name in static if name not in self._static]
        drawn = {n: of for n, of in step.log_probs.items() if n in names}
        return {name: values[name] for name in names}, _terms(drawn)

    def first(
        self, seed: Any, given: Observed, common: Values, drawn: Sequence[Any] | None = None
    ) -> Moved:
        """Returns the first step's result.

        Args:
          seed: of what is drawn, two words.
          given: what is known.
          common: variables that depend on no unknown.
          drawn: values of `drawn(True)`, which then are scored; None: they are drawn.
        """
        observed = joined(given.at_first(), self._as_values(drawn, True))
        step = sampled_step(self._network, "initial_value", observed, {}, common, seed)
        return self._moved(step)

    def later(
        self,
        seed: Any,
        step: Any,
        given: Observed,
        kept: Sequence[Any],
        common: Values,
        drawn: Sequence[Any] | None = None,
    ) -> Moved:
        """Returns a later step's result.

        Args:
          seed: of what is drawn, two words.
          step: t, at least 1.
          given: what is known.
          kept: what the step before left.
          common: variables that depend on no unknown.
          drawn: values of `drawn(False)`, which then are scored; None: they are drawn.
        """
        of_kept: Values = {}
        for (variable, field), x in zip(self._kept, kept, strict=True):
            of_kept = joined(of_kept, {variable: Value(**{field: x})})
        before = joined(given.at(step - 1), of_kept)
        constant = {**common, **{name: before[name] for name in self._static}}
        observed = joined(given.at(step), self._as_values(drawn, False))
        made = sampled_step(
            self._network, "value", observed, {**before, **constant}, constant, seed, step
        )
        return self._moved(made)

    def _as_values(self, drawn: Sequence[Any] | None, at_first: bool) -> Values:
        found: Values = {}
        if drawn is not None:
            for unknown, x in zip(self.drawn(at_first), drawn, strict=True):
                found = joined(found, {unknown.variable: Value(**{unknown.field: x})})
        return found

    def _moved(self, step: ConditionedStep) -> Moved:
        values = as_tensors(step.values)
        kept = []
        for variable, field in self._kept:
            x = values[variable].get(field)
            if isinstance(x, int | float):
                x = tf.convert_to_tensor(x)
            if not tf.is_tensor(x):
                raise DataError(
                    f"particles: variable '{variable}', field '{field}' must be a tensor, got a "
                    f"{type(x).__name__}; put the variable into the logs"
                )
            kept.append(x)
        return Moved(kept, _terms(step.log_probs))


def mapped(fn: Callable[..., Any], *parts: Any) -> Any:
    """Returns a function of many particles' tensors, all at once.

    Args:
      fn: of one particle's tensors.
      *parts: `[P, ...]` tensors.
    """
    return tf.vectorized_map(lambda x: fn(*x), parts, fallback_to_while_loop=False)


def over_steps(following: Callable[[Any, Any], Any], start: Any, length: int) -> Any:
    """Returns what a loop over time leaves at all steps, `[T, ...]` for each tensor.

    Args:
      following: (what the step before has left, t) -> what step t leaves.
      start: what step 0 leaves, a structure of tensors.
      length: T.
    """
    if length == 1:
        return tf.nest.map_structure(lambda x: x[None], start)
    later = tf.scan(following, tf.range(1, length), start)
    return tf.nest.map_structure(lambda x, y: tf.concat([x[None], y], axis=0), start, later)


def _terms(log_probs: Drawn) -> dict[Field, Any]:
    return {(name, field): x for name, of in log_probs.items() for field, x in of.items()}


def _unobserved(variable: Variable, known: Values) -> list[str]:
    if variable.name not in known:
        return list(variable.spec.as_dict)
    if isinstance(variable, DataVariable):
        return []
    return [f for f in variable.spec.as_dict if f not in known[variable.name]]


def _affected(network: Network, variables: set[str]) -> set[str]:
    """The variables, and those whose first value depends on them."""
    found = set(variables)
    for variable in network.order("initial_value"):
        definition = variable.initial_value
        assert definition is not None  # the network has checked
        if any(d.variable_name in found for d in definition.dependencies):
            found.add(variable.name)
    return found
