"""What an engine leaves beside its outputs when it is killed: it could not tidy up itself."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterable
from pathlib import Path


def remove_unfinished(outputs: Iterable[str], *, for_good: bool = True) -> None:
    """Removes the hidden, unfinished siblings of outputs; finished files and those of other runs stay.

    Args:
        outputs: Files that a run was to write; empty names are passed over.
        for_good: Whether the finished windows of a map go too, from which the same run would continue.
    """
    for output in filter(None, outputs):
        path = Path(output)
        if for_good:
            shutil.rmtree(path.with_name(f".{path.name}.magnet-geo"), ignore_errors=True)
        for pattern in _draft_patterns(path):
            for draft in path.parent.glob(pattern):
                if draft.is_file():
                    draft.unlink()


def _draft_patterns(path: Path) -> list[str]:
    name, stem = glob.escape(path.name), glob.escape(path.stem)
    whole = [f".{name}.part", f".{name}.part.*", f".{name}.cog.*"]
    # Layers may be several files; a raster's stem can be another output's too.
    return whole if path.suffix.lower() in (".tif", ".tiff") else [*whole, f".{stem}.part.*"]
