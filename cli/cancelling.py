"""Ways to stop a run from outside: Ctrl-C, SIGTERM, a line on stdin, the end of stdin."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from math import inf
from types import FrameType

from magnet_geo.progress import CancelToken

from .errors import CANCELLED_EXIT_CODE

# A cancelled run looks at its token many times a second, unless it waits for a disk, a server or GDAL.
_PATIENCE_S = 10.0
_IMPATIENCE_S = 1.0
_SECONDS_BETWEEN_LOOKS = 0.2
_NO_SIGNAL = bytes(1)


@contextmanager
def cancel_by_signal(token: CancelToken, *, give_up: Callable[[], None] | None = None) -> Iterator[None]:
    """Let SIGINT and SIGTERM cancel the run; a second SIGINT ends the program at once.

    Python hands a signal to the main thread, and only once that is back from what it called: a call that reads for
    minutes hears nothing. So a thread of its own listens too.

    Args:
        token: Cancelled by the signals.
        give_up: Called, as the last word, where the run does not stop within 10 seconds after it was cancelled, or
            within one after a second SIGINT; the program is then ended in the midst of its work. None to wait for it.
    """

    interrupts = count(1)

    def handle(number: int, frame: FrameType | None) -> None:
        token.cancel()
        if number == signal.SIGINT and next(interrupts) > 1:
            raise KeyboardInterrupt

    with _heard(token, give_up):
        previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


@contextmanager
def _heard(token: CancelToken, give_up: Callable[[], None] | None) -> Iterator[None]:
    """Cancel the token by signals that the main thread cannot take, and end what does not stop."""
    receiver, sender = socket.socketpair()
    over = threading.Event()
    with receiver, sender:
        receiver.settimeout(_SECONDS_BETWEEN_LOOKS)
        sender.setblocking(False)
        watch = threading.Thread(target=_watch, args=(receiver, token, over, give_up), name="signals", daemon=True)
        previous = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        watch.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            over.set()
            sender.send(_NO_SIGNAL)
            watch.join()


def _watch(
    receiver: socket.socket, token: CancelToken, over: threading.Event, give_up: Callable[[], None] | None
) -> None:
    interrupts, deadline = 0, inf
    while not over.is_set():
        heard = b""
        with suppress(TimeoutError):
            heard = receiver.recv(64)
        interrupts += heard.count(signal.SIGINT)
        if signal.SIGINT in heard or signal.SIGTERM in heard:
            token.cancel()
        if token.cancelled:
            deadline = min(deadline, time.monotonic() + (_PATIENCE_S if interrupts < 2 else _IMPATIENCE_S))
        if give_up is not None and time.monotonic() > deadline and not over.is_set():
            give_up()
            os._exit(CANCELLED_EXIT_CODE)


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
