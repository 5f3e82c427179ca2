"""What an engine leaves beside its output when it is killed: it could not tidy up itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def remove_unfinished(outputs: Iterable[str]) -> None:
    """Removes the hidden, unfinished siblings of outputs; finished files and those of other runs stay.

    Args:
        outputs: Files that a run was to write; empty names are passed over.
    """
    for output in filter(None, outputs):
        path = Path(output)
        for part in path.parent.glob(f".{_literal(path.name)}.part*"):
            if part.is_file():
                part.unlink()


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in name)
