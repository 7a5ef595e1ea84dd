"""The arguments of `recsim-ng`: commands, stories and flags, parsed without TensorFlow."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import operator
import shlex
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import tyro

from recsim_ng.cli import fit_arguments, report_arguments
from recsim_ng.cli.story_source import StorySource
from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.stories import catalogue

DESCRIPTION = "Simulates recommender ecosystems, and fits them to logs."
COMMANDS = ("list", "run", "compare", "fit", "report", "data")


def _hint(metavar: str | None, default: str) -> Any:
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=default)


@dataclasses.dataclass(frozen=True)
class List:
    """Lists the ready stories."""


@dataclasses.dataclass(frozen=True)
class Data:
    """Fetches a data set that is no part of this package, from where it is published."""

    dataset: tyro.conf.Positional[Literal["movielens-100k", "open-bandit", "cdnow"]]
    """Its name."""
    directory: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
    """Folder to put it in."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How the story is run."""

    num_steps: int
    """T, steps of each run."""
    seeds: int
    """N, the number of seeds; each is a run of its own."""
    seed: int = 0
    """The first seed; the others follow it."""
    out: Annotated[str, _hint("DIR", "(default: a new one)")] = ""
    """Folder for the results, empty or not there yet."""
    resume: Annotated[bool, _hint(None, "")] = False
    """Go on with what an interrupted run left in the folder of --out."""
    workers: Annotated[int, _hint("INT", "(default: as many as there are cores)")] = 0
    """Runs at a time."""
    check_finite: Annotated[bool, _hint(None, "")] = False
    """Stop at the first NaN or infinity, and name its variable, field and step."""
    trajectories: int = 0
    """Of so many seeds, the first ones, keep the whole trajectory: logs for `recsim-ng fit`."""
    jit: Annotated[bool, _hint(None, "")] = True
    """Run as a TensorFlow graph, without XLA: slower, but compiled at once."""

    def check(self) -> None:
        """Requires every option to be within its range.

        Raises:
          ConfigError: (also a ValueError) one is not.
        """
        where = "recsim-ng"
        check.whole(where, "--num-steps", self.num_steps, 1)
        check.whole(where, "--seeds", self.seeds, 1, 10**6)
        check.whole(where, "--seed", self.seed, 0, 2**62)
        check.whole(where, "--workers", self.workers, 0)
        check.whole(where, "--trajectories", self.trajectories, 0, self.seeds)
        if self.resume and not self.out:
            raise ConfigError("recsim-ng: --resume must come with --out, the folder to go on with")


@dataclasses.dataclass(frozen=True)
class Study:
    """What `run` and `compare` are asked to do.

    Attributes:
      story: its name.
      config: the story's settings as the flags give them.
      options: how it is run.
      vary: "FIELD=a,b,c" of `compare`; None for `run`.
    """

    story: str
    config: dict[str, Any]
    options: Options
    vary: str | None = None


OWN = "A story of yours: a function that returns its variables, or these and logs."

Asked = List | Data | Study | fit_arguments.Request | report_arguments.Request


def parse(argv: Sequence[str]) -> Asked:
    """Parses the command's arguments.

    Args:
      argv: without the program's name.

    Returns:
      The command.

    Raises:
      ConfigError: (also a ValueError) the command or the story is unknown, or an option is out of
        range.
      SystemExit: help was asked for (code 0), or a flag is wrong (2), which has been said.
    """
    argv = list(argv)
    _require_known("the command", argv, COMMANDS)
    if argv[:1] == ["fit"] and argv[1:2] not in (["--help"], ["-h"]):
        return fit_arguments.parse(argv[1:])
    if argv[:1] == ["report"]:
        return report_arguments.parse(argv[1:])
    if argv[:1] in (["run"], ["compare"]) and argv[1:2] not in (["--help"], ["-h"]):
        stories = [entry.name for entry in catalogue.STORIES]
        _require_known(f"the story after `{argv[0]}`", argv[1:] or [""], stories)
        return _parse_study(argv[0], argv[1], argv[2:])
    commands = [
        _command("list", List, List.__doc__),
        _command("run", _stories("run"), "Runs a story on many seeds."),
        _command("compare", _stories("compare"), "Runs variants of a story on the same seeds."),
        _command("fit", _stories("fit", OWN), "Infers what a story draws and logs do not hold."),
        _command("report", report_arguments.Request, "Judges a fit by logs that it has not seen."),
        _command("data", Data, Data.__doc__),
    ]
    return tyro.cli(
        functools.reduce(operator.or_, commands),
        prog="recsim-ng",
        description=DESCRIPTION,
        args=argv or ["--help"],
        config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.OmitArgPrefixes),
    )


def published_line(study: Study) -> str | None:
    """Returns the command that runs a study at its story's published size.

    Args:
      study: as it is asked for.

    Returns:
      The command, or None if none is published or the study is no smaller.
    """
    story = source(study.story)
    words = story.published.replace("=", " ").split()
    sizes = {s.name: s.default for s in story.settings if s.name.startswith("num_")}
    for flag, size in zip(words[::2], words[1::2], strict=True):
        sizes[flag.removeprefix("--").replace("-", "_")] = float(size)
    given = {**study.config, **dataclasses.asdict(study.options)}
    if not words or all(given[name] >= size for name, size in sizes.items()):
        return None
    return " ".join([command_line(study, [*sizes, "out", "resume"]), *words])


def command_line(study: Study, left_out: Sequence[str] = ()) -> str:
    """Returns the command that runs a study: what is not so by default.

    Args:
      study: as it is asked for.
      left_out: settings and options to leave out.
    """
    story = source(study.story)
    usual = {s.name: s.default for s in story.settings}
    usual.update(dataclasses.asdict(Options(story.num_steps, story.num_seeds)))
    given = {**study.config, **dataclasses.asdict(study.options)}
    words = ["recsim-ng", "run" if study.vary is None else "compare", study.story]
    words += [] if study.vary is None else ["--vary", study.vary]
    for name, x in given.items():
        flag = name.replace("_", "-")
        if name in left_out or x == usual[name]:
            continue
        words += (
            [f"--{flag}" if x else f"--no-{flag}"] if isinstance(x, bool) else [f"--{flag}", str(x)]
        )
    return shlex.join(words)


def source(story: str) -> StorySource:
    """Returns what a story's source says of its settings and sizes.

    Args:
      story: its name.
    """
    return StorySource.of(catalogue.find(story).module)


def _parse_study(command: str, story: str, args: Sequence[str]) -> Study:
    read = source(story)
    settings = [
        (
            setting.name,
            Annotated[setting.type, tyro.conf.arg(help=setting.help)],
            dataclasses.field(default=setting.default),
        )
        for setting in read.settings
    ]
    config = dataclasses.make_dataclass("Settings", settings, kw_only=True)
    config.__doc__ = "The settings of the story."
    options = Options(read.num_steps, read.num_seeds)
    fields: list[Any] = [
        (story, config),
        # An option that is a flag says what giving it does; a setting says what it is, either way.
        (command, tyro.conf.FlagCreatePairsOff[Options], dataclasses.field(default=options)),
    ]
    if command == "compare":
        words = "The setting that the arms differ in, and its values."
        about = tyro.conf.arg(metavar="SETTING=a,b,c", help=words)
        fields.insert(0, ("vary", Annotated[str, about]))
    parsed: Any = tyro.cli(
        dataclasses.make_dataclass("Study", fields, kw_only=True),
        prog=f"recsim-ng {command} {story}",
        description=catalogue.find(story).summary,
        args=args,
        config=(tyro.conf.OmitArgPrefixes,),
    )
    given = {s.name: getattr(getattr(parsed, story), s.name) for s in read.settings}
    study = Study(story, given, getattr(parsed, command), getattr(parsed, "vary", None))
    study.options.check()
    if study.vary is not None and study.options.trajectories:
        raise ConfigError(
            "recsim-ng: --trajectories must come with `run`, got `compare`; run one arm of it"
        )
    return study


def _command(name: str, kind: Any, description: str | None) -> Any:
    return Annotated[kind, tyro.conf.subcommand(name, description=description)]


def _stories(command: str, more: str = "") -> Any:
    """A command's stories, for its help; what follows a story's name is parsed on its own."""
    kinds = [
        _command(entry.name, dataclasses.make_dataclass(entry.name, []), entry.summary)
        for entry in catalogue.STORIES
    ]
    if more:
        kinds.append(_command("FILE.py:FUNCTION", dataclasses.make_dataclass("own", []), more))
    return dataclasses.make_dataclass(command, [("story", functools.reduce(operator.or_, kinds))])


def _require_known(what: str, words: Sequence[str], known: Sequence[str]) -> None:
    if not words or words[0] in (*known, "-h", "--help"):
        return
    near = difflib.get_close_matches(words[0], known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else "see `recsim-ng --help`"
    got = f"'{words[0]}'" if words[0] else "none"
    raise ConfigError(f"recsim-ng: {what} must be one of {', '.join(known)}, got {got}; {hint}")
