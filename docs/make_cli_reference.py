"""Writes the reference of every command from the commands themselves: python docs/make_cli_reference.py."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from magnet_geo.cli.main import main

PAGE = Path(__file__).parent / "reference" / "commands.md"
_PROGRAM = "magnet-geo"
_INTRODUCTION = """# Commands

Every command and its options, as `--help` tells them; written by `docs/make_cli_reference.py`.

Exit codes: 0 done, 1 an error that the message explains, 2 wrong usage, 130 cancelled. `magnet-geo --debug COMMAND`
shows the traceback of an error. Results go to stdout, talk to stderr; what `--json` prints is described by the schemas
in [docs/schemas](../schemas)."""


def reference() -> str:
    """The page: a list of the commands, then a section for each."""
    # With the settings of the program itself: click keeps the help option of a command as the first context made it.
    commands = list(_commands(main, click.Context(main, info_name=_PROGRAM, **main.context_settings)))
    contents = "\n".join(f"- [`{path}`](#{_anchor(path)}): {_summary(command)}" for path, command, _ in commands)
    sections = (_section(path, command, context) for path, command, context in commands)
    return "\n\n".join([_INTRODUCTION, contents, *sections]) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Each command with its full name, groups before their members."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield inner.command_path, command, inner
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _anchor(path: str) -> str:
    """How a page's heading is linked to."""
    return path.replace(" ", "-")


def _summary(command: click.Command) -> str:
    return command.get_short_help_str(limit=200)


def _section(path: str, command: click.Command, context: click.Context) -> str:
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    parts = [f"## {path}", f"```\n{usage}\n```", *_paragraphs(inspect.cleandoc(command.help or ""))]
    rows = [row for option in command.params if (row := _row(option, context)) is not None]
    if rows:
        parts.append("\n".join(["| option | meaning |", "| --- | --- |", *rows]))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> Iterator[str]:
    """The help text as Markdown: what click keeps line by line becomes a code block."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        if lines and lines[0].strip() == "\b":
            heading, *body = lines[1:]
            yield heading
            if body:
                yield "```\n" + inspect.cleandoc("\n".join(body)) + "\n```"
        elif paragraph.startswith("Example: "):
            yield "Example:"
            yield f"```\n{' '.join(paragraph.removeprefix('Example: ').split())}\n```"
        elif paragraph:
            yield " ".join(paragraph.split())


def _row(option: click.Parameter, context: click.Context) -> str | None:
    record = option.get_help_record(context)
    if record is None:
        return None
    names, meaning = record
    if not meaning:
        return None
    if isinstance(option, click.Option) and option.multiple:
        meaning += " May be given several times."
    return f"| `{_cell(names)}` | {_cell(' '.join(meaning.split()))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
