"""Small bandit stories in which every member takes part, and what tests do with them."""

import numpy as np

from recsim_ng import Network, Variable
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.variable import Dependency, ValueDef
from recsim_ng.entities import bandits
from recsim_ng.stories.bandit_simulation import bandit_story

B, A, F = 3, 4, 2
CONFIG = {"num_bandits": B, "num_arms": A, "num_features": F}
BERNOULLI = (bandits.BernoulliGenerator, bandits.NoContext, bandits.BernoulliProblem)
GAUSSIAN = (bandits.GaussianGenerator, bandits.NoContext, bandits.GaussianProblem)
LINEAR = (bandits.LinearGenerator, bandits.FeatureContext, bandits.LinearProblem)
DRIFTING = (bandits.GaussianGenerator, bandits.DriftContext, bandits.DriftingProblem)

# Name -> (problem, algorithm, settings): each member is in one of them at least.
STORIES = {
    "epsilon-greedy": (BERNOULLI, bandits.EpsilonGreedy, {"epsilon": 2.0, "epsilon_decay": 0.5}),
    "kl-ucb": (BERNOULLI, bandits.KLUCB, {"log_log_weight": 3.0}),
    "bernoulli thompson": (BERNOULLI, bandits.BernoulliThompson, {}),
    "gaussian thompson": (GAUSSIAN, bandits.GaussianThompson, {"noise_scale": 0.5}),
    "linucb": (LINEAR, bandits.LinUCB, {"shared_weights": False}),
    "linear thompson": (LINEAR, bandits.LinearThompson, {}),
    "drifting": (DRIFTING, bandits.UCB1, {"discount": 0.9}),
}


def story(name, **settings):
    """The variables of one of the stories."""
    (generator, context, problem), algorithm, own = STORIES[name]
    config = {**CONFIG, **own, **settings}
    return bandit_story(config, generator, context, problem, algorithm, bandits.RegretMetrics)


def side_by_side(stories):
    """One network of many stories, each variable's name preceded by its story's: one compilation.

    Args:
        stories: Name -> variables.
    """
    made = []
    for name, variables in stories.items():

        def renamed(definition, name=name):
            dependencies = (
                Dependency(f"{name}: {d.variable_name}", d.on_current_value)
                for d in definition.dependencies
            )
            return ValueDef(definition.fn, tuple(dependencies))

        for variable in variables:
            made.append(Variable(f"{name}: {variable.name}", variable.spec))
            made[-1].initial_value = renamed(variable.initial_value)
            if not variable.is_static:
                made[-1].value = renamed(variable.value)
    return Network(made)


def run(fn, *args, seed=0):
    """What a behaviour returns, and its sites by name."""
    with Seed(seed), Record() as record, behaviour("variable"):
        result = fn(*args)
    return result, {name: site for (_, name), site in record.sites.items()}


def numpy_of(trajectory):
    """{variable: {field: array}} of a trajectory."""
    return {
        name: {field: np.asarray(x) for field, x in value.as_dict.items()}
        for name, value in trajectory.items()
    }
