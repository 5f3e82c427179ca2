"""Named arrays in one file: back as they were, in equal bytes, and no trace of a failure."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.scene.checkpoint.array_file import FileStamp, read_arrays, write_arrays

ARRAYS = {"classes": np.arange(12, dtype=np.uint8).reshape(3, 4), "sums": np.array([1.5, np.nan])}


@pytest.mark.parametrize("packed", [True, False])
def test_arrays_come_back_and_equal_arrays_give_equal_bytes(tmp_path: Path, packed: bool) -> None:
    stamps = [write_arrays(tmp_path / name, ARRAYS, packed=packed) for name in ("a.part", "b.part")]
    assert stamps == [FileStamp.of(tmp_path / name) for name in ("a.part", "b.part")]
    assert stamps[0] == stamps[1]
    found = read_arrays(tmp_path / "a.part")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_torn_file_is_damaged(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.part", ARRAYS, packed=True)
    whole = (tmp_path / "a.part").read_bytes()
    (tmp_path / "a.part").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match=r"'a\.part' is damaged"):
        read_arrays(tmp_path / "a.part")


def test_a_full_disk_leaves_neither_a_file_nor_a_view_of_the_buffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error holds pathlib's frame, and that a view: on Python 3.14 the buffer's end then prints a BufferError.

    Seen with Python 3.14.8, whose `Path.write_bytes` makes a memoryview of what it is given.
    """
    given: list[object] = []

    def write(path: Path, data: object) -> int:
        given.append(data)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="No space left"):
        write_arrays(tmp_path / "a.part", ARRAYS, packed=True)
    assert os.listdir(tmp_path) == []
    assert type(given[0]) is bytes
