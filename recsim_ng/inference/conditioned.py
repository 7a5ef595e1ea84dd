"""One behaviour under observed fields: what it makes, and how likely its draws are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.data import DataVariable
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import DataError, SiteError
from recsim_ng.core.given import Condition
from recsim_ng.core.network import Network
from recsim_ng.core.site import Record, Seed, Site
from recsim_ng.core.value import Value
from recsim_ng.core.variable import ValueDef, Variable
from recsim_ng.inference.outcome import outcome

tfd = tfp.distributions
Values = dict[str, Value]
Drawn = dict[str, dict[str, Any]]

_SEED = 0  # of what is drawn because nobody has observed it: two scores of the same data agree
_ROUNDING = 1e-5  # relative to the greater of the number and 1


class Conditioned(NamedTuple):
    """A behaviour's result, given what was observed of it.

    Attributes:
      value: its Value; observed fields are as observed, random ones are random variables that hold
        what was observed.
      log_probs: field -> `[sample shape + batch shape]` log-probabilities of the draw that the
        field is. A field that is no draw is absent; a draw that is two fields is the first one's.
      latent: field -> its site, of the fields that are draws and were not observed.
    """

    value: Value
    log_probs: dict[str, Any]
    latent: dict[str, Site]


def conditioned(
    network: Network,
    variable: Variable,
    definition: ValueDef,
    current: Mapping[str, Value],
    previous: Mapping[str, Value],
    observed: Mapping[str, Any],
    seed: Any = _SEED,
    step: Any = 0,
) -> Conditioned:
    """Evaluates a behaviour some or all of whose draws were observed.

    The behaviour is read twice: once to see which of its fields are draws, then with these draws
    given, so that what it makes of one draw it makes of the observed one. What was not observed is
    drawn.

    Args:
      network: that the variable belongs to.
      variable: whose behaviour it is.
      definition: its `initial_value` or `value`.
      current: variable name -> Value at this step.
      previous: variable name -> Value at the step before.
      observed: field name -> its value; fields may be missing.
      seed: of what is drawn, an int, a pair of ints or an integer tensor.
      step: the time step of what is drawn, an int or an integer tensor.

    Raises:
      SiteError: (also a ValueError) the behaviour draws something that is none of its fields.
    """
    with Seed(_SEED), Record() as record:
        drawn = network.evaluate(variable, definition, current, previous)
    site_of = sites_of_fields(variable.name, drawn, record.sites.values())
    given = {site.address: observed[f] for f, site in site_of.items() if f in observed}
    with Seed(seed, step), Condition(given), Record() as record:
        result = network.evaluate(variable, definition, current, previous)
    log_probs = {}
    fields = {
        name: observed[name] if name in observed else field
        for name, field in result.as_dict.items()
    }
    counted = set()
    for name, site in site_of.items():
        site = record.sites[site.address]
        fields[name] = site.random_variable
        if name in observed and site.address not in counted:
            counted.add(site.address)
            log_probs[name] = log_prob(site.distribution, site.value)
    latent = {
        name: record.sites[site.address]
        for name, site in site_of.items()
        if name not in observed and site.address not in counted and not is_certain(site)
    }
    return Conditioned(variable.typecheck(Value(**fields)), log_probs, latent)


class ConditionedStep(NamedTuple):
    """A step's result, given what was observed of it.

    Attributes:
      values: variable name -> Value.
      log_probs: variable name -> field -> log-probabilities of its draw, as in `Conditioned`.
      latent: variable name -> field -> its site, of draws that were not observed.
    """

    values: Values
    log_probs: Drawn
    latent: dict[str, dict[str, Site]]


def sampled_step(
    network: Network,
    which: str,
    observed: Values,
    previous: Values,
    constant: Values,
    seed: Any = _SEED,
    step: Any = 0,
) -> ConditionedStep:
    """Evaluates a step; what was not observed is drawn.

    Args:
      network: the story.
      which: "initial_value" or "value".
      observed: variable name -> Value of what is known of the step; fields may be missing.
      previous: variable name -> Value at the step before, of what is read of it.
      constant: variable name -> Value of variables that are not to be evaluated.
      seed: of what is drawn, as for `conditioned`.
      step: the time step of what is drawn.

    Raises:
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    current = dict(constant)
    drawn: Drawn = {}
    latent: dict[str, dict[str, Site]] = {}
    for variable in network.order(which):
        definition, name = getattr(variable, which), variable.name
        if definition is None or name in constant:
            continue
        known = observed[name].as_dict if name in observed else {}
        if isinstance(variable, DataVariable) and name in observed:
            current[name], drawn[name] = observed[name], {}
            continue
        found = conditioned(network, variable, definition, current, previous, known, seed, step)
        current[name], drawn[name], latent[name] = found
    return ConditionedStep(current, drawn, latent)


def conditioned_step(
    network: Network, which: str, observed: Values, previous: Values, constant: Values
) -> tuple[Values, Drawn]:
    """The values of a step, and the log-probabilities of the draws among their fields.

    Args:
      network: the story.
      which: "initial_value" or "value".
      observed: as for `sampled_step`; every draw must be in it.
      previous: as for `sampled_step`.
      constant: as for `sampled_step`.

    Raises:
      DataError: (also a ValueError) a draw is missing.
      SiteError: (also a ValueError) as for `sampled_step`.
    """
    found = sampled_step(network, which, observed, previous, constant)
    refuse_latent([f"{name}.{field}" for name, fields in found.latent.items() for field in fields])
    return found.values, found.log_probs


def refuse_latent(latent: Collection[str]) -> None:
    """Requires that no draw is missing.

    Args:
      latent: "variable.field" of those that are.

    Raises:
      DataError: (also a ValueError) there are some.
    """
    if latent:
        raise DataError(
            f"score: every draw must be in the trajectory, but {sorted(latent)} are not; pass them "
            "in, or fit the story with them as latent"
        )


def is_certain(site: Site) -> bool:
    """Whether a site's distribution leaves no choice.

    Args:
      site: of a behaviour.
    """
    return isinstance(site.distribution, tfd.Deterministic | tfd.VectorDeterministic)


def log_prob(distribution: Any, value: Any) -> Any:
    """Returns a distribution's log-probability, minus infinity where it allows no such value.

    A deterministic one tolerates rounding.

    Args:
      distribution: of TFP.
      value: what was observed.
    """
    if isinstance(distribution, tfd.Deterministic | tfd.VectorDeterministic):
        away = tf.abs(value - distribution.loc)
        one = tf.ones_like(away)
        is_there = away <= _ROUNDING * tf.maximum(tf.abs(distribution.loc), one)
        if isinstance(distribution, tfd.VectorDeterministic):
            is_there = tf.reduce_all(is_there, axis=-1)
        zero = tf.zeros(tf.shape(is_there), away.dtype)
        return tf.where(is_there, zero, -float("inf"))
    possible, value = outcome(distribution, value)
    found = distribution.log_prob(value)
    if possible is None:
        return found
    return tf.where(possible, found, tf.cast(-float("inf"), found.dtype))


def sites_of_fields(variable: str, value: Value, sites: Iterable[Site]) -> dict[str, Site]:
    """Returns field -> the site whose draw it is.

    Args:
      variable: its name.
      value: what its behaviour made, of random variables.
      sites: that were recorded meanwhile.

    Raises:
      SiteError: (also a ValueError) the behaviour draws something that is none of its fields.
    """
    found, sites = {}, list(sites)
    for name, field in value.as_dict.items():
        if is_random_variable(field):
            # A field whose shape was not known is another random variable, of the same law.
            mine = [s for s in sites if s.random_variable is field]
            mine = mine or [s for s in sites if s.distribution is field.distribution]
            if mine:
                found[name] = mine[0]
    kept = {site.address for site in found.values()}
    for site in sites:
        if site.address not in kept and not is_certain(site):
            law = type(site.distribution).__name__
            raise SiteError(
                f"variable '{variable}', site '{site.address[1]}' ({law}): a draw can be scored "
                "only where it is a field of the behaviour's Value; return it as one"
            )
    return found


def plain(x: Any) -> Any:
    """Returns a field as a tensor, if it is a random variable, a variable or a tensor.

    Args:
      x: a field, as a behaviour returns it.
    """
    return tf.convert_to_tensor(x) if is_random_variable(x) or tf.is_tensor(x) else x
