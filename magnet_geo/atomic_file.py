"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from safetensors import SafetensorError

from magnet_geo.errors import OutputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary sibling to write; it takes the path's place when the block ends without an error.

    Raises:
        OutputError: The file cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        yield temporary
        # safetensors makes files that only their owner may read
        temporary.chmod(mode)
        temporary.replace(path)
    # torch reports a missing folder as RuntimeError, safetensors a full disk as its own error.
    except (OSError, RuntimeError, SafetensorError) as error:
        raise OutputError(f"{path} cannot be written ({error}); check the folder and the free space.") from error
    finally:
        temporary.unlink(missing_ok=True)


def atomic_write(path: Path, text: str) -> None:
    """Write a text file as UTF-8 that is never seen half written.

    Raises:
        OSError: It cannot be written; what stood there stays.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
