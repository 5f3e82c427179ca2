"""The engine as a program: how it is called, and how the call is shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .watching import WATCHED_ENGINE

PACKAGE = "magnet-geo"
MODULE = "magnet_geo"


@dataclass(frozen=True)
class Engine:
    """A program that runs magnet-geo.

    Attributes:
        program: Executable.
        is_python: Whether it is a Python that has the package, else the command itself.
    """

    program: str
    is_python: bool = True

    def prefix(self, *, watched: bool = False) -> list[str]:
        """What comes before a command's own arguments.

        Args:
            watched: Whether the end of stdin must end it, though the command does not listen.
        """
        if not self.is_python:
            return []
        # -I keeps the user's and QGIS's packages out; -u, because -I ignores PYTHONUNBUFFERED.
        return ["-I", "-u", "-c", WATCHED_ENGINE] if watched else ["-I", "-u", "-m", MODULE]


@dataclass(frozen=True)
class Call:
    """One command of an engine.

    Attributes:
        engine: The program.
        arguments: The command and its arguments.
        speaks_protocol: Whether the command writes messages and listens on stdin.
    """

    engine: Engine
    arguments: tuple[str, ...]
    speaks_protocol: bool = True

    def full_arguments(self) -> list[str]:
        """Everything after the program."""
        if not self.speaks_protocol:
            return [*self.engine.prefix(watched=True), *self.arguments]
        command, *rest = self.arguments
        return [*self.engine.prefix(), command, "--progress", "jsonl", "--cancel-on-eof", *rest]

    def shown(self, *, windows: bool = False) -> str:
        """The same command as the user would type it."""
        return quote_command([PACKAGE, *self.arguments], windows=windows)


def quote_command(words: Sequence[str], *, windows: bool = False) -> str:
    """Gives a command line that can be pasted into the system's shell."""
    return " ".join(_quote_windows(word) if windows else shlex.quote(word) for word in words)


def wheel_name(source: str) -> Optional[str]:
    """The file name of a wheel, where the source is one."""
    name = re.split(r"[\\/]", source.strip())[-1]
    return name if name.endswith(".whl") else None


def _quote_windows(word: str) -> str:
    if word and not re.search(r'[\s"^&|<>()%!]', word):
        return word
    # Backslashes before a quote, or at the end, count double for the C runtime's parser.
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
    return f'"{escaped}"'
