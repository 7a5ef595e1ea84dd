"""Unknowns: what a story draws and a log does not hold, and how it is put on the real line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.network import Network
from recsim_ng.core.site import Site
from recsim_ng.core.value import Value
from recsim_ng.core.variable import ValueDef, Variable
from recsim_ng.inference.conditioned import Conditioned, conditioned, plain
from recsim_ng.inference.replay import Observed, joined

tfd = tfp.distributions
Values = dict[str, Value]
When = Literal["always", "each", "later", "first"]


@dataclasses.dataclass(frozen=True, eq=False)
class Unknown:
    """A field that is drawn and was not observed.

    Attributes:
      variable: name of the variable.
      field: name of the field, with dots where nested.
      when: "always": drawn at step 0 and kept, `[...]`; "each": drawn at every step, `[T, ...]`;
        "later": drawn from step 1 on, `[T - 1, ...]`; "first": drawn at step 0, then it follows,
        `[...]`.
      shape: of the unknown.
      dtype: of the field.
      bijector: from real numbers to the support of its law; None for what is discrete.
    """

    variable: str
    field: str
    when: When
    shape: tuple[int, ...]
    dtype: tf.DType
    bijector: Any

    @property
    def name(self) -> str:
        """The name: variable, dot, field."""
        return f"{self.variable}.{self.field}"

    @property
    def is_path(self) -> bool:
        """Whether there is one for each step."""
        return self.when in ("each", "later")

    def out_of(self, run: Any) -> Any:
        """Returns what the unknown was in a run, of its own shape.

        Args:
          run: a trajectory.
        """
        drawn = run[self.variable].get(self.field)
        return {"each": drawn, "later": drawn[1:]}.get(self.when, drawn[0])


def find_unknowns(network: Network, given: Observed, seed: int = 0) -> list[Unknown]:
    """Returns what is drawn and not known, in the network's order.

    The story's first two steps are evaluated, with what is known in its place.

    Args:
      network: the story.
      given: what is known.
      seed: of what is drawn on the way.

    Raises:
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    at_first = _evaluated(network, "initial_value", given.at_first(), {}, {}, seed)
    current = {name: found.value for name, found in at_first.items()}
    static = [v.name for v in network.variables if v.is_static]
    later: dict[str, Conditioned] = {}
    previous: Values = {}
    if given.length > 1:
        previous = {name: value.map(plain) for name, value in current.items()}
        constant = {name: current[name] for name in static}
        later = _evaluated(network, "value", given.at(1), previous, constant, seed)
    found = []
    for variable in network.variables:
        name = variable.name
        begun = at_first[name].latent
        going = later[name].latent if name in later else {}
        for field in variable.spec.as_dict:
            if field not in begun and field not in going:
                continue
            site = begun.get(field) or going[field]
            value = (later if field not in begun else at_first)[name].value.get(field)
            if field not in begun:
                when: When = "later"
            elif name in static:
                when = "always"
            elif field in going:
                when = "each"
            elif name in later and not _is_kept(
                later[name].value.get(field), previous[name], field
            ):
                when = "first"
            else:
                when = "always"
            found.append(_unknown(variable, field, when, site, value, given.length))
    return found


def is_informed(network: Network, given: Observed) -> bool:
    """Whether some of what is known was drawn.

    What follows from the rest is no observation: it is taken as given.

    Args:
      network: the story.
      given: what is known.
    """
    at_first = _evaluated(network, "initial_value", given.at_first(), {}, {}, 0)
    if _are_drawn(at_first):
        return True
    if given.length == 1:
        return False
    current = {name: found.value for name, found in at_first.items()}
    previous = {name: value.map(plain) for name, value in current.items()}
    constant = {v.name: current[v.name] for v in network.variables if v.is_static}
    return _are_drawn(_evaluated(network, "value", given.at(1), previous, constant, 0))


def _are_drawn(found: dict[str, Conditioned]) -> bool:
    return any(
        not isinstance(x.value.get(field).distribution, tfd.Deterministic | tfd.VectorDeterministic)
        for x in found.values()
        for field in x.log_probs
    )


def _evaluated(
    network: Network,
    which: str,
    observed: Values,
    previous: Values,
    constant: Values,
    seed: int,
) -> dict[str, Conditioned]:
    current: Values = dict(constant)
    found = {}
    for variable in network.order(which):
        definition: ValueDef | None = getattr(variable, which)
        if definition is None:
            continue
        known = observed[variable.name].as_dict if variable.name in observed else {}
        made = conditioned(network, variable, definition, current, previous, known, seed)
        found[variable.name], current[variable.name] = made, made.value
    return found


def _is_kept(field: Any, previous: Value, name: str) -> bool:
    """Whether a field is what it was at the step before, and not merely equal to it."""
    before = previous.get(name)
    if is_random_variable(field):
        law = field.distribution
        while hasattr(law, "distribution"):  # Independent, Sample
            law = law.distribution
        if not isinstance(law, tfd.Deterministic | tfd.VectorDeterministic):
            return False
        field = law.loc
    return field is before


def _unknown(
    variable: Variable, field: str, when: When, site: Site, value: Any, length: int
) -> Unknown:
    shape = tuple(value.shape.as_list())
    lead: tuple[int, ...] = {"each": (length,), "later": (length - 1,)}.get(when, ())
    law = site.distribution
    dtype = tf.as_dtype(law.dtype)
    bijector = _support_bijector(law) if dtype.is_floating else None
    return Unknown(variable.name, field, when, (*lead, *shape), dtype, bijector)


def _support_bijector(law: Any) -> Any:
    """From real numbers to a law's support."""
    bijector = law.experimental_default_event_space_bijector()
    if bijector is None and isinstance(law, tfd.MixtureSameFamily):
        # TFP knows none where components could differ; their supports do not in one family.
        bijector = law.components_distribution.experimental_default_event_space_bijector()
    return bijector


def with_unknowns(given: Observed, unknowns: Sequence[Unknown], values: Sequence[Any]) -> Observed:
    """Returns what is known, together with values for what is not.

    Args:
      given: what is known.
      unknowns: what is not.
      values: a tensor for each of them, of its shape.
    """
    parts: dict[When, Values] = {"always": {}, "each": {}, "later": {}, "first": {}}
    for unknown, x in zip(unknowns, values, strict=True):
        part = parts[unknown.when]
        mine = Value(**{unknown.field: x})
        part[unknown.variable] = (
            part[unknown.variable].union(mine) if unknown.variable in part else mine
        )
    return given._replace(
        moving=joined(given.moving, parts["each"]),
        static=joined(given.static, parts["always"]),
        later=joined(given.later, parts["later"]),
        first=joined(given.first, parts["first"]),
    )
