"""bandit_story: its variables, their wiring, and the order of arguments."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import FieldSpec, Network, PythonRuntime, Value, ValueSpec
from recsim_ng.core import Space
from recsim_ng.core.errors import ConfigError
from recsim_ng.entities import bandits
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


SIZES = {"num_bandits": 2, "num_arms": 3, "num_features": 2}


def story_of(algorithm, problem, context=bandits.NoContext, generator=bandits.BernoulliGenerator):
    return bandit_story(SIZES, generator, context, problem, algorithm, bandits.RegretMetrics)


@pytest.mark.parametrize("algorithm", [bandits.KLUCB, bandits.BernoulliThompson])
@pytest.mark.parametrize("problem", [bandits.GaussianProblem, bandits.MeanRewardProblem])
def test_rewards_beyond_an_algorithm_are_refused(algorithm, problem):
    with pytest.raises(ConfigError) as error:
        story_of(algorithm, problem)
    assert str(error.value) == (
        f"bandit_story: {algorithm.__name__} must have rewards within [0, 1], got "
        f"{problem.__name__}, whose specs say [-inf, inf]; take another algorithm, or declare the "
        "bounds"
    )


@pytest.mark.parametrize("algorithm", [bandits.KLUCB, bandits.BernoulliThompson])
def test_rewards_of_a_loose_spec_or_within_bounds_are_taken(algorithm):
    class Own(bandits.BernoulliProblem):
        space = Space(gymnasium.spaces.Box(-np.inf, np.inf, (2,)))

        def specs(self):
            return ValueSpec(
                state=super().specs().get("state"), reward=ValueSpec(reward=self.space)
            )

    class Half(Own):
        space = Space.box(0.25, 0.75, (2,))

    class Free(Own):
        space = FieldSpec()

    for problem in (bandits.BernoulliProblem, Own, Half, Free):
        assert len(story_of(algorithm, problem)) == 7


@pytest.mark.parametrize(
    ("algorithm", "problem", "context", "message"),
    [
        (
            bandits.LinUCB,
            bandits.BernoulliProblem,
            bandits.NoContext,
            "LinUCB must have a context with ['features'], got NoContext with []",
        ),
        (
            bandits.LinearThompson,
            bandits.DriftingProblem,
            bandits.DriftContext,
            "LinearThompson must have a context with ['features'], got DriftContext with ['drift']",
        ),
        (
            bandits.UCB1,
            bandits.LinearProblem,
            bandits.NoContext,
            "LinearProblem must have a context with ['features'], got NoContext with []",
        ),
        (
            bandits.UCB1,
            bandits.DriftingProblem,
            bandits.NoContext,
            "DriftingProblem must have a context with ['drift'], got NoContext with []",
        ),
    ],
)
def test_a_context_without_what_is_read_is_refused(algorithm, problem, context, message):
    with pytest.raises(ConfigError) as error:
        story_of(algorithm, problem, context)
    assert str(error.value) == (
        f"bandit_story: {message}; FeatureContext has 'features', DriftContext has 'drift'"
    )


@pytest.mark.parametrize("argument", range(5))
def test_constructors_are_called_and_make_entities(argument):
    names = (
        "bandit_parameter_ctor",
        "context_ctor",
        "bandit_problem_ctor",
        "bandit_algorithm_ctor",
        "metrics_collector_ctor",
    )
    roles = [ToldGenerator, ToldContext, ToldProblem, ToldAlgorithm, ToldMetrics]
    remedy = "pass a class, or a function that takes the config and returns an entity"
    for wrong, message in (
        ("ucb1", f"{names[argument]} must be a function, got 'ucb1'"),
        (len, f"what {names[argument]} returns must be an Entity, got 3"),
    ):
        roles[argument] = wrong
        with pytest.raises(ConfigError) as error:
            bandit_story(CONFIG, *roles)
        assert str(error.value) == f"bandit_story: {message}; {remedy}"
