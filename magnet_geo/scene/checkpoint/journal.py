"""`Journal`: lines that are only ever added to, each with a checksum, so that a torn one counts for nothing."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any
from zlib import crc32

Record = dict[str, Any]


class Journal:
    """Adds records to a file, within a ``with`` block; one process at a time."""

    def __init__(self, path: Path) -> None:
        """Name the file.

        Args:
            path: Made where it is missing.
        """
        self._path = path

    def __enter__(self) -> Journal:
        self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, record: Record) -> None:
        """Add a record; it is in the hands of the system then.

        Raises:
            OSError: There is no room. What was written of the line counts for nothing.
        """
        text = json.dumps(record, separators=(",", ":")).encode()
        # The line before may be torn: an empty one harms nobody.
        line = b"\n%08x %s\n" % (crc32(text), text)
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        """Wait until all records are on the disk.

        Raises:
            OSError: They do not reach it.
        """
        os.fsync(self._file.fileno())


def read_journal(path: Path) -> list[Record]:
    """Return the whole records of a journal, in order; lines that are torn or damaged are left out.

    Raises:
        OSError: It cannot be read.
    """
    return [record for line in path.read_bytes().split(b"\n") if (record := _record(line)) is not None]


def _record(line: bytes) -> Record | None:
    checksum, _, text = line.partition(b" ")
    if not text or checksum != b"%08x" % crc32(text):
        return None
    found = json.loads(text)
    return found if isinstance(found, dict) else None
