"""The engine's JSON lines, version 1: from bytes to messages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Optional, Union

PROTOCOL_VERSION = 1
# A result line of a scheme of 255 classes has about 50 kB; whatever is longer is no message.
MAX_LINE_BYTES = 4_000_000


@dataclass(frozen=True)
class Hello:
    """The engine introduces itself."""

    protocol: int
    version: str
    pid: int


@dataclass(frozen=True)
class Progress:
    """How far the run has come; ``fraction`` is 0-1."""

    fraction: float
    stage: str
    message: str


@dataclass(frozen=True)
class Log:
    """Something to know; ``level`` is info or warning."""

    level: str
    message: str


@dataclass(frozen=True)
class Preview:
    """The coarse map lies at ``raster``."""

    raster: str


@dataclass(frozen=True)
class Result:
    """A scene is done; ``facts`` is the result object."""

    facts: dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """The engine explains why it stopped."""

    code: str
    message: str
    hint: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Cancelled:
    """The engine was cancelled."""


@dataclass(frozen=True)
class Noise:
    """A line that is no message: what a library printed."""

    text: str


Message = Union[Hello, Progress, Log, Preview, Result, Failure, Cancelled, Noise]


class LineSplitter:
    """Cuts a stream of bytes into lines; a chunk may end anywhere, even inside a letter."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Gives the lines that are complete now, without their ends."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._skipping and lines:
            lines[0] = b""
            self._skipping = False
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest, self._skipping = b"", True
        return [line.rstrip(b"\r") for line in lines if line.strip()]

    def flush(self) -> list[bytes]:
        """Gives the last line, where the stream ended without its end."""
        rest, self._rest = self._rest, b""
        return [rest] if rest.strip() and not self._skipping else []


def parse_line(line: bytes) -> Optional[Message]:
    """Gives the message of one line of stdout.

    Args:
        line: As it came, without its end.

    Returns:
        The message; `Noise` where the line is none; None for a message of a kind that this plugin does not know.
    """
    text = line.decode("utf-8", errors="replace").strip()
    try:
        found = json.loads(text)
    except ValueError:
        return Noise(text)
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return Noise(text)
    try:
        return _message(found)
    except (KeyError, TypeError, ValueError):
        return Noise(text)


def parse_result(text: str) -> Optional[Result]:
    """Gives the result of a command that writes one JSON object and no message lines; None without one."""
    for line in reversed(text.strip().splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            return Result(found)
    return None


def cancel_line() -> bytes:
    """What the engine is told to make it stop."""
    return b'{"type": "cancel"}\n'


def _message(found: dict[str, Any]) -> Optional[Message]:
    kind = found["type"]
    if kind == "hello":
        return Hello(int(found["protocol"]), str(found["version"]), int(found["pid"]))
    if kind == "progress":
        fraction = min(max(float(found["fraction"]), 0.0), 1.0)
        return Progress(fraction, str(found.get("stage", "")), str(found.get("message", "")))
    if kind == "log":
        return Log(str(found.get("level", "info")), str(found["message"]))
    if kind == "preview":
        return Preview(str(found["raster"]))
    if kind == "result":
        return Result({key: value for key, value in found.items() if key != "type"})
    if kind == "error":
        hint, traceback = found.get("hint") or "", found.get("traceback") or ""
        return Failure(str(found.get("code", "error")), str(found["message"]), str(hint), str(traceback))
    if kind == "cancelled":
        return Cancelled()
    return None
