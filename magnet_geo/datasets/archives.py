"""Unpacks what is needed of ZIP archives: only files, only below one folder, each complete or not at all."""

from __future__ import annotations

import errno
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from magnet_geo.atomic_file import replacing
from magnet_geo.errors import CancelledError, DiskFullError, OutputError, TrainingError
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress

_CHUNK_BYTES = 2**20
# Of all archives together: Mapillary Vistas, the largest set of labelled street scenes, has about 100 GB.
_MOST_BYTES = 500 * 10**9
# Images pack to a fifth at best, labels of one class to a thousandth.
_RATIO, _LEAST_SUSPICIOUS = 1100, 50 * 10**6
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class _Member:
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    target: Path


@contextmanager
def unpacked(
    archives: Sequence[Path],
    root: Path,
    place_of: Callable[[PurePosixPath], PurePosixPath | None],
    *,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Iterator[int]:
    """Unpack archives into a folder for a ``with`` block; files that are there already are left alone.

    What was written goes again if the block fails, whatever fails in it; only a cancelled run keeps its whole files,
    so that the next one need not unpack them again.

    Args:
        archives: ZIP files.
        root: Folder; made where only its last part is missing.
        place_of: Path below the folder of each member that is wanted, None for others.
        progress: Follows.
        cancel: Stops after the file at hand.

    Yields:
        How many files were written.

    Raises:
        TrainingError: An archive is missing, damaged, protected by a password, has paths that lead elsewhere, or
            unpacks to more than an archive of images can.
        OutputError: The folder cannot be written to.
        DiskFullError: The files do not fit on the disk.
    """
    with ExitStack() as opened:
        files = [opened.enter_context(_open(path)) for path in archives]
        missing = [member for member in _members(files, root, place_of) if not _is_there(member)]
        total, done = sum(member.info.file_size for member in missing), 0
        _require_sane(missing, total)
        made: list[Path] = []
        try:
            if missing:
                with _writing(root):
                    if not root.exists():
                        root.mkdir()
                        made.append(root)
                    elif not root.is_dir():
                        raise NotADirectoryError(errno.ENOTDIR, "not a folder")
                _require_space(root, total)
            for member in missing:
                if cancel is not None:
                    cancel.raise_if_cancelled()
                progress(ProgressEvent(done / max(1, total), "unpack", f"Unpacking {short_name(member.target.name)}"))
                _write(member, made)
                done += member.info.file_size
            yield len(missing)
        except CancelledError:
            raise
        except BaseException:
            _take_back(made)
            raise


@contextmanager
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise TrainingError(f"The archive '{path}' does not exist; check the path.") from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise TrainingError(f"'{path}' is no whole ZIP archive ({error}); download it again.") from error
    with archive:
        yield archive


def _members(
    archives: Sequence[zipfile.ZipFile], root: Path, place_of: Callable[[PurePosixPath], PurePosixPath | None]
) -> list[_Member]:
    found: dict[Path, _Member] = {}
    for archive in archives:
        for info in archive.infolist():
            path = _safe_path(archive, info)
            place = None if info.is_dir() else place_of(path)
            if place is not None:
                _require_plain(archive, info)
                target = root.joinpath(*place.parts)
                found.setdefault(target, _Member(archive, info, target))
    return list(found.values())


def _safe_path(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if not path.parts:
        raise TrainingError(f"The archive '{archive.filename}' holds a file without a name; download it again.")
    if path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts):
        raise TrainingError(
            f"The archive '{archive.filename}' holds the path '{info.filename}', which leads out of its folder; do not "
            "use it, and get the data from their own site."
        )
    return path


def _require_plain(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise TrainingError(f"'{info.filename}' in '{archive.filename}' is a link, not a file; get the data again.")
    if info.flag_bits & _ENCRYPTED:
        raise TrainingError(f"The archive '{archive.filename}' is protected by a password; unpack it yourself first.")


def _is_there(member: _Member) -> bool:
    # Files appear under their name only when complete, so that the size tells.
    return member.target.is_file() and member.target.stat().st_size == member.info.file_size


def _require_space(root: Path, needed: int) -> None:
    free = shutil.disk_usage(root).free
    if needed > free:
        raise DiskFullError(
            f"The archives need {needed / 1e9:.1f} GB below '{root}', but {free / 1e9:.1f} GB are free; make room or "
            "choose another `root`."
        )


def _require_sane(members: Sequence[_Member], total: int) -> None:
    """Refuse what no images pack to; zipfile itself writes no more of a member than its entry says."""
    if total > _MOST_BYTES:
        raise TrainingError(
            f"The archives unpack to {total / 1e9:.0f} GB, more than any of the sets that are known here "
            f"({_MOST_BYTES / 1e9:.0f} GB); check what they are, or unpack them yourself."
        )
    for member in members:
        if member.info.file_size > _LEAST_SUSPICIOUS and member.info.file_size > _RATIO * member.info.compress_size:
            raise TrainingError(
                f"'{member.info.filename}' in '{member.archive.filename}' is packed to less than 1/{_RATIO} of its "
                f"{member.info.file_size / 1e6:.0f} MB, as no image is; do not use it, and get the data from their own "
                "site."
            )


def _take_back(made: Sequence[Path]) -> None:
    """Remove files and folders that were made, the last first; a folder with anything else in it stays."""
    for path in reversed(made):
        try:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        except OSError:
            continue


def _make_folders(folder: Path, made: list[Path]) -> None:
    if not folder.exists():
        _make_folders(folder.parent, made)
        folder.mkdir()
        made.append(folder)


def _write(member: _Member, made: list[Path]) -> None:
    with _writing(member.target):
        _make_folders(member.target.parent, made)
        was_there = member.target.exists()
        with (
            replacing(member.target) as draft,
            member.archive.open(member.info) as packed,
            draft.open("wb") as unpacked,
        ):
            shutil.copyfileobj(packed, unpacked, _CHUNK_BYTES)
        if not was_there:
            made.append(member.target)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise TrainingError(f"'{target.name}' cannot be unpacked ({error}); download the archive again.") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError(f"The disk is full at '{target}'; make room and run the command again.") from error
        raise OutputError(f"'{target}' cannot be written ({error.strerror}); choose another `root`.") from error
