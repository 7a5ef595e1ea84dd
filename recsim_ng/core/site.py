"""Random sites: what happens where a behaviour draws.

A behaviour draws by constructing Edward2 random variables. Each construction is a *site* with the
address (variable name, site name). While a variable's behaviour runs, one tracer turns every
construction into a `Site` and passes it through the effects in force, innermost first:

    Seed       draws the value, from keyed noise, where none was given
    Record     keeps the site for scoring or inspection
    Condition  gives observed values, which are scored
    Do         gives values by intervention, which are not scored

    with Seed(seed=1, step=0), Record() as record, Do({("user", "interest"): 0.0}):
        network.initial_step()

Without any effect a site is plain Edward2. `Condition` and `Do` are in `core/given.py`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core import noise, sampling
from recsim_ng.core.edward2 import BaseRandomVariable, ed, is_random_variable
from recsim_ng.core.errors import SiteError

Address = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Site:
    """One random draw of a behaviour.

    Attributes:
      address: (variable name, site name).
      distribution: the TFP distribution that is drawn from.
      sample_shape: static sample shape.
      value: the value, None until an effect gives one.
      noise: the noise behind a drawn value, else None.
      observed: whether the value was given by `Condition`.
      intervened: whether the value was given by `Do`; such a site is not scored.
      random_variable: the Edward2 random variable that the behaviour got, once it is made.
    """

    address: Address
    distribution: Any
    sample_shape: tuple[int, ...]
    value: Any = None
    noise: Any = None
    observed: bool = False
    intervened: bool = False
    random_variable: Any = None


class _State(threading.local):
    def __init__(self) -> None:
        self.effects: list[Effect] = []


_state = _State()


def effects_in_force() -> tuple[Effect, ...]:
    """Returns the effects in whose context the caller is, the outermost first."""
    return tuple(_state.effects)


class Effect:
    """What is done at a site; a context manager. Effects compose, the innermost acts first."""

    def __enter__(self) -> Any:
        _state.effects.append(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _state.effects.remove(self)

    def process(self, site: Site) -> Site:
        """Returns the site, changed or not.

        Args:
          site: as the effects further in left it.
        """
        return site

    def observe(self, site: Site) -> None:
        """Sees the finished site, with its value and random variable.

        Args:
          site: complete.
        """
        del site  # a statement: AutoGraph, which converts a story's code, leaves docstrings out


class Seed(Effect):
    """Draws what no other effect has given, from keyed noise.

    Args:
      seed: an int, a pair of ints or an integer tensor.
      step: the time step, an int or integer tensor.
      first_index: variable name -> index of its first user in the whole population, for a shard;
        variables that are not named begin at 0.
    """

    def __init__(
        self, seed: Any, step: Any = 0, first_index: Mapping[str, Any] | None = None
    ) -> None:
        self._words = noise.seed_words(seed)
        self._step, self._first_index = step, dict(first_index or {})

    def process(self, site: Site) -> Site:
        if site.value is not None:
            return site
        variable, name = site.address
        first = self._first_index.get(variable, 0)
        key = noise.site_key(self._words, self._step, variable, name, first)
        drawn = sampling.draw_noise(site.distribution, key, site.sample_shape)
        value = sampling.transform(site.distribution, drawn)
        return dataclasses.replace(site, value=value, noise=drawn)


class Record(Effect):
    """Keeps every finished site: a mapping from address to `Site`, `.sites`."""

    def __init__(self) -> None:
        self.sites: dict[Address, Site] = {}

    def observe(self, site: Site) -> None:
        self.sites[site.address] = site

    def of(self, random_variable: Any) -> Site | None:
        """Returns the site of a random variable, by identity; None if it has none.

        Args:
          random_variable: as it stands in a behaviour's Value.
        """
        for site in self.sites.values():
            if site.random_variable is random_variable:
                return site
        return None


def _place() -> tuple[Any, int]:
    """The graph that is being built, and how deep inside vectorized maps.

    In a graph `tf.vectorized_map` traces its function in place, in a name scope of its own.
    """
    if tf.executing_eagerly():
        return None, 0
    depth = len(re.findall(r"(?:^|/)loop_body(?:_\d+)?(?=/|$)", tf.get_current_name_scope()))
    return tf.compat.v1.get_default_graph(), depth


class _Behaviour:
    """The tracer of one variable's behaviour: names its sites and passes them to the effects."""

    def __init__(self, variable: str) -> None:
        self._variable, self._place = variable, _place()
        self._names: set[str] = set()
        self._count = 0

    def __call__(self, construct: Any, *args: Any, **kwargs: Any) -> Any:
        if construct.__name__ != "random_variable" and not hasattr(ed, construct.__name__):
            with ed.trace(self):
                return construct(*args, **kwargs)
        if kwargs.get("value") is not None or not _state.effects:
            return construct(*args, **kwargs)
        name = self._name(kwargs.get("name"))
        address = (self._variable, name)
        if _place() != self._place:
            raise SiteError(
                f"site {address}: a random variable must be drawn in the behaviour itself, got one "
                "inside a loop, a condition, a vectorized_map or another tf.function, where its "
                "noise would repeat; draw it outside, with a sample_shape if it takes many"
            )
        sample_shape = sampling.static_shape(kwargs.pop("sample_shape", ()))
        made = construct(*args, **{**kwargs, "value": 0})
        if not is_random_variable(made):
            raise SiteError(f"site {address}: {construct.__name__} makes no random variable")
        site = Site(address, made.distribution, sample_shape)
        effects = list(reversed(_state.effects))
        for effect in effects:
            site = effect.process(site)
        variable = BaseRandomVariable(made.distribution, sample_shape, site.value)
        site = dataclasses.replace(site, random_variable=variable)
        for effect in effects:
            effect.observe(site)
        return variable

    def _name(self, given: str | None) -> str:
        name = given or f"#{self._count}"
        if name in self._names:
            name = f"{name}#{self._count}"
        self._names.add(name)
        self._count += 1
        return name


@contextlib.contextmanager
def behaviour(variable: str) -> Iterator[None]:
    """Within this context random variables are sites of the variable.

    Args:
      variable: its name.
    """
    with ed.trace(_Behaviour(variable)):
        yield
