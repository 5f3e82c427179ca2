"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from safetensors import SafetensorError

from magnet_geo.errors import OutputError


@contextmanager
def replacing(path: Path, *, draft: Path | None = None) -> Iterator[Path]:
    """Give another name to write under; the file takes the path's place when the block ends without an error.

    Whoever needs more than a whole file, such as one that outlives a power failure, waits for the disk in the block.

    Args:
        path: Where the file appears; what stands there stays until then.
        draft: The other name, on the same file system; by default a hidden one beside the path, always the same, so
            that what a killed process left is written over.

    Raises:
        OSError: It cannot be renamed. After any error nothing is left under the other name.
    """
    draft = draft or path.with_name(f".{path.name}.part")
    try:
        yield draft
        os.replace(draft, path)
    except BaseException:
        # The error itself matters more than what cannot be removed after it.
        with suppress(OSError):
            draft.unlink()
        raise


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary sibling to write, unlike any other; it takes the path's place when the block ends well.

    Raises:
        OutputError: The file cannot be written; nothing is left behind.
    """
    try:
        with replacing(path, draft=path.with_name(f".{path.name}.{uuid4().hex}.part")) as temporary:
            temporary.touch()
            mode = temporary.stat().st_mode
            yield temporary
            # safetensors makes files that only their owner may read
            temporary.chmod(mode)
    # torch reports a missing folder as RuntimeError, safetensors a full disk as its own error.
    except (OSError, RuntimeError, SafetensorError) as error:
        raise OutputError(f"{path} cannot be written ({error}); check the folder and the free space.") from error


def atomic_write(path: Path, text: str) -> None:
    """Write a text file as UTF-8 that is never seen half written.

    Raises:
        OSError: It cannot be written; what stood there stays.
    """
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
