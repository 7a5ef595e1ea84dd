import pytest

from recsim_ng import Network, PythonRuntime
from recsim_ng.core.errors import ConfigError
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


def test_constructors_are_called_and_make_entities():
    for arguments, message in (
        (("x", ToldCorpus), "user_ctor must be a function, got 'x'"),
        ((ToldUser, None), "corpus_ctor must be a function, got None"),
        ((ToldUser, dict), "what corpus_ctor returns must be an Entity, got {"),
    ):
        with pytest.raises(ConfigError) as error:
            static_recs_story(CONFIG, *arguments)
        assert str(error.value).startswith(f"static_recs_story: {message}")
