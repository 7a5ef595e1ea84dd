"""Network: variables wired into a dynamic Bayesian network; its first step and every later one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import networkx as nx
import tensorflow as tf
from tensorflow.python.autograph.core import ag_ctx
from tensorflow.python.autograph.impl import api as autograph

from recsim_ng.core import site
from recsim_ng.core.data import DataVariable
from recsim_ng.core.errors import BehaviourError, CycleError, FieldError, NetworkError
from recsim_ng.core.given import intervened
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Dependency, ValueDef, Variable

NetworkValue = dict[str, Value]


class _Learnt(threading.local):
    """What steps have shown of the fields: variable name -> specs. Threads do not disturb it."""

    def __init__(self) -> None:
        self.specs: dict[str, Value] = {}


class Network:
    """A dynamic Bayesian network: x_0 = initial_step(), x_t = step(x_{t-1}).

    Args:
      variables: the variables, each with a behaviour, under different names, whose dependencies
        are among them.

    Raises:
      BehaviourError: (also a TypeError) something among the variables is no Variable.
      NetworkError: (also a ValueError) a name is used twice, a variable has no definition, or a
        dependency is missing.
      CycleError: (a NetworkError) current values depend on each other in a circle.
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        self._variables = tuple(variables)
        for v in self._variables:
            if not isinstance(v, Variable):
                raise BehaviourError(
                    f"Network: variables must be Variables, got a {type(v).__name__} among them"
                )
        names = [v.name for v in self._variables]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise NetworkError(
                f"Network: each variable needs a name of its own, got {twice} more than once; "
                "rename one of them"
            )
        self._learnt = _Learnt()
        self._learnt.specs = self._fresh_specs()
        self._orders: dict[str, tuple[Any, list[Variable]]] = {}
        self.order("initial_value")
        self.order("value")

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables, as declared."""
        return self._variables

    def _fresh_specs(self) -> dict[str, Value]:
        return {v.name: v.fresh_spec() for v in self._variables}

    @property
    def _specs(self) -> dict[str, Value]:
        if not self._learnt.specs:
            self._learnt.specs = self._fresh_specs()
        return self._learnt.specs

    def definitions(self) -> tuple[tuple[ValueDef | None, ValueDef | None], ...]:
        """The definitions in force: (initial value, value) of each variable."""
        return tuple((v.initial_value, v.value) for v in self._variables)

    def read_through_previous(self) -> set[str]:
        """Names of the variables whose previous value some behaviour reads."""
        found = set()
        for variable in self._variables:
            if variable.value is not None:
                deps = variable.value.dependencies
                found |= {d.variable_name for d in deps if not d.on_current_value}
        return found

    def initial_step(self) -> NetworkValue:
        """Returns x_0: variable name -> Value.

        Raises:
          FieldError: (also a ValueError) a behaviour's fields do not fit its variable's spec.
          BehaviourError: (also a TypeError) a behaviour does not return a Value.
        """
        self._learnt.specs = self._fresh_specs()
        found: NetworkValue = {}
        for variable in self.order("initial_value"):
            definition = variable.initial_value
            assert definition is not None  # the constructor checked
            found[variable.name] = self.evaluate(variable, definition, found, {})
        return {v.name: found[v.name] for v in self._variables}

    def step(self, previous: Mapping[str, Value]) -> NetworkValue:
        """Returns x_t given x_{t-1}; static variables keep their value.

        Args:
          previous: variable name -> Value. Variables that are not static and that nothing reads
            through `.previous` may be absent.

        Raises:
          NetworkError: (also a ValueError) a value that is read is absent.
          FieldError: (also a ValueError) a behaviour's fields do not fit its variable's spec, or
            a field changes shape or dtype.
          BehaviourError: (also a TypeError) a behaviour does not return a Value.
        """
        static = {v.name for v in self._variables if v.is_static}
        absent = sorted((static | self.read_through_previous()) - set(previous))
        if absent:
            raise NetworkError(
                f"Network.step: the previous value must hold {absent}, got {sorted(previous)}"
            )
        found = {name: previous[name] for name in previous if name in static}
        for variable in self.order("value"):
            if variable.value is not None:
                value = self.evaluate(variable, variable.value, found, previous)
                found[variable.name] = value
        return {v.name: found[v.name] for v in self._variables}

    def learn(self, value: Mapping[str, Value]) -> NetworkValue:
        """Takes a given network value for x_0: checks it against the specs and learns its shapes.

        Args:
          value: variable name -> Value, for every variable.

        Returns:
          The value, checked, in the network's order.

        Raises:
          NetworkError: (also a ValueError) variables are missing or unknown.
          FieldError: (also a ValueError) fields do not fit.
        """
        names = {v.name for v in self._variables}
        missing, unknown = sorted(names - set(value)), sorted(set(value) - names)
        if missing or unknown:
            raise NetworkError(
                f"starting_value: must hold each variable of the network, {sorted(names)}; "
                f"missing: {missing}, unknown: {unknown}"
            )
        self._learnt.specs = self._fresh_specs()
        return {v.name: v.typecheck(value[v.name], self._specs[v.name]) for v in self._variables}

    def invariants(self) -> dict[str, Value]:
        """The shapes that fields keep, as far as steps have shown: variable name -> Value."""
        return {name: spec.map(lambda s: s.invariant()) for name, spec in self._specs.items()}

    def evaluate(
        self,
        variable: Variable,
        definition: ValueDef,
        current: Mapping[str, Value],
        previous: Mapping[str, Value],
    ) -> Value:
        """Returns what one behaviour makes of given values, as part of a step.

        Args:
          variable: of the network.
          definition: its `initial_value` or its `value`.
          current: variable name -> Value at this step, for all that the behaviour reads.
          previous: the same at the step before.

        Raises:
          FieldError: (also a ValueError) the behaviour's fields do not fit the variable's spec.
          BehaviourError: (also a TypeError) it does not return a Value.
        """
        values = [
            (current if d.on_current_value else previous)[d.variable_name]
            for d in definition.dependencies
        ]
        result, fields = intervened(variable.name, variable.spec)
        try:
            if result is None:
                with site.behaviour(variable.name):
                    result = _through_autograph(definition.fn)(*values)
                if fields and isinstance(result, Value):
                    result = Value(**{**result.as_dict, **fields})
        except Exception as error:
            error.add_note(f"in the behaviour of variable '{variable.name}'")
            raise
        return variable.typecheck(result, self._specs[variable.name])

    @property
    def graph(self) -> nx.DiGraph:
        """The network as a networkx graph.

        Nodes are the variables, with the attributes `static` and `fields`. An edge from what is
        read to what reads it has the attributes `initial` (read at step 0), `current` (read in
        the same later step) and `previous` (read from the step before).
        """
        graph = nx.DiGraph()
        for v in self._variables:
            graph.add_node(v.name, static=v.is_static, fields=list(v.spec.as_dict))
        for v in self._variables:
            for which, definition in (("initial", v.initial_value), ("later", v.value)):
                for d in definition.dependencies if definition is not None else ():
                    kind = "initial" if which == "initial" else _kind(d)
                    if not graph.has_edge(d.variable_name, v.name):
                        flags = {"initial": False, "current": False, "previous": False}
                        graph.add_edge(d.variable_name, v.name, **flags)
                    graph.edges[d.variable_name, v.name][kind] = True
        return graph

    def draw(self, path: Any = None) -> Any:
        """Draws the network as two slices of time.

        Args:
          path: file to write, by its ending PNG, PDF or SVG; none if None.

        Returns:
          The matplotlib figure.
        """
        from importlib import import_module  # the layers above are reached only when drawing

        return import_module("recsim_ng.plot").draw_network(self, path)

    def order(self, which: str) -> list[Variable]:
        """Returns the variables in an order in which each comes after what its behaviour reads.

        Args:
          which: "initial_value" or "value".
        """
        definitions = tuple(getattr(v, which) for v in self._variables)
        known = self._orders.get(which)
        if known is None or known[0] != definitions:
            known = self._orders[which] = (definitions, self._sorted(which, definitions))
        return known[1]

    def _sorted(self, which: str, definitions: tuple[ValueDef | None, ...]) -> list[Variable]:
        names = [v.name for v in self._variables]
        graph = nx.DiGraph()
        graph.add_nodes_from(names)
        for name, definition in zip(names, definitions, strict=True):
            if definition is None:
                if which == "initial_value":
                    raise NetworkError(
                        f"variable '{name}': needs a definition; assign its initial_value or value"
                    )
                continue
            for d in definition.dependencies:
                if d.variable_name not in names:
                    raise NetworkError(
                        f"variable '{name}': depends on '{d.variable_name}', which is not in the "
                        f"network; add it to the variables, which are {names}"
                    )
                if d.on_current_value:
                    graph.add_edge(d.variable_name, name)
                elif which == "initial_value":
                    raise NetworkError(
                        f"variable '{name}': its first value reads the previous value of "
                        f"'{d.variable_name}', but there is no step before the first; assign an "
                        "initial_value without it"
                    )
        try:
            order = list(nx.lexicographical_topological_sort(graph, key=names.index))
        except nx.NetworkXUnfeasible:
            cycle = [edge[0] for edge in nx.find_cycle(graph)]
            first = cycle.index(min(cycle, key=names.index))
            cycle = cycle[first:] + cycle[:first]
            text = " -> ".join(f"'{n}'" for n in [*cycle, cycle[0]])
            raise CycleError(
                f"Network: current values ({which}) must not depend on each other in a circle, "
                f"got {text}; let one of them read .previous"
            ) from None
        index = {v.name: v for v in self._variables}
        return [index[name] for name in order]


def _kind(dependency: Dependency) -> str:
    return "current" if dependency.on_current_value else "previous"


def _through_autograph(fn: Callable[..., Value]) -> Callable[..., Value]:
    """The behaviour as AutoGraph converts it, where a graph is being built.

    Behaviours of this package need no conversion, since they are written without tensor-dependent
    Python control flow; but those of data variables call functions of the user.
    """
    inner = getattr(fn, "__func__", fn)
    module = getattr(inner, "__module__", None) or ""
    ours = module.split(".")[0] == "recsim_ng" and module != DataVariable.__module__
    if tf.executing_eagerly() or ours:
        return fn
    # The only private names of TensorFlow's used here: no public one converts a bound method.
    return autograph.tf_convert(fn, ag_ctx.ControlStatusCtx(status=ag_ctx.Status.ENABLED))


def find_field(network_value: Mapping[str, Value], field_name: str) -> dict[str, Any]:
    """Finds a field in all variables.

    Args:
      network_value: variable name -> Value.
      field_name: with dots where nested.

    Returns:
      variable name -> the field, for every variable that has it.
    """
    return {n: v.get(field_name) for n, v in network_value.items() if field_name in v}


def find_unique_field(network_value: Mapping[str, Value], field_name: str) -> tuple[str, Any]:
    """Finds the one variable that has a field.

    Args:
      network_value: variable name -> Value.
      field_name: with dots where nested.

    Returns:
      (variable name, the field).

    Raises:
      FieldError: (also a ValueError) no variable has it, or more than one.
    """
    found = find_field(network_value, field_name)
    if len(found) != 1:
        raise FieldError(
            f"find_unique_field: exactly one variable must have the field '{field_name}', "
            f"got {sorted(found) or 'none'} of {sorted(network_value)}"
        )
    return next(iter(found.items()))
