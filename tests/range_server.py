"""An HTTP server on 127.0.0.1 that serves ranges of bytes, and fails at random where it is told to."""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAILURES = ("500", "503", "reset", "truncate")
STALLS = ("stall", "stall midway")


@dataclass(frozen=True, slots=True)
class Faults:
    """How often requests go wrong.

    Attributes:
        failing: Share that fails: an error status, a reset connection or a body that ends early.
        stalling: Share that sends nothing, or nothing more after half the body, until the client gives up.
        seed: Of the choice.
        first: Kinds for the first requests, before the shares count.
    """

    failing: float = 0.0
    stalling: float = 0.0
    seed: int = 0
    first: tuple[str, ...] = ()

    def kinds(self) -> Iterator[str]:
        """Gives what happens to each request, ``""`` where nothing does."""
        yield from self.first
        choice = random.Random(self.seed)
        while True:
            drawn = choice.random()
            if drawn < self.failing:
                yield choice.choice(FAILURES)
            else:
                yield choice.choice(STALLS) if drawn < self.failing + self.stalling else ""


@dataclass(slots=True)
class RangeServer:
    """What is served, and what was asked for.

    Attributes:
        url: Address of the folder; never the same twice, as GDAL remembers addresses.
        files: Content by name.
        faults: How often requests go wrong.
        sent: Bytes of bodies that were sent.
        requests: Requests that asked for content, as method and range.
        kinds: Their fates, counted.
        refusal: Status of every answer; None serves.
    """

    url: str
    files: dict[str, bytes]
    faults: Faults
    sent: int = 0
    requests: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    refusal: int | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _fates: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.misbehave(self.faults)

    def misbehave(self, faults: Faults) -> None:
        """Begins anew with other faults, and counts from zero."""
        with self._lock:
            self.faults, self._fates = faults, faults.kinds()
            self.sent, self.requests, self.kinds = 0, [], Counter()

    def fate(self, request: str) -> str:
        """Notes a request and decides what becomes of it."""
        with self._lock:
            kind = next(self._fates)
            self.requests.append(request)
            self.kinds[kind] += 1
            return kind

    def count(self, sent: int) -> None:
        """Notes bytes of a body."""
        with self._lock:
            self.sent += sent


@contextmanager
def serving(files: Mapping[str, bytes], faults: Faults | None = None) -> Iterator[RangeServer]:
    """Serves files until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        folder = uuid.uuid4().hex
        state = RangeServer(f"http://127.0.0.1:{server.server_port}/{folder}", dict(files), faults or Faults())
        server.state = state  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.stopped.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A client that waits for the rest of a body keeps its handler waiting no longer than this.
    timeout = 20

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def handle(self) -> None:
        """A client that goes away is no error."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def do_HEAD(self) -> None:
        """Serves the size alone, always."""
        self._serve("")

    def do_GET(self) -> None:
        """Serves a range, or goes wrong."""
        self._serve(self._state.fate(f"GET {self.headers.get('Range', '')}"))

    @property
    def _state(self) -> RangeServer:
        state = self.server.state  # type: ignore[attr-defined]
        assert isinstance(state, RangeServer)
        return state

    def _serve(self, kind: str) -> None:
        content = self._state.files.get(self.path.partition("?")[0].rpartition("/")[2])
        status = self._state.refusal or (404 if content is None else int(kind) if kind.isdecimal() else None)
        if status is not None or content is None:
            self._refuse(status or 404)
        elif kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif kind == "stall":
            self._wait()
        else:
            self._send(content, kind)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _wait(self) -> None:
        self._state.stopped.wait(self.timeout)
        self.close_connection = True

    def _send(self, content: bytes, kind: str) -> None:
        first, last = 0, len(content) - 1
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked:
            first, last = int(asked[1]), min(last, int(asked[2] or last))
        body = content[first : last + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        part = body[: len(body) // 2] if kind else body
        self._state.count(len(part))
        self.wfile.write(part)
        if kind == "stall midway":
            self._wait()
        elif kind:
            self.close_connection = True
