"""Stories along a log: run step by step, what is known of each step given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recsim_ng.core.data import TimeSteps, data_variable
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Dependency, ValueDef, Variable
from recsim_ng.inference.replay import Observed

_STEP = "__step"

Values = Mapping[str, Value]
Evaluate = Callable[[Variable, ValueDef, Values, Values, Mapping[str, Any]], Value]


def network_along(network: Network, given: Observed, evaluate: Evaluate) -> Network:
    """Returns a network that runs beside what is known of it.

    Args:
      network: the story.
      given: what is known.
      evaluate: (variable, definition, variables at this step, at the step before, the variable's
        known fields) -> its Value.
    """
    step = data_variable(_STEP, ValueSpec(step=FieldSpec()), TimeSteps(), lambda t: Value(step=t))
    return Network([step, *(_along(v, given, evaluate) for v in network.variables)])


def _along(variable: Variable, given: Observed, evaluate: Evaluate) -> Variable:
    made = Variable(variable.name, variable.spec)

    def definition(of: ValueDef, is_first: bool) -> ValueDef:
        current = [d.variable_name for d in of.dependencies if d.on_current_value]
        previous = [d.variable_name for d in of.dependencies if not d.on_current_value]

        def fn(step: Value, *values: Value) -> Value:
            known = given.at_first() if is_first else given.at(step.get("step"))
            mine = known[variable.name].as_dict if variable.name in known else {}
            now = dict(zip(current, values, strict=False))
            before = dict(zip(previous, values[len(current) :], strict=True))
            return evaluate(variable, of, now, before, mine)

        reads = [Dependency(name, True) for name in current]
        reads += [Dependency(name, False) for name in previous]
        return ValueDef(fn, (Dependency(_STEP, True), *reads))

    if variable.initial_value is not None:
        made.initial_value = definition(variable.initial_value, True)
    if variable.value is not None:
        made.value = definition(variable.value, False)
    return made
