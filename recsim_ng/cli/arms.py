"""The arms of a comparison: what `--vary` asks for."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from recsim_ng.cli.story_source import Setting
from recsim_ng.core.errors import ConfigError

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def arms_of(
    vary: str, config: Mapping[str, Any], settings: Sequence[Setting]
) -> dict[str, dict[str, Any]]:
    """Makes the arms of a comparison.

    Args:
      vary: "SETTING=a,b,c".
      config: the settings that all arms have, by name.
      settings: what there is to vary.

    Returns:
      "setting=a" -> the settings of that arm, in order.

    Raises:
      ConfigError: (also a ValueError) there is no such setting, it was given a value of its own, a
        value is not of its type, there are fewer than two, or one is there twice.
    """
    name, equals, text = vary.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    by_name = {setting.name: setting for setting in settings}
    if not equals:
        raise ConfigError(
            f"--vary: must read SETTING=a,b,c, got '{vary}'; for example "
            f"--vary {next(iter(by_name), 'setting')}=1,2"
        )
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "choose one of them"
        raise ConfigError(
            f"--vary: the setting must be one of {', '.join(by_name)}, got '{name}'; {hint}"
        )
    if config[name] != by_name[name].default:
        raise ConfigError(
            f"--vary: {name} must not be set as well, got --{name.replace('_', '-')} "
            f"{config[name]}; leave that out"
        )
    words = [word.strip() for word in text.split(",")]
    values = [_value(by_name[name], word) for word in words]
    if len(values) < 2:
        raise ConfigError(
            f"--vary: {name} must have two values or more, got {text or 'none'}; give some, or use "
            "`recsim-ng run`"
        )
    texts = [str(value) for value in values]  # NaN, too, is there twice
    twice = sorted({text for text in texts if texts.count(text) > 1})
    if twice:
        raise ConfigError(
            f"--vary: each value of {name} must be there once, got {', '.join(twice)} more than "
            "once; leave out one"
        )
    return {
        f"{name}={word}": {**config, name: value} for word, value in zip(words, values, strict=True)
    }


def _value(setting: Setting, word: str) -> Any:
    choices = _choices(setting.type)
    try:
        if choices:
            return {str(choice): choice for choice in choices}[word]
        return _WORDS[word.lower()] if setting.type is bool else setting.type(word)
    except (ValueError, KeyError):
        kind = {int: "whole numbers", float: "numbers", bool: "true or false"}.get(setting.type)
        kind = kind or f"some of {', '.join(map(str, choices))}"
        raise ConfigError(
            f"--vary: the values of {setting.name} must be {kind}, got '{word}'; change that"
        ) from None


def _choices(kind: Any) -> list[Any]:
    """What a `Literal`, or a union of some, allows; nothing for another type."""
    if typing.get_origin(kind) is typing.Literal:
        return list(typing.get_args(kind))
    return [choice for part in typing.get_args(kind) for choice in _choices(part)]
