"""bandit_story: its variables, their wiring, and the order of arguments."""

import tensorflow as tf

from recsim_ng import FieldSpec, Network, PythonRuntime, Value, ValueSpec
from recsim_ng.entities.bandits import (
    BanditAlgorithm,
    BanditContext,
    BanditGenerator,
    BanditMetrics,
    BanditProblem,
)
from recsim_ng.stories.bandit_simulation import bandit_story

CONFIG = {"num_bandits": 2, "num_arms": 3, "other": "kept"}
SPEC = ValueSpec(n=FieldSpec())


def marked(name, *values):
    """A value that tells what it was made of: name(field of each argument)."""
    inner = ", ".join(v.get("n").numpy().decode() for v in values)
    return Value(n=tf.constant(f"{name}({inner})"))


class ToldGenerator(BanditGenerator):
    def parameters(self):
        return marked("parameters")

    def specs(self):
        return SPEC


class ToldContext(BanditContext):
    def initial_state(self, parameters):
        return marked("context0", parameters)

    def next_state(self, previous_state, parameters):
        return marked("context", previous_state, parameters)

    def specs(self):
        return SPEC


class ToldProblem(BanditProblem):
    def initial_state(self, parameters, context):
        return marked("bandit0", parameters, context)

    def next_state(self, parameters, context):
        return marked("bandit", parameters, context)

    def reward(self, arm, state):
        return marked("reward", arm, state)

    def specs(self):
        return ValueSpec(state=SPEC, reward=SPEC)


class ToldAlgorithm(BanditAlgorithm):
    def initial_statistics(self, context):
        return marked("statistics0", context)

    def next_statistics(self, previous_statistics, arm, reward, context):
        return marked("statistics", previous_statistics, arm, reward, context)

    def arm_choice(self, statistics, context):
        return marked("arm", statistics, context)

    def specs(self):
        return ValueSpec(choice=SPEC, statistics=SPEC)


class ToldMetrics(BanditMetrics):
    def initial_state(self):
        return marked("metrics0")

    def next_state(self, previous_metrics, arm, bandit_state, context):
        return marked("metrics", previous_metrics, arm, bandit_state, context)

    def specs(self):
        return SPEC


def told_story():
    return bandit_story(CONFIG, ToldGenerator, ToldContext, ToldProblem, ToldAlgorithm, ToldMetrics)


# Variable -> (read at first, read later at this step, read later from the step before).
PARAMETERS, CONTEXT, STATE = "bandit parameters", "context state", "bandit state"
ARM, REWARD, STATISTICS = "algorithm choice", "bandit rewards", "algorithm statistics"
METRICS = "metrics state"
WIRING = {
    PARAMETERS: ([], [], []),
    CONTEXT: ([PARAMETERS], [PARAMETERS], [CONTEXT]),
    STATE: ([PARAMETERS, CONTEXT], [PARAMETERS, CONTEXT], []),
    STATISTICS: ([CONTEXT], [], [STATISTICS, ARM, REWARD, CONTEXT]),
    ARM: ([STATISTICS, CONTEXT], [STATISTICS, CONTEXT], []),
    REWARD: ([ARM, STATE], [ARM, STATE], []),
    METRICS: ([], [], [METRICS, ARM, STATE, CONTEXT]),
}


def test_the_variables_bear_the_names_of_the_interface():
    variables = told_story()
    assert sorted(v.name for v in variables) == sorted(WIRING)
    assert [v.name for v in variables if v.is_static] == [PARAMETERS]


def test_the_graph_has_the_edges_of_the_interface_and_no_other():
    edges = Network(told_story()).graph.edges(data=True)
    for k, kind in enumerate(("initial", "current", "previous")):
        found = {(read, reader) for read, reader, flags in edges if flags[kind]}
        expected = {(read, reader) for reader, reads in WIRING.items() for read in reads[k]}
        assert found == expected, kind


def test_arguments_come_in_the_order_of_the_interface():
    run = PythonRuntime(told_story()).trajectory(2, seed=0)
    first, second = (
        {name: v.get("n").numpy().decode() for name, v in run.at_step(t).items()} for t in (0, 1)
    )
    context, bandit = "context0(parameters())", "bandit0(parameters(), context0(parameters()))"
    arm = f"arm(statistics0({context}), {context})"
    assert first == {
        PARAMETERS: "parameters()",
        CONTEXT: context,
        STATE: bandit,
        STATISTICS: f"statistics0({context})",
        ARM: arm,
        REWARD: f"reward({arm}, {bandit})",
        METRICS: "metrics0()",
    }
    following = f"context({context}, parameters())"
    statistics = f"statistics({first[STATISTICS]}, {arm}, {first[REWARD]}, {context})"
    assert second == {
        PARAMETERS: "parameters()",
        CONTEXT: following,
        STATE: f"bandit(parameters(), {following})",
        STATISTICS: statistics,
        ARM: f"arm({statistics}, {following})",
        REWARD: f"reward(arm({statistics}, {following}), bandit(parameters(), {following}))",
        METRICS: f"metrics(metrics0(), {arm}, {bandit}, {context})",
    }


def test_constructors_get_the_config():
    made = []

    def keep(constructor):
        return lambda config: made.append(constructor(config)) or made[-1]

    roles = (ToldGenerator, ToldContext, ToldProblem, ToldAlgorithm, ToldMetrics)
    bandit_story(CONFIG, *map(keep, roles))
    assert [type(entity) for entity in made] == list(roles)
    assert all(entity._config == CONFIG for entity in made)
    assert all((entity._num_bandits, entity._num_arms) == (2, 3) for entity in made)
