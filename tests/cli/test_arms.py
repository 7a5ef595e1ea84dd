"""The arms that `--vary` asks for."""

import pytest

from recsim_ng.cli.arms import arms_of
from recsim_ng.cli.story_source import StorySource
from recsim_ng.core import errors

SETTINGS = StorySource.of("tests.toy_story").settings
CONFIG = {setting.name: setting.default for setting in SETTINGS}


@pytest.mark.parametrize(
    ("vary", "values"),
    [
        ("drift=0,0.5,2", [0.0, 0.5, 2.0]),
        ("--num-users=1, 20", [1, 20]),
        ("kind=rest,walk", ["rest", "walk"]),
        ("loud=false,true", [False, True]),
        ("breaks-at=-1,1", [-1, 1]),
    ],
)
def test_values_have_the_type_of_the_setting(vary, values):
    arms = arms_of(vary, CONFIG, SETTINGS)
    name = vary.removeprefix("--").partition("=")[0].replace("-", "_")
    assert [config[name] for config in arms.values()] == values
    assert [type(config[name]) for config in arms.values()] == [type(x) for x in values]
    assert all({**config, name: CONFIG[name]} == CONFIG for config in arms.values())
    words = [word.strip() for word in vary.partition("=")[2].split(",")]
    assert list(arms) == [f"{name}={word}" for word in words]


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ("drift", "must read SETTING=a,b,c, got 'drift'; for example --vary num_users=1,2"),
        ("drfit=1,2", "one of num_users, .*, got 'drfit'; did you mean 'drift'"),
        ("zzz=1,2", "got 'zzz'; choose one of them"),
        ("drift=1", "drift must have two values or more, got 1;"),
        ("drift=", "values of drift must be numbers, got ''"),
        ("drift=1,x", "values of drift must be numbers, got 'x'"),
        ("drift=nan,NaN", "must be there once, got nan more than once"),
        ("num_users=1,1.5", "values of num_users must be whole numbers, got '1.5'"),
        ("kind=walk,fly", "values of kind must be some of walk, rest, got 'fly'"),
        ("loud=true,maybe", "values of loud must be true or false, got 'maybe'"),
        ("drift=1,2,1.0", "each value of drift must be there once, got 1.0 more than once"),
    ],
)
def test_what_cannot_be_varied_so_is_a_clear_error(vary, message):
    with pytest.raises(errors.ConfigError, match=message):
        arms_of(vary, CONFIG, SETTINGS)


def test_a_setting_is_not_set_and_varied():
    with pytest.raises(errors.ConfigError, match="drift must not be set as well, got --drift 3.0"):
        arms_of("drift=1,2", {**CONFIG, "drift": 3.0}, SETTINGS)
