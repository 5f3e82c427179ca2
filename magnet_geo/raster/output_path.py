"""Whether an output may be written where the user wants it, told before any work is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

from magnet_geo.errors import DiskFullError, OutputError

_RASTER_SUFFIXES = (".tif", ".tiff")
# What GDAL keeps beside a raster; left over from a replaced one, it would be read into the new one.
_GDAL_SIDECARS = (".aux.xml", ".ovr", ".msk")
_STYLES = (".qml", ".sld")


def gdal_sidecars(raster: Path) -> tuple[Path, ...]:
    """Return where GDAL keeps what it knows of a raster beside it: statistics and names, overviews, a mask."""
    return tuple(raster.with_name(raster.name + suffix) for suffix in _GDAL_SIDECARS)


def class_map_side_files(raster: Path) -> tuple[Path, ...]:
    """Return all that is replaced beside a class map when it appears: GDAL's files and the styles."""
    return (*gdal_sidecars(raster), *(raster.with_suffix(suffix) for suffix in _STYLES))


def check_output_path(
    target: Path,
    scene_path: str,
    overwrite: bool,
    *,
    suffixes: tuple[str, ...] = _RASTER_SUFFIXES,
    side_files: Iterable[Path] = (),
) -> None:
    """Refuse an output path that cannot or must not be written.

    Args:
        target: Where the output shall be.
        scene_path: The scene, which no output may replace.
        overwrite: Whether an existing file may be replaced.
        suffixes: What its name may end in, lower case.
        side_files: What appears or goes with the output beside it: like the output itself, another's is not touched.

    Raises:
        OutputError: Wrong extension, missing or read-only folder, the scene itself, or an existing file.
    """
    if target.suffix.lower() not in suffixes:
        raise OutputError(
            f"The output '{target}' must end in {' or '.join(suffixes)}, not '{target.suffix}'; rename it."
        )
    check_folder(target.absolute().parent)
    if target.is_dir():
        raise OutputError(f"The output '{target}' is a folder; name a file inside it.")
    if _same_file(target, scene_path):
        raise OutputError(f"The output '{target}' is the scene itself; choose another name.")
    if target.exists() and not overwrite:
        raise OutputError(f"The output '{target}' exists already; choose another name or use `overwrite=True`.")
    for path in side_files:
        if not overwrite and os.path.lexists(path):
            raise OutputError(
                f"'{path}' exists already and would be replaced along with the output '{target}': it may belong to "
                "another layer; choose another name or use `overwrite=True`."
            )


def check_folder(folder: Path) -> None:
    """Refuse a folder in which no file can be made: only trying tells, and leaves nothing.

    Raises:
        OutputError: It is missing, read-only, or no place for files.
        DiskFullError: Not even an empty file fits.
    """
    if not folder.is_dir():
        raise OutputError(f"The folder '{folder}' does not exist; create it first.")
    try:
        with TemporaryFile(dir=folder, prefix=".magnet-geo-"):
            return
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(f"The folder '{folder}' is read-only; choose another one.") from error
        if error.errno == errno.ENOSPC:
            raise DiskFullError(
                f"The disk of the folder '{folder}' is full; make room or choose another one."
            ) from error
        raise OutputError(
            f"No file can be made in the folder '{folder}' ({error.strerror}); choose another one."
        ) from error


def _same_file(target: Path, scene_path: str) -> bool:
    scene = Path(scene_path)
    return target.exists() and scene.exists() and target.samefile(scene)
