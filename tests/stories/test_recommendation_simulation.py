"""recs_story: its variables, their wiring, and the order in which they see each other."""

import pytest
import tensorflow as tf

from recsim_ng import FieldSpec, Network, PythonRuntime, Value, ValueSpec
from recsim_ng.core.data import SlicedValue, data_variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.variable import Variable
from recsim_ng.entities.recommendation import BaseRecommender, Corpus, RecsMetricsBase, User
from recsim_ng.stories.recommendation_simulation import (
    recs_story,
    recs_story_using_logged_slate_docs,
    simplified_recs_story,
)

CONFIG = {"num_users": 2, "num_docs": 0, "num_topics": 3, "slate_size": 1, "other": "kept"}
SPEC = ValueSpec(n=FieldSpec())


def marked(name, *values):
    """A value that tells what it was made of: name(field of each argument)."""
    inner = ", ".join(v.get("n").numpy().decode() for v in values)
    return Value(n=tf.constant(f"{name}({inner})"))


class ToldUser(User):
    def initial_state(self):
        return marked("user0")

    def next_state(self, previous_state, user_response, slate_docs):
        return marked("user", previous_state, user_response, slate_docs)

    def observation(self, user_state):
        return marked("observation", user_state)

    def next_response(self, user_state, slate_docs):
        return marked("response", user_state, slate_docs)

    def specs(self):
        return ValueSpec(state=SPEC, observation=SPEC, response=SPEC)


class ToldCorpus(Corpus):
    def initial_state(self):
        return marked("corpus0")

    def next_state(self, previous_state, user_response, slate_docs):
        return marked("corpus", previous_state, user_response, slate_docs)

    def available_documents(self, corpus_state):
        return marked("docs", corpus_state)

    def specs(self):
        return ValueSpec(state=SPEC, available_docs=SPEC)


class ToldRecommender(BaseRecommender):
    def initial_state(self):
        return marked("recommender0")

    def next_state(self, previous_state, user_response, slate_docs):
        return marked("recommender", previous_state, user_response, slate_docs)

    def slate_docs(self, recommender_state, user_observation, available_docs):
        return marked("slate", recommender_state, user_observation, available_docs)

    def specs(self):
        return ValueSpec(state=SPEC, slate=SPEC)


class ToldMetrics(RecsMetricsBase):
    def initial_metrics(self):
        return marked("metrics0")

    def next_metrics(self, previous_metrics, corpus_state, user_state, user_response, slate_docs):
        return marked(
            "metrics", previous_metrics, corpus_state, user_state, user_response, slate_docs
        )

    def specs(self):
        return ValueSpec(state=SPEC)


def told_story():
    return recs_story(CONFIG, ToldUser, ToldCorpus, ToldRecommender, ToldMetrics)


# What MODELLING_API.md says of the template: variable -> (read at first, read later at this step,
# read later from the step before).
STATES = ("user response", "slate docs")
WIRING = {
    "corpus state": ([], [], ["corpus state", *STATES]),
    "available docs": (["corpus state"], ["corpus state"], []),
    "user state": ([], [], ["user state", *STATES]),
    "user observation": (["user state"], ["user state"], []),
    "recommender state": ([], [], ["recommender state", *STATES]),
    "slate docs": (
        ["recommender state", "user observation", "available docs"],
        ["recommender state", "user observation", "available docs"],
        [],
    ),
    "user response": (["user state", "slate docs"], ["user state", "slate docs"], []),
    "metrics state": ([], [], ["metrics state", "corpus state", "user state", *STATES]),
}


def test_the_variables_bear_the_names_of_the_interface():
    assert sorted(v.name for v in told_story()) == sorted(WIRING)


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
    assert first == {
        "corpus state": "corpus0()",
        "available docs": "docs(corpus0())",
        "user state": "user0()",
        "user observation": "observation(user0())",
        "recommender state": "recommender0()",
        "slate docs": "slate(recommender0(), observation(user0()), docs(corpus0()))",
        "user response": f"response(user0(), {first['slate docs']})",
        "metrics state": "metrics0()",
    }
    happened = f"{first['user response']}, {first['slate docs']}"
    corpus, user = f"corpus(corpus0(), {happened})", f"user(user0(), {happened})"
    recommender = f"recommender(recommender0(), {happened})"
    slate = f"slate({recommender}, observation({user}), docs({corpus}))"
    assert second == {
        "corpus state": corpus,
        "available docs": f"docs({corpus})",
        "user state": user,
        "user observation": f"observation({user})",
        "recommender state": recommender,
        "slate docs": slate,
        "user response": f"response({user}, {slate})",
        "metrics state": f"metrics(metrics0(), corpus0(), user0(), {happened})",
    }


def test_constructors_get_the_config_and_roles_keep_what_they_need():
    made = []

    def keep(constructor):
        return lambda config: made.append(constructor(config)) or made[-1]

    recs_story(CONFIG, *map(keep, (ToldUser, ToldCorpus, ToldRecommender, ToldMetrics)))
    user, corpus, recommender, metrics = made
    assert (user._num_users, user._num_topics) == (2, 3)
    assert (corpus._num_docs, corpus._num_topics) == (0, 3)
    sizes = (recommender._slate_size, recommender._num_users, recommender._num_docs)
    assert sizes == (1, 2, 0)
    assert metrics._num_users == 2
    assert all(entity._config["other"] == "kept" for entity in made)


class BlindRecommender(ToldRecommender):
    def slate_docs(self):
        return marked("slate")


def test_a_simplified_story_has_slates_out_of_nothing():
    variables = simplified_recs_story(CONFIG, ToldUser, BlindRecommender)
    assert [v.name for v in variables] == ["slate docs", "user state", "user response"]
    run = PythonRuntime(variables).trajectory(2)
    told = {name: [x.numpy().decode() for x in run[name].get("n")] for name in run}
    assert told["slate docs"] == ["slate()", "slate()"]
    assert told["user response"][0] == "response(user0(), slate())"
    assert told["user state"][1] == "user(user0(), response(user0(), slate()), slate())"


def test_logged_slates_are_shown_in_their_order():
    log = SlicedValue(Value(n=tf.constant(["first", "second", "third"])))
    slates = data_variable("slate docs", SPEC, log)
    variables = recs_story_using_logged_slate_docs(CONFIG, ToldUser, slates)
    assert [v.name for v in variables] == ["slate docs", "user state", "user response"]
    assert all(isinstance(v, Variable) for v in variables)
    run = PythonRuntime(variables).trajectory(3)
    told = [x.numpy().decode() for x in run["user response"].get("n")]
    assert told[0] == "response(user0(), first)"
    assert told[2].endswith(", third)")
    assert run["user state"].get("n")[1].numpy().decode().endswith("first)")


REMEDY = "pass a class, or a function that takes the config and returns an entity"
NAMED = "pass recsim_ng.entities.recommenders.RECOMMENDERS['lin_ucb']"


def refusal(story, *arguments):
    with pytest.raises(ConfigError) as error:
        story(*arguments)
    return str(error.value)


@pytest.mark.parametrize("argument", ["user", "corpus", "recommender", "metrics"])
def test_constructors_are_called_and_make_entities(argument):
    roles = {
        "user": ToldUser,
        "corpus": ToldCorpus,
        "recommender": ToldRecommender,
        "metrics": ToldMetrics,
    }
    named = refusal(recs_story, CONFIG, *{**roles, argument: "lin_ucb"}.values())
    remedy = NAMED if argument == "recommender" else REMEDY
    assert named == f"recs_story: {argument}_ctor must be a function, got 'lin_ucb'; {remedy}"
    for wrong in (lambda config: None, lambda config: 3):
        found = refusal(recs_story, CONFIG, *{**roles, argument: wrong}.values())
        what = f"what {argument}_ctor returns must be an Entity, got {wrong(CONFIG)}"
        assert found == f"recs_story: {what}; {REMEDY}"


def test_the_other_templates_name_the_argument_too():
    assert refusal(simplified_recs_story, CONFIG, ToldUser, "lin_ucb") == (
        f"simplified_recs_story: recommender_ctor must be a function, got 'lin_ucb'; {NAMED}"
    )
    slates = Variable("slate docs", SPEC)
    where = "recs_story_using_logged_slate_docs"
    assert refusal(recs_story_using_logged_slate_docs, CONFIG, None, slates) == (
        f"{where}: user_ctor must be a function, got None; {REMEDY}"
    )
    assert refusal(recs_story_using_logged_slate_docs, CONFIG, ToldUser, "log") == (
        f"{where}: slate_docs must be a Variable, got 'log'; data_variable makes one of a log"
    )
