"""What an engine leaves beside its outputs when it is cancelled or killed: rubbish, and work that can be taken up."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from qgis.core import QgsProcessingUtils

from .work_folder import is_ours, remove_work, work_folder


def unfinished_work(output: str) -> bool:
    """Whether an interrupted run for this class raster left something that the same run can take up."""
    if not output:
        return False
    folder = work_folder(Path(output))
    return is_ours(folder) and any(folder.glob("*/*.part"))


def remove_unfinished(outputs: Iterable[str]) -> None:
    """Removes the hidden, unfinished siblings of outputs; finished files and those of other runs stay.

    Work that can be taken up stays too, except for a temporary output, which no later run will ask for again.

    Args:
        outputs: Files that a run was to write; empty names are passed over.
    """
    for output in filter(None, outputs):
        path = Path(output)
        if _is_temporary(path) or not unfinished_work(output):
            remove_work(work_folder(path))
        for pattern in _draft_patterns(path):
            for draft in path.parent.glob(pattern):
                if draft.is_file():
                    draft.unlink()


def _is_temporary(path: Path) -> bool:
    return Path(QgsProcessingUtils.tempFolder()) in path.parents


def _draft_patterns(path: Path) -> list[str]:
    name, stem = glob.escape(path.name), glob.escape(path.stem)
    whole = [f".{name}.part", f".{name}.part.*"]
    # Layers may be several files; a raster's stem can be another output's too.
    return whole if path.suffix.lower() in (".tif", ".tiff") else [*whole, f".{stem}.part.*"]
