"""What a model is given from outside: observed values, and values by intervention."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import SiteError
from recsim_ng.core.site import Address, Effect, Site, effects_in_force
from recsim_ng.core.value import Value


class _Given(Effect):
    """Gives sites values, and says when an address was no site's."""

    def __init__(self, values: Mapping[Address, Any]) -> None:
        self._values = dict(values)
        self._met: set[Address] = set()
        for address in self._values:
            pair = isinstance(address, tuple) and len(address) == 2
            if not pair or not all(isinstance(name, str) for name in address):
                raise SiteError(
                    f"{type(self).__name__}: an address must be (variable name, site name), the "
                    f"latter the random variable's name=, got {address!r}"
                )

    def __exit__(self, *exc_info: object) -> None:
        super().__exit__(*exc_info)
        missed = sorted(set(self._values) - self._met)
        if missed and self._met and exc_info[0] is None:
            raise SiteError(
                f"{type(self).__name__}: every address must be that of a site that is drawn, got "
                f"{missed}; there were {sorted(self._met)}"
            )


class Condition(_Given):
    """Gives sites their observed values, in place of drawn ones; they are scored.

    Args:
      values: address -> value, an address being (variable name, site name).

    Raises:
      SiteError: (also a ValueError) an address is no pair of names; at the end of the context, one
        was none of the sites that were drawn within it.
    """

    def process(self, site: Site) -> Site:
        self._met.add(site.address)
        if site.observed or site.intervened or site.address not in self._values:
            return site
        value = _given(site, self._values[site.address])
        return dataclasses.replace(site, value=value, noise=None, observed=True)


class Do(_Given):
    """Gives values by intervention, whatever was drawn or observed; they are not scored.

    An intervention goes as deep as its address says; whatever is not downstream of it keeps its
    draws:

        ("user state", "interest")   a site: this is its value
        "user state.interest"        a field: overwritten after the behaviour has run
        "user state"                 a variable: this `Value`, in place of its behaviour

    Of two interventions at the same place the outer one counts; a variable's wins over its fields'.

    Args:
      values: address -> value.

    Raises:
      SiteError: (also a ValueError) an address is none of these; at the end of the context, a site
        was none of those that were drawn within it, or a variable or field none of those computed.
    """

    def __init__(self, values: Mapping[Address | str, Any]) -> None:
        super().__init__({a: x for a, x in values.items() if not isinstance(a, str)})
        self._places = {a: x for a, x in values.items() if isinstance(a, str)}
        self._computed: set[str] = set()
        for name, x in self._places.items():
            if isinstance(x, Value) and "." in name:
                raise SiteError(
                    f"Do: a Value must be given to a whole variable, got one for '{name}'; give "
                    "each field by its name, 'variable.field'"
                )

    def __exit__(self, *exc_info: object) -> None:
        super().__exit__(*exc_info)
        missed = sorted(set(self._places) - self._computed)
        if missed and self._computed and exc_info[0] is None:
            raise SiteError(
                "Do: every address must be that of a variable or field that is computed, got "
                f"{missed}; there were {sorted(self._computed)}"
            )

    def process(self, site: Site) -> Site:
        self._met.add(site.address)
        if site.address not in self._values:
            return site
        value = _given(site, self._values[site.address])
        return dataclasses.replace(site, value=value, noise=None, observed=False, intervened=True)

    def at(self, variable: str, fields: Iterable[str]) -> tuple[Value | None, dict[str, Any]]:
        """Returns what is given in place of a variable's behaviour, and to single fields.

        Args:
          variable: its name.
          fields: its fields' names.
        """
        names = {f"{variable}.{field}": field for field in fields}
        self._computed |= {variable, *names}
        given = {f: self._places[n] for n, f in names.items() if n in self._places}
        return self._places.get(variable), given


def intervened(variable: str, fields: Iterable[str]) -> tuple[Value | None, dict[str, Any]]:
    """Returns what the interventions in force give in place of a behaviour, and to single fields.

    Args:
      variable: its name.
      fields: its fields' names.

    Returns:
      (the whole value or None, field -> value).
    """
    whole: Value | None = None
    parts: dict[str, Any] = {}
    for effect in reversed(effects_in_force()):
        if isinstance(effect, Do):
            replaced, given = effect.at(variable, fields)
            whole = replaced if replaced is not None else whole
            parts.update(given)
    return whole, parts


def _given(site: Site, value: Any) -> Any:
    dtype = site.distribution.dtype
    if isinstance(dtype, tf.DType):
        value = tf.convert_to_tensor(value, dtype)
        shape = tf.TensorShape(site.sample_shape)
        shape = shape.concatenate(site.distribution.batch_shape)
        shape = shape.concatenate(site.distribution.event_shape)
        if shape.is_fully_defined():
            try:
                value = tf.broadcast_to(value, shape)
            except (ValueError, tf.errors.InvalidArgumentError) as error:
                raise SiteError(
                    f"site {site.address}: the given value must broadcast to shape {shape}, "
                    f"got {value.shape}"
                ) from error
    return value
