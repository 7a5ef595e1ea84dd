"""The arguments of `recsim-ng fit`: a story's settings, a method's settings, and the rest."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import tyro

from recsim_ng.cli import method_source
from recsim_ng.cli.story_reference import StoryReference
from recsim_ng.cli.story_source import Setting
from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError

DEFAULT_METHOD = "mcmc"


def hint(metavar: str, default: str, **more: Any) -> Any:
    """Returns what tyro shows of a flag.

    Args:
      metavar: in place of its value.
      default: what is said of its default.
      **more: further arguments of tyro.conf.arg.
    """
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=default, **more)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What is fitted to what, and where it goes."""

    logs: Annotated[str, hint("FILE", "(default: what the story itself reads)")] = ""
    """What was observed: a file that Trajectory.save wrote, or the folder that `recsim-ng run` with
    its option trajectories left."""
    run: Annotated[int | None, hint("SEED", "(default: the first)")] = None
    """Which of the folder's seeds."""
    steps: Annotated[str, hint("FROM:TO", "(default: all)")] = ""
    """Steps of the logs that are used, the last excluded, such as 0:20."""
    drop: Annotated[tuple[str, ...], hint("VARIABLE[.FIELD] ...", "", aliases=["--latent"])] = ()
    """What the logs hold and the fit must not see."""
    parameters: Annotated[tuple[str, ...], hint("VARIABLE.FIELD ...", "(default: all)")] = ()
    """What is inferred: all that the story draws and the logs do not hold. For em its parameters,
    while all else that is drawn is latent."""
    seed: int = 0
    """Of the method's chance."""
    log_likelihood: bool = False
    """Keep the log-likelihood of every observation under every draw."""
    out: Annotated[str, hint("DIR", "(default: a new one)")] = ""
    """Folder for the results, empty or not there yet."""
    resume: bool = False
    """Go on with the fit that was interrupted in the folder of --out."""

    def check(self) -> None:
        """Requires every option to be within its range.

        Raises:
          ConfigError: (also a ValueError) one is not.
        """
        check.whole("recsim-ng", "--seed", self.seed, 0, 2**62)
        if self.resume and not self.out:
            raise ConfigError("recsim-ng: --resume must come with --out, the folder to go on with")
        span(self.steps, "--steps")


@dataclasses.dataclass(frozen=True)
class Request:
    """What `recsim-ng fit` is asked to do.

    Attributes:
      story: which one.
      config: its settings.
      method: of inference.
      settings: of the method.
      options: the rest.
      words: of the command line, after "fit".
      given: names of the story's settings that the words give; others are the story's defaults.
    """

    story: StoryReference
    config: dict[str, Any]
    method: str
    settings: dict[str, Any]
    options: Options
    words: tuple[str, ...]
    given: frozenset[str] = frozenset()

    def as_made(self, made_with: Mapping[str, Any]) -> Request:
        """Returns this request with settings that are not given as the logs were made with.

        Args:
          made_with: name -> value.
        """
        config = {
            name: x if name in self.given else made_with.get(name, x)
            for name, x in self.config.items()
        }
        return dataclasses.replace(self, config=config)

    def line(self, out: str) -> str:
        """Returns the command that goes on with this fit.

        Args:
          out: its folder.
        """
        words = [w for w in self.words if w != "--resume"]
        words += [] if self.options.out else ["--out", out]
        return shlex.join(["recsim-ng", "fit", *words, "--resume"])


def parse(argv: Sequence[str]) -> Request:
    """Parses what follows "fit".

    Args:
      argv: the story, then flags.

    Raises:
      ConfigError: (also a ValueError) the story or the method is unknown, an option out of range.
      SystemExit: help was asked for (code 0), or a flag is wrong (2), which has been said.
    """
    story = StoryReference.of(argv[0] if argv else "")
    method = _method(argv[1:])
    settings = method_source.settings_of(method)
    about = f"(default: {DEFAULT_METHOD}; its settings, below, are those of --method {method})"
    taken = {"method", *(field.name for field in dataclasses.fields(Options))}
    mine = taken | {s.name for s in settings}
    fields: list[Any] = [
        ("story", flags_of("the story", "story", story.settings, mine)),
        ("fit", tyro.conf.FlagCreatePairsOff[Options]),
        (
            "method",
            Annotated[
                str, hint(f"{{{','.join(method_source.methods())}}}", about, help="Of inference.")
            ],
            method,
        ),
        (method, flags_of(f"--method {method}", method, settings, taken)),
    ]
    request = dataclasses.make_dataclass("Fit", fields, kw_only=True)
    parsed: Any = tyro.cli(
        request,
        prog=f"recsim-ng fit {argv[0]}",
        description=f"{story.summary} Infers what the story draws and the logs do not hold.",
        args=list(argv[1:]),
        config=(tyro.conf.OmitArgPrefixes,),
    )
    parsed.fit.check()
    return Request(
        story,
        {s.name: getattr(parsed.story, s.name) for s in story.settings},
        method,
        {s.name: getattr(getattr(parsed, method), s.name) for s in settings},
        parsed.fit,
        tuple(argv),
        frozenset(_given(argv, story.settings, mine)),
    )


def flags_of(what: str, prefix: str, settings: Sequence[Setting], taken: Collection[str]) -> Any:
    """Returns a dataclass whose fields are settings, for tyro.

    Args:
      what: whose settings they are.
      prefix: of the flags that would otherwise be two things: --story-seed.
      settings: name, type, default and description of each.
      taken: names of other flags.
    """
    fields = []
    for s in settings:
        flag = _flag(prefix, s) if s.name in taken else None
        about = tyro.conf.arg(help=s.help, name=flag)
        fields.append((s.name, Annotated[s.type, about], dataclasses.field(default=s.default)))
    made = dataclasses.make_dataclass("Settings", fields, kw_only=True)
    made.__doc__ = f"The settings of {what}."
    return made


def span(steps: str, flag: str) -> slice:
    """Returns the steps that "FROM:TO" names; both may be missing.

    Args:
      steps: the text.
      flag: that gave it, for the message.

    Raises:
      ConfigError: (also a ValueError) it does not read so.
    """
    begin, colon, end = steps.partition(":")
    words = [word.strip() for word in (begin, end)]
    if steps and not (colon and all(not w or (w.isascii() and w.isdigit()) for w in words)):
        raise ConfigError(
            f"recsim-ng: {flag} must read FROM:TO, such as 0:20 for the first 20, got '{steps}'"
        )
    first, last = (int(w) if w else None for w in words)
    if last is not None and last <= (first or 0):
        raise ConfigError(f"recsim-ng: {flag} must end after it begins, got '{steps}'; change that")
    return slice(first, last)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Returns "name X where it was Y" of all in which two mappings differ.

    Args:
      before: of the earlier one.
      now: of this one.
    """
    found = []
    for name in [*before, *(n for n in now if n not in before)]:
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [f"{name}.{words}" for words in differences(old, new)]
        elif old != new:
            found.append(f"{name} {new} where it was {old}")
    return found


def _flag(prefix: str, setting: Setting) -> str:
    return f"{prefix}-{setting.name.replace('_', '-')}"


def _given(argv: Sequence[str], settings: Sequence[Setting], taken: Collection[str]) -> set[str]:
    """Names of the story's settings whose flags are among the words."""
    words = {word.partition("=")[0].replace("_", "-") for word in argv if word.startswith("--")}
    found = set()
    for s in settings:
        flag = _flag("story", s) if s.name in taken else s.name.replace("_", "-")
        if words & {f"--{flag}", f"--no-{flag}"}:
            found.add(s.name)
    return found


def _method(argv: Sequence[str]) -> str:
    """The method, which decides what other flags there are."""
    method = DEFAULT_METHOD
    for i, word in enumerate(argv):
        if word == "--method" and i + 1 < len(argv):
            method = argv[i + 1]
        elif word.startswith("--method="):
            method = word.removeprefix("--method=")
    check.one_of("recsim-ng", "--method", method, tuple(method_source.methods()))
    return method
