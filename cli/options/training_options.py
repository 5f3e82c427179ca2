"""Options made of a training's settings, their help under headings, and values from presets, files and checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click

from magnet_geo.errors import OptionError, TrainingError
from magnet_geo.option_fields import OptionNote, alternatives, hints_of, note_of
from magnet_geo.text_formats import parse_yaml
from magnet_geo.training.settings import TrainingSettings

from ..flags import flag_of
from ..output.remembered_files import with_whole_paths

if TYPE_CHECKING:
    from click import ParamType as _Type
else:

    class _Type(click.ParamType):
        """`click.ParamType`, which takes a type argument from click 8.2 on only."""

        def __class_getitem__(cls, item: object) -> type:
            return cls


DATA = "Data"
RUN = "Run"


class HeadedOption(click.Option):
    """An option that stands under a heading of the help.

    Attributes:
        heading: The heading.
    """

    def __init__(self, *arguments: Any, heading: str, **values: Any) -> None:
        self.heading = heading
        super().__init__(*arguments, **values)


class HeadedCommand(click.Command):
    """A command whose help lists options by heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, heading by heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(param, "heading", "Other"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class Numbers(_Type[tuple[float, ...]]):
    """Numbers such as ``4,2,1``, or one of some words."""

    def __init__(self, number: type[int] | type[float], words: tuple[str, ...], note: OptionNote) -> None:
        self.name = "|".join(["numbers", *words])
        self._number, self._words, self._note = number, words, note

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the numbers, or refuse the text."""
        if isinstance(value, tuple) or value in self._words:
            return value
        parts = value if isinstance(value, list) else str(value).split(",")
        try:
            numbers = tuple(self._number(part) for part in parts)
        except ValueError:
            self.fail(f"'{value}' is no list of numbers; write it like 4,2,1.", param, ctx)
        for number in numbers:
            if self._note.least is not None and number < self._note.least:
                self.fail(f"{number:g} is below {self._note.least:g}.", param, ctx)
            if self._note.most is not None and number > self._note.most:
                self.fail(f"{number:g} is above {self._note.most:g}.", param, ctx)
        return numbers


def headed(heading: str, *names: str, **values: Any) -> Callable[[Any], Any]:
    """Return an option under a heading."""
    return click.option(*names, cls=HeadedOption, heading=heading, **values)


def settings_options(kind: type[TrainingSettings]) -> Callable[[Any], Any]:
    """Add an option for each field of the settings to a command; they arrive under the fields' names."""

    def add(function: Any) -> Any:
        for name, hint in reversed(list(hints_of(kind).items())):
            function = _option(name, hint, kind)(function)
        return function

    return add


def taken_settings(kind: type[TrainingSettings], values: dict[str, Any]) -> Any:
    """Take the settings out of a command's values.

    Raises:
        click.UsageError: They contradict each other.
    """
    own = {name: values.pop(name) for name in hints_of(kind)}
    try:
        return kind.from_values(own)
    except TrainingError as error:
        raise click.UsageError(str(error)) from error


def apply_defaults(ctx: click.Context, values: Mapping[str, Any], *, source: str) -> None:
    """Make values the defaults of a command's options; what was set before stays.

    Args:
        ctx: Of the command.
        values: By option name, with or without dashes.
        source: What an error message calls where they come from.

    Raises:
        OptionError: A name is no option of the command.
    """
    known = {param.name for param in ctx.command.params}
    plain = {str(name).lstrip("-").replace("-", "_"): value for name, value in values.items()}
    unknown = sorted(set(plain) - known)
    if unknown:
        raise OptionError(f"{source} sets '{unknown[0]}', which is no option of this command; see --help.")
    ctx.default_map = plain | dict(ctx.default_map or {})


def read_config(path: Path) -> dict[str, Any]:
    """Read option values from a YAML file.

    Raises:
        OptionError: It is no mapping of option names to values.
    """
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"The config {path} cannot be read ({' '.join(str(error).split())}); give YAML.") from error
    if not isinstance(values, dict):
        raise OptionError(f"The config {path} holds no options; write lines such as 'batch-size: 8'.")
    return values


def given_values(ctx: click.Context) -> dict[str, Any]:
    """The values a user, a config or a preset gave, as plain JSON values by option name, files by their whole paths."""
    default = click.core.ParameterSource.DEFAULT
    given = {}
    for param in ctx.command.params:
        name = param.name or ""
        if name in ctx.params and ctx.get_parameter_source(name) not in (default, None):
            given[name] = ctx.params[name]
    return with_whole_paths(ctx.command, json.loads(json.dumps(given, default=str)))


def _option(name: str, hint: Any, kind: type[TrainingSettings]) -> Callable[[Any], Any]:
    note = note_of(name, kind)
    default = next(entry.default for entry in fields(kind) if entry.name == name)
    flag = flag_of(name)
    values: dict[str, Any] = {"help": note.text, "heading": note.group, "cls": HeadedOption}
    if default is not MISSING and default is not None:
        values |= {"default": default, "show_default": _shown(default)}
    if hint is bool:
        return click.option(f"{flag}/{flag.replace('--', '--no-', 1)}", **values)
    return click.option(flag, type=_type_of(hint, note), **values)


def _shown(default: Any) -> Any:
    return ",".join(f"{part:g}" for part in default) if isinstance(default, tuple) else True


def _type_of(hint: Any, note: OptionNote) -> Any:
    parts = alternatives(hint)
    words = tuple(word for part in parts if get_origin(part) is Literal for word in get_args(part))
    several = next((part for part in parts if get_origin(part) is tuple), None)
    if several is not None:
        return Numbers(get_args(several)[0], words, note)
    if words:
        return click.Choice(words)
    if parts[0] is int:
        least, most = (None if bound is None else int(bound) for bound in (note.least, note.most))
        return click.IntRange(least, most)
    return click.FloatRange(note.least, note.most) if parts[0] is float else str
