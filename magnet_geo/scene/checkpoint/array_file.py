"""Named arrays in one file that is there as a whole or, as its stamp tells, torn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import crc32
from zlib import error as ZlibError

import numpy as np
from numpy.typing import NDArray

from magnet_geo.atomic_file import replacing

Arrays = Mapping[str, NDArray[Any]]

_CHUNK = 4 * 2**20


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a file held when it was written.

    Attributes:
        length: Bytes.
        crc: CRC-32 of them.
    """

    length: int
    crc: int

    @classmethod
    def of(cls, path: Path) -> FileStamp | None:
        """Return the stamp of a file as it is now; None where there is none, or it cannot be read."""
        length = crc = 0
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    crc, length = crc32(chunk, crc), length + len(chunk)
        except OSError:
            return None
        return cls(length, crc)


def write_arrays(path: Path, arrays: Arrays, *, packed: bool) -> FileStamp:
    """Write arrays under another name and give the file its own at last; equal arrays give equal bytes.

    Args:
        path: The file; one that is there is replaced.
        arrays: By name.
        packed: Whether they are worth compressing.

    Raises:
        OSError: They could not be written; nothing is left then.
    """
    buffer = BytesIO()
    method, level = (ZIP_DEFLATED, 1) if packed else (ZIP_STORED, None)
    with ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            # An entry made without its own time of writing has no level either, unless it is told here.
            with content.getbuffer() as view:
                archive.writestr(ZipInfo(f"{name}.npy"), view, method, level)
    # Two processes may write the same part, where one of them was given up for lost.
    draft = path.with_name(f"{path.name}.{uuid4().hex[:8]}.new")
    # Bytes, not a view of the buffer: an error's traceback keeps pathlib's own view of it alive, which hinders the
    # buffer's end, and Python 3.14 prints that.
    content_of_file = buffer.getvalue()
    with replacing(path, draft=draft):
        draft.write_bytes(content_of_file)
    return FileStamp(len(content_of_file), crc32(content_of_file))


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `write_arrays` wrote.

    Raises:
        OSError: The file is missing, torn or damaged.
    """
    try:
        with ZipFile(path) as archive:
            arrays = {}
            for name in archive.namelist():
                with archive.open(name) as member:
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
            return arrays
    except (BadZipFile, ZlibError, ValueError, EOFError) as error:
        raise OSError(f"'{path.name}' is damaged ({error})") from error
