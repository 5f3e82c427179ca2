"""`SceneSource`: a scene as the user names it, and how it is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rasterio
from rasterio.crs import CRS
from rasterio.io import DatasetReader

from magnet_geo.addresses import is_remote, public_address
from magnet_geo.errors import SceneError
from magnet_geo.plain_text import short_name
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, opening, quiet_libtiff
from magnet_geo.raster.remote import remote_failure, with_retries


@dataclass(frozen=True, slots=True)
class SceneSource:
    """What is read, and what the user says where the file is silent or wrong.

    Attributes:
        path: Anything GDAL opens: a path, VRT, URL, ``/vsi...`` or subdataset name.
        open_options: GDAL open options, as pairs.
        crs: Replaces the file's coordinate reference system; None keeps it.
        nodata: Replaces the nodata value of every band; None keeps them.
    """

    path: str
    open_options: tuple[tuple[str, str], ...] = ()
    crs: CRS | None = None
    nodata: float | None = None

    @classmethod
    def of(cls, named: SceneSource | str | Path) -> SceneSource:
        """Take a source as it is, a path as a file that says everything itself."""
        return named if isinstance(named, SceneSource) else cls(str(named))

    @property
    def name(self) -> str:
        """Last part of the path, for messages and output names."""
        return short_name(self.path)

    @property
    def address(self) -> str:
        """The path as it may be written and shown: what is remote, without user, password and query."""
        return public_address(self.path)

    @property
    def is_remote(self) -> bool:
        """Whether it is read over a network."""
        return is_remote(self.path)


@contextmanager
def open_scene(source: SceneSource, *, overviews: bool = False) -> Iterator[DatasetReader]:
    """Open a scene for reading; a handle belongs to one thread.

    Args:
        source: The scene.
        overviews: Whether reduced reads may come from overviews, whose resampling is not known. Without them
            GDAL wraps the dataset, which hides some of its metadata.

    Raises:
        SceneError: It is missing, not readable, no raster or damaged.
    """
    with open_handle(source, overviews=overviews) as dataset, explained(source):
        yield dataset


@contextmanager
def explained(source: SceneSource) -> Iterator[None]:
    """Turn what GDAL says of a scene into one sentence: some damage shows only when a fact of the file is asked for.

    Raises:
        SceneError: GDAL failed.
    """
    try:
        yield
    except GDAL_ERRORS as error:
        raise _failure(source, error) from error


def open_handle(source: SceneSource, *, overviews: bool = False) -> DatasetReader:
    """Open a scene without a ``with`` block.

    rasterio ties what is entered to its thread. This handle may be used by any thread, one at a time, and closed by
    any; calls that may fail belong in a `gdal_environment`.

    Raises:
        SceneError: See `open_scene`.
    """
    if source.is_remote:
        return with_retries(source.path, lambda: open_once(source, overviews=overviews))
    return open_once(source, overviews=overviews)


def open_once(source: SceneSource, *, overviews: bool = False) -> DatasetReader:
    """`open_handle` without a second try where a remote scene does not answer.

    Raises:
        SceneError: See `open_scene`.
    """
    options = dict(source.open_options)
    if not overviews and "OVERVIEW_LEVEL" not in {key.upper() for key in options}:
        options["OVERVIEW_LEVEL"] = "NONE"
    quiet_libtiff()
    try:
        with opening(remote=source.is_remote):
            return rasterio.open(source.path, sharing=False, **options)
    except GDAL_ERRORS as error:
        raise _failure(source, error) from error


def _failure(source: SceneSource, error: BaseException) -> SceneError:
    if source.is_remote:
        return remote_failure(source.path, gdal_detail(error))
    return SceneError(_open_failure(source.path, gdal_detail(error).replace(source.path, source.address)))


def _open_failure(path: str, detail: str) -> str:
    local = Path(path)
    if path and local.is_dir():
        return f"'{path}' is a folder, not a raster; name one raster file."
    if local.is_file():
        return _file_failure(local, detail)
    if "No such file" in detail or not path:
        return f"The scene '{path}' does not exist; check the path."
    return f"The scene '{path}' cannot be opened: {detail}."


def _file_failure(path: Path, detail: str) -> str:
    if not os.access(path, os.R_OK):
        return f"The scene '{path}' may not be read (permission denied); ask its owner for access."
    if path.stat().st_size == 0:
        return f"The scene '{path}' is empty (0 bytes); copy or download it again."
    if "not recognized" in detail:
        return f"'{path}' is not a raster that GDAL can read; convert it to GeoTIFF first."
    return f"The scene '{path}' is damaged or incomplete ({detail}); copy or download it again."
