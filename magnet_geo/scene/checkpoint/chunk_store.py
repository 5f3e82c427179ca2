"""`ChunkStore`: the finished windows of a pass as files, with a journal of what was finished."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from numpy.typing import NDArray

from magnet_geo.errors import DiskFullError, OutputError
from magnet_geo.scene.checkpoint.array_file import Arrays, FileStamp, read_arrays, write_arrays
from magnet_geo.scene.checkpoint.journal import Journal, Record, read_journal

Side = Literal["right", "below", "top"]

# Between two waits for the disk: a power failure costs no more than what was written in this time.
_SYNC_SECONDS = 5.0
# Known to the QGIS plugin, as all endings in this folder.
_CHUNK, _JOURNALS = ".part", "*.journal"


class ChunkStore:
    """Takes windows in any order, within a ``with`` block, and gives them back in a later run.

    A window is finished once its line is in the journal. Whatever does not agree with its line - a torn chunk, a chunk
    of an older attempt - is as if it had never been written, so that nothing depends on the order in which a disk
    wrote it.

    Attributes:
        finished: Windows whose chunk can be read, and those without a pixel to map.
    """

    def __init__(self, folder: Path, *, journal: str = "windows", only: Container[int] | None = None) -> None:
        """Look at what is there.

        Args:
            folder: Made where it is missing.
            journal: Name of the journal that is added to; each process at work has its own.
            only: Windows to look at; None for all.

        Raises:
            OutputError: The folder cannot be made or read.
        """
        self._folder, self._journal = folder, Journal(folder / f"{journal}.journal")
        self._records: dict[int, Record] = {}
        self._unsynced: list[Path] = []
        self._synced_at = time.monotonic()
        with self._explained():
            folder.mkdir(exist_ok=True)
            found = [record for path in sorted(folder.glob(_JOURNALS)) for record in read_journal(path)]
        # Clocks of several machines need not agree: who opens the store later has seen more.
        self._generation = 1 + max((record["generation"] for record in found), default=0)
        for record in sorted(found, key=lambda record: record["generation"]):
            if only is None or record["window"] in only:
                self._records.setdefault(record["window"], {}).update(record)
        self.finished = {index for index in self._records if self._is_finished(index)}

    def __enter__(self) -> ChunkStore:
        with self._explained():
            self._journal.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.__exit__(kind, error, trace)

    def is_empty(self, index: int) -> bool:
        """Whether a window was found to have no pixel to map."""
        return bool(self._records.get(index, {}).get("empty"))

    def top_pending(self, index: int) -> bool:
        """Whether a finished window is not joined to the one above yet."""
        return index in self.finished and bool(self._records[index].get("top"))

    def is_whole(self, index: int) -> bool:
        """Whether nothing is left to do for a window."""
        return index in self.finished and not self.top_pending(index)

    def chunks(self) -> list[int]:
        """Finished windows that have a chunk, in plan order."""
        return sorted(index for index in self.finished if not self.is_empty(index))

    def commit(self, index: int, chunk: Arrays | None, edges: Mapping[Side, Arrays]) -> None:
        """Keep a window for good.

        Args:
            index: Of the window.
            chunk: What it adds to the run; None where only its edges are of interest.
            edges: What its neighbors need, by side.

        Raises:
            DiskFullError: There is no room; the window does not count as finished.
            OutputError: It could not be written.
        """
        record: Record = {"window": index}
        with self._explained():
            if chunk is not None:
                record["top"] = None
                record["chunk"] = self._write(self._chunk(index), chunk, packed=True)
            for side, arrays in edges.items():
                record[side] = self._write(self._edge(index, side), arrays, packed=False)
            self._note(index, record)
        if chunk is not None:
            self.finished.add(index)

    def commit_empty(self, index: int) -> None:
        """Note that a window has no pixel to map.

        Raises:
            OutputError: It could not be noted.
        """
        with self._explained():
            self._note(index, {"window": index, "empty": True})
        self.finished.add(index)

    def read(self, index: int) -> dict[str, NDArray[Any]]:
        """Read the chunk of a finished window.

        Raises:
            OutputError: It cannot be read.
        """
        with self._explained():
            return read_arrays(self._chunk(index))

    def read_edge(self, index: int, side: Side) -> dict[str, NDArray[Any]]:
        """Read what a window left for a neighbor.

        Raises:
            OutputError: It cannot be read.
        """
        with self._explained():
            return read_arrays(self._edge(index, side))

    def has_edge(self, index: int, side: Side) -> bool:
        """Whether a window's edge is there and whole."""
        return self._agrees(self._edge(index, side), self._records.get(index, {}).get(side))

    def drop_edges(self, edges: Iterable[tuple[int, Side]]) -> None:
        """Remove edges that no window needs any more."""
        for index, side in edges:
            self._edge(index, side).unlink(missing_ok=True)

    def sync(self) -> None:
        """Wait until all that was committed is on the disk.

        Raises:
            DiskFullError: Some file systems tell only now that there was no room.
            OutputError: The disk failed.
        """
        with self._explained():
            for path in self._unsynced:
                if path.exists():
                    _sync_file(path)
            self._unsynced.clear()
            self._journal.sync()
            _sync_folder(self._folder)
        self._synced_at = time.monotonic()

    def sync_now_and_then(self) -> None:
        """`sync`, if the last one was some seconds ago."""
        if time.monotonic() - self._synced_at > _SYNC_SECONDS:
            self.sync()

    def _note(self, index: int, record: Record) -> None:
        self._journal.append(record | {"generation": self._generation})
        self._records.setdefault(index, {}).update(record)

    def _write(self, path: Path, arrays: Arrays, *, packed: bool) -> tuple[int, int]:
        stamp = write_arrays(path, arrays, packed=packed)
        self._unsynced.append(path)
        return stamp.length, stamp.crc

    def _is_finished(self, index: int) -> bool:
        record = self._records[index]
        whole = self._agrees(self._chunk(index), record.get("chunk"))
        return self.is_empty(index) or (whole and (not record.get("top") or self.has_edge(index, "top")))

    def _agrees(self, path: Path, stamp: object) -> bool:
        return isinstance(stamp, list | tuple) and FileStamp.of(path) == FileStamp(*stamp)

    def _chunk(self, index: int) -> Path:
        return self._folder / f"{index}{_CHUNK}"

    def _edge(self, index: int, side: Side) -> Path:
        return self._folder / f"{index}.{side}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            detail = error.strerror or str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(
                    f"The disk with '{self._folder.parent}' is full; make room, or choose another folder."
                ) from error
            raise OutputError(
                f"Unfinished work in '{self._folder.parent}' could not be written or read ({detail}); check the disk, "
                "or remove this folder to start over."
            ) from error


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    # Windows neither opens folders nor needs it.
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
