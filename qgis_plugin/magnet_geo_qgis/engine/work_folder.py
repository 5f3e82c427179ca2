"""The engine's hidden folder beside an output: recognized by its mark, and only what the engine names is removed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

MARK = "magnet-geo.folder"
_NAMES = {"lock", "owner"}
_ENDS = (".part", ".right", ".below", ".top", ".journal", ".json", ".new")


def work_folder(output: Path) -> Path:
    """Gives the place of an output's unfinished work."""
    return output.with_name(f".{output.name}.magnet-geo")


def is_ours(folder: Path) -> bool:
    """Whether the engine made a folder: it bears the mark, and is no link to somewhere else."""
    return not folder.is_symlink() and (folder / MARK).is_file() and not (folder / MARK).is_symlink()


def remove_work(folder: Path) -> None:
    """Removes the engine's own files of a folder that it made, and the folder if nothing else is in it."""
    if not is_ours(folder):
        return
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files:
            is_draft = name.startswith(".") and ".tif" in name
            if name in _NAMES or name.endswith(_ENDS) or is_draft:
                _quietly(os.unlink, os.path.join(place, name))
        for name in folders:
            _quietly(os.rmdir, os.path.join(place, name))
    try:
        if os.listdir(folder) == [MARK]:
            os.unlink(folder / MARK)
            os.rmdir(folder)
    except OSError:
        return


def _quietly(act: Callable[[str], None], path: str) -> None:
    try:
        act(path)
    except OSError:
        return
