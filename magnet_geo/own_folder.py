"""Folders that this program makes and may clear again: marked by it, of this user, never behind a link.

What stands under a name that we would use may be somebody else's: a link that another user of a shared folder planted,
or a folder that only happens to have the name. Such a one is refused; and of our own folders only those files go whose
names we give.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from uuid import uuid4

from magnet_geo.errors import OutputError

MARK = "magnet-geo.folder"
_MARK_TEXT = "A folder of magnet-geo, which removes it when its work is done.\n"


def claim_folder(path: Path) -> None:
    """Make a folder with our mark, or take one that bears it; an empty one is marked.

    Args:
        path: Its parent exists.

    Raises:
        OutputError: What stands there is a link, no folder, another user's, or not ours.
        OSError: It cannot be made or marked.
    """
    path.mkdir(exist_ok=True)
    _require_real_folder(path)
    if not _is_marked(path):
        if any(path.iterdir()):
            raise OutputError(
                f"'{path}' is there already and is no folder of magnet-geo (it lacks the mark '{MARK}'): nothing in it "
                "was touched; move it away, or remove it if it is unfinished work of an older version."
            )
        (path / MARK).write_text(_MARK_TEXT, encoding="utf-8")
    _require_own(path)


def is_own_folder(path: Path) -> bool:
    """Whether a folder with our mark stands there, of this user and not behind a link."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and _is_marked(path) and (os.name == "nt" or found.st_uid == os.geteuid())


def clear_folder(path: Path, ours: Sequence[str], *, keep: Sequence[str] = ()) -> None:
    """Remove what we made in a folder that was claimed; what has other names stays, links are not followed.

    Args:
        path: The folder.
        ours: Patterns of the names we give, relative, with ``/`` between a folder and what is in it.
        keep: Names at the top that stay.

    Raises:
        OSError: Something of ours cannot be removed.
    """
    for folder, folders, files in os.walk(path, topdown=False):
        for name in (*files, *folders):
            entry = Path(folder, name)
            inside = entry.relative_to(path).as_posix()
            if inside == MARK or inside in keep or not _matches(inside, ours):
                continue
            if entry.is_dir() and not entry.is_symlink():
                _remove_empty(entry)
            else:
                entry.unlink(missing_ok=True)


def remove_folder(path: Path, ours: Sequence[str]) -> None:
    """Remove a claimed folder with what we made in it; where anything else is in it, that and the folder stay.

    What cannot be removed now stays without a word.
    """
    try:
        clear_folder(path, ours)
        if [entry.name for entry in path.iterdir()] == [MARK]:
            (path / MARK).unlink()
            path.rmdir()
    except OSError:
        return


def _matches(inside: str, patterns: Sequence[str]) -> bool:
    parts = inside.split("/")
    return any(
        len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
        for wanted in (pattern.split("/") for pattern in patterns)
    )


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        if not any(folder.iterdir()):
            raise


def _is_marked(path: Path) -> bool:
    try:
        return stat.S_ISREG((path / MARK).lstat().st_mode)
    except OSError:
        return False


def _require_real_folder(path: Path) -> None:
    # On Windows a junction leads elsewhere as well.
    if path.is_symlink() or getattr(os.path, "isjunction", lambda _: False)(path):
        raise OutputError(
            f"'{path}' is a link, and what it leads to may be somebody else's: nothing in it was touched; remove the "
            "link, or choose another output."
        )


def _require_own(path: Path) -> None:
    """Compare with a file made now: some file systems show another user for all that we make."""
    if os.name == "nt":
        return
    probe = path / f"{uuid4().hex[:8]}.new"
    try:
        probe.touch(exist_ok=False)
        made_by = probe.lstat().st_uid
    finally:
        probe.unlink(missing_ok=True)
    owner = path.lstat().st_uid
    if owner != made_by:
        raise OutputError(
            f"The folder '{path}' belongs to another user (number {owner}, not {made_by}): nothing in it was touched; "
            "choose another output."
        )
