"""Ways to stop a run from outside: Ctrl-C, SIGTERM, a line on stdin, the end of stdin."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from magnet_geo.progress import CancelToken


@contextmanager
def cancel_by_signal(token: CancelToken) -> Iterator[None]:
    """Let SIGINT and SIGTERM cancel the run; a second SIGINT ends the program at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if token.cancelled and number == signal.SIGINT:
            raise KeyboardInterrupt
        token.cancel()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def cancel_by_protocol(token: CancelToken, *, on_end: bool) -> None:
    """Listen on stdin, in a daemon thread, for a ``{"type": "cancel"}`` line.

    Args:
        token: Cancelled by the line.
        on_end: Whether the end of stdin cancels too.
    """

    # None where whoever started the program closed its stdin.
    stream = sys.stdin

    def listen() -> None:
        for line in stream.buffer if stream else ():
            if _asks_to_cancel(line):
                token.cancel()
                return
        if on_end:
            token.cancel()

    threading.Thread(target=listen, name="stdin", daemon=True).start()


def _asks_to_cancel(line: bytes) -> bool:
    try:
        message = json.loads(line)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("type") == "cancel"
