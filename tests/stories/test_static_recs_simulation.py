from recsim_ng import Network, PythonRuntime
from recsim_ng.stories.static_recs_simulation import static_recs_story
from tests.stories.test_recommendation_simulation import CONFIG, ToldCorpus, ToldUser


def told(step, name):
    return step[name].get("n").numpy().decode()


def test_users_respond_to_all_that_there_is():
    variables = static_recs_story(CONFIG, ToldUser, ToldCorpus)
    names = ["corpus state", "available docs", "user state", "user response"]
    assert [v.name for v in variables] == names and all(v.is_static for v in variables)
    step = Network(variables).initial_step()
    assert told(step, "available docs") == "docs(corpus0())"
    assert told(step, "user response") == "response(user0(), docs(corpus0()))"


def test_nothing_changes_afterwards():
    run = PythonRuntime(static_recs_story(CONFIG, ToldUser, ToldCorpus)).execute(2)
    assert told(run, "user state") == "user0()"
