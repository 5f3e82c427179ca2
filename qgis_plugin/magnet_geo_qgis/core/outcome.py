"""What became of a run: from messages, stderr and the way the process ended to one sentence with a next step."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Optional

from .protocol import (
    PROTOCOL_VERSION,
    Cancelled,
    Failure,
    Hello,
    LineSplitter,
    Message,
    Noise,
    Progress,
    Result,
    parse_line,
    parse_result,
)
from .sentences import (
    FailureText,
    died_text,
    explain_failure,
    no_result_text,
    not_started_text,
    protocol_text,
    stopped_text,
    usage_text,
    version_text,
)
from .version import is_at_least

MIN_ENGINE_VERSION = "0.1.0"
STDERR_LINES = 60
KEPT_STDOUT = 2_000_000
EXIT_USAGE, EXIT_CANCELLED = 2, 130
# What a shell or a launcher reports for a child that a signal ended: 128 + SIGABRT, SIGKILL, SIGSEGV.
KILLED_CODES = frozenset({134, 137, 139})


class Status(Enum):
    """How a run ended."""

    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Ending:
    """How the process ended.

    Attributes:
        started: Whether it ran at all.
        crashed: Whether a signal, or a fault of its own, ended it.
        code: Exit code where it did not crash.
        reason: Why it did not start, in the system's words.
        cancel_wanted: Whether the user had asked to stop.
    """

    started: bool = True
    crashed: bool = False
    code: int = 0
    reason: str = ""
    cancel_wanted: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the user is told.

    Attributes:
        status: How it ended.
        results: The result objects, one for each scene that was done.
        text: The sentence and the next step of a failure.
        details: What the engine last said, for the log.
    """

    status: Status
    results: tuple[dict[str, Any], ...] = ()
    text: FailureText = field(default_factory=lambda: FailureText("", ""))
    details: str = ""


class Transcript:
    """Everything an engine said during one run, bounded in size.

    Attributes:
        hello: How it introduced itself; None before that.
        failure: Why it stopped, in its own words.
        cancelled: Whether it said that it was cancelled.
        begun: Whether it has told of any progress.
    """

    def __init__(self, *, speaks_protocol: bool = True) -> None:
        self._speaks_protocol = speaks_protocol
        self._stdout, self._stderr = LineSplitter(), LineSplitter()
        self._plain_stdout = b""
        self._last_lines: deque[str] = deque(maxlen=STDERR_LINES)
        self._results: list[dict[str, Any]] = []
        self.hello: Optional[Hello] = None
        self.failure: Optional[Failure] = None
        self.cancelled = False
        self.begun = False

    def read_stdout(self, chunk: bytes, *, at_end: bool = False) -> list[Message]:
        """Takes what came on stdout; gives the messages that are complete now."""
        if not self._speaks_protocol:
            self._plain_stdout = (self._plain_stdout + chunk)[-KEPT_STDOUT:]
            return []
        lines = self._stdout.feed(chunk) + (self._stdout.flush() if at_end else [])
        messages = [message for message in map(parse_line, lines) if message is not None]
        for message in messages:
            self._note(message)
        return messages

    def read_stderr(self, chunk: bytes, *, at_end: bool = False) -> list[str]:
        """Takes what came on stderr; gives the lines that are complete now."""
        lines = self._stderr.feed(chunk) + (self._stderr.flush() if at_end else [])
        texts = [line.decode("utf-8", errors="replace").strip() for line in lines]
        self._last_lines.extend(texts)
        return texts

    @property
    def unfit(self) -> Optional[FailureText]:
        """Why the engine and this plugin do not fit, once it has introduced itself; None where they do."""
        if self.hello is None:
            return None
        if self.hello.protocol != PROTOCOL_VERSION:
            return protocol_text(self.hello.protocol, PROTOCOL_VERSION, self.hello.version)
        if not is_at_least(self.hello.version, MIN_ENGINE_VERSION):
            return version_text(self.hello.version, MIN_ENGINE_VERSION)
        return None

    def conclude(self, ending: Ending, *, program: str) -> Outcome:
        """Gives the outcome of the run."""
        details = "\n".join(self._last_lines)
        if not self._speaks_protocol:
            found = parse_result(self._plain_stdout.decode("utf-8", errors="replace"))
            self._results = [found.facts] if found else []
        if not ending.started:
            return Outcome(Status.FAILED, text=not_started_text(program, ending.reason), details=details)
        if self.unfit is not None:
            return Outcome(Status.FAILED, text=self.unfit, details=details)
        fine = ending.code == 0 and not ending.crashed
        # A result line is written when the files are complete; a library that crashes on the way out spoils nothing.
        if (self._speaks_protocol and self._results and not self.failure) or (fine and not self._speaks_protocol):
            return Outcome(Status.DONE, tuple(self._results), details=details)
        if ending.cancel_wanted or self.cancelled or (ending.code == EXIT_CANCELLED and not ending.crashed):
            return Outcome(Status.CANCELLED, tuple(self._results), details=details)
        return Outcome(Status.FAILED, tuple(self._results), self._explain(ending), details)

    def _explain(self, ending: Ending) -> FailureText:
        if self.failure is not None:
            return explain_failure(self.failure)
        if ending.crashed or ending.code in KILLED_CODES:
            return died_text()
        lines = list(self._last_lines)
        if ending.code == 0:
            return no_result_text()
        if ending.code == EXIT_USAGE:
            return usage_text(lines)
        return stopped_text(ending.code, lines)

    def _note(self, message: Message) -> None:
        if isinstance(message, Hello):
            self.hello = message
        elif isinstance(message, Progress):
            self.begun = True
        elif isinstance(message, Result):
            self._results.append(message.facts)
        elif isinstance(message, Failure):
            self.failure = message
        elif isinstance(message, Cancelled):
            self.cancelled = True
        elif isinstance(message, Noise):
            self._last_lines.append(message.text[:500])
