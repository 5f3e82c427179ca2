"""`GeoTiffDraft`: an output raster while it is being written; it appears under its name only when it is complete."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from pathlib import Path
from types import TracebackType

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from magnet_geo.atomic_file import atomic_write
from magnet_geo.errors import DiskFullError, OutputError
from magnet_geo.grid import PixelRect
from magnet_geo.raster.class_sidecar import class_sidecar, color_table
from magnet_geo.raster.cog import check_creation_options, sync, write_cog
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, gdal_environment, opening, quiet_libtiff
from magnet_geo.raster.layer_style import write_layer_style
from magnet_geo.raster.map_layout import TILE_PX, MapLayout
from magnet_geo.raster.output_path import gdal_sidecars
from magnet_geo.raster.server_style import write_server_style
from magnet_geo.raster.written_tiles import WrittenTiles, truncated_blocks

_OVERVIEW_ALLOWANCE = 4 / 3


class GeoTiffDraft:
    """Takes rectangles in any order, within a ``with`` block, and becomes a Cloud Optimized GeoTIFF at the end.

    Each pixel is written once; those that never are, are nodata. Leaving the block without `finish` removes every
    trace.
    """

    def __init__(self, target: Path, layout: MapLayout, *, workspace: Path | None = None) -> None:
        """Name the output.

        Args:
            target: Where the raster appears at last.
            layout: What it is.
            workspace: Folder for the draft, by default the target's; what is renamed at last lies there too, if it is
                in the target's folder.

        Raises:
            OutputError: A creation option is not possible.
        """
        check_creation_options(layout.creation_options)
        quiet_libtiff()
        self.target = target
        self.layout = layout
        beside = target.absolute().parent
        drafts = workspace.absolute() if workspace else beside
        self.draft_path = drafts / f".{target.name}.part.tif"
        # To be renamed, it must lie on the target's file system.
        self._cog_path = (drafts if beside in (drafts, *drafts.parents) else beside) / f".{target.name}.cog.tif"
        self._tiles = WrittenTiles(layout.grid.size, layout.nodata)
        self._dataset: DatasetWriter | None = None
        # For the attribute table.
        self._pixel_counts: NDArray[np.int64] | None = None

    def __enter__(self) -> GeoTiffDraft:
        self._dataset = self._create()
        if self.layout.scheme is not None:
            self._pixel_counts = np.zeros(256, np.int64)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, rect: PixelRect, array: NDArray[np.uint8]) -> None:
        """Write a rectangle.

        Args:
            rect: Inside the raster.
            array: (h, w), or (C, h, w) for C bands.

        Raises:
            DiskFullError: There is no room.
            OutputError: GDAL could not write.
        """
        bands = array if array.ndim == 3 else array[None]
        expected = len(self.layout.band_names), rect.height, rect.width
        if array.dtype != np.uint8 or bands.shape != expected:
            raise ValueError(f"{array.dtype} of shape {bands.shape} was given; uint8 of shape {expected} is needed.")
        if rect.intersection(PixelRect(0, 0, self.layout.grid.height, self.layout.grid.width)) != rect:
            raise ValueError(f"{rect} reaches beyond the raster of {self.layout.grid.size}.")
        if _free_bytes(self.target) < bands.nbytes:
            raise self._failure("no space left on the device")
        try:
            with gdal_environment():
                self._open_dataset.write(bands, window=Window(rect.col, rect.row, rect.width, rect.height))
        except GDAL_ERRORS as error:
            raise self._failure(gdal_detail(error)) from error
        self._tiles.add(rect, bands)
        if self._pixel_counts is not None:
            self._pixel_counts += np.bincount(bands.ravel(), minlength=256)

    def tag(self, key: str, text: str) -> None:
        """Add to the metadata what is known only once the pixels are.

        Raises:
            OutputError: GDAL could not write.
        """
        try:
            with gdal_environment():
                self._open_dataset.update_tags(**{key: text})
        except GDAL_ERRORS as error:
            raise self._failure(gdal_detail(error)) from error

    def finish(self) -> Path:
        """Make the output appear: `prepare`, then `publish`.

        Returns:
            Path of the output.

        Raises:
            DiskFullError: There is no room; nothing is left behind.
            OutputError: The raster could not be written.
        """
        self.prepare()
        return self.publish()

    def prepare(self) -> None:
        """Convert and check the raster, still under another name.

        Raises:
            DiskFullError: There is no room; nothing is left behind.
            OutputError: The raster could not be written.
        """
        self._close()
        try:
            write_cog(self.draft_path, self._cog_path, self.layout)
            self._require_complete(truncated_blocks(self._cog_path))
        except GDAL_ERRORS as error:
            raise self._failure(gdal_detail(error)) from error
        except OutputError:
            raise
        except OSError as error:
            raise self._failure(error.strerror or str(error), full=error.errno == errno.ENOSPC) from error

    def publish(self) -> Path:
        """Write the sidecars and only then give the prepared raster its name.

        Returns:
            Path of the output.

        Raises:
            DiskFullError: There is no room for the sidecars; nothing is left behind.
            OutputError: The folder cannot be written.
        """
        try:
            self._rename()
        except OSError as error:
            raise self._failure(error.strerror or str(error), full=error.errno == errno.ENOSPC) from error
        self.discard()
        return self.target

    def discard(self) -> None:
        """Remove the draft and all that was made from it; the target itself stays as it is."""
        dataset, self._dataset = self._dataset, None
        if dataset is not None:
            with gdal_environment():
                _close_ignoring_errors(dataset)
        for path in (self.draft_path, self._cog_path):
            for leftover in glob.glob(glob.escape(str(path)) + "*"):
                Path(leftover).unlink(missing_ok=True)

    @property
    def _open_dataset(self) -> DatasetWriter:
        if self._dataset is None:
            raise RuntimeError(f"The draft of '{self.target}' is not open; use it in a with block, before finish().")
        return self._dataset

    def _create(self) -> DatasetWriter:
        layout, grid = self.layout, self.layout.grid
        profile = {
            "driver": "GTiff",
            "width": grid.width,
            "height": grid.height,
            "count": len(layout.band_names),
            "dtype": "uint8",
            "nodata": layout.nodata,
            "tiled": True,
            "blockxsize": TILE_PX,
            "blockysize": TILE_PX,
            "interleave": "pixel",
            # Otherwise GDAL takes three bytes for RGB and the fourth for alpha.
            "photometric": "MINISBLACK",
            # Uncompressed tiles are rewritten in place, so that windows may come in any order; absent ones are nodata.
            "sparse_ok": True,
            "bigtiff": "IF_SAFER",
        }
        try:
            with opening():
                dataset = rasterio.open(self.draft_path, "w", **profile, **_georeference(layout))
                _write_metadata(dataset, layout)
                return dataset
        except GDAL_ERRORS as error:
            raise self._failure(gdal_detail(error)) from error

    def _close(self) -> None:
        dataset, self._dataset = self._open_dataset, None
        try:
            with gdal_environment():
                dataset.close()
            sync(self.draft_path)
            missing = self._tiles.missing_from(self.draft_path)
        except GDAL_ERRORS as error:
            raise self._failure(gdal_detail(error)) from error
        except OSError as error:
            raise self._failure(error.strerror or str(error), full=error.errno == errno.ENOSPC) from error
        self._require_complete(missing)

    def _require_complete(self, missing: int) -> None:
        if missing:
            raise self._failure(f"{missing} block(s) did not reach the disk")

    def _rename(self) -> None:
        for sidecar_path in gdal_sidecars(self.target):
            sidecar_path.unlink(missing_ok=True)
        if self.layout.scheme is not None:
            sidecar = class_sidecar(self.layout.scheme, self._pixel_counts)
            atomic_write(self.target.with_name(self.target.name + ".aux.xml"), sidecar)
            write_layer_style(self.target, self.layout.scheme)
            write_server_style(self.target, self.layout.scheme)
        # Not `atomic_file.replacing`: the draft was made and checked in `prepare`, perhaps long before.
        os.replace(self._cog_path, self.target)

    def _failure(self, detail: str, *, full: bool = False) -> OutputError:
        free = _free_bytes(self.target)
        self.discard()
        needed = int(self.layout.tiled_bytes * _OVERVIEW_ALLOWANCE)
        # GDAL rarely says why a write failed, and a failed copy cleans up after itself.
        if full or free < needed:
            return DiskFullError(
                f"The disk filled up while '{self.target}' was written ({detail}); up to {_megabytes(2 * needed)} "
                f"are needed and {_megabytes(free)} are free: make room or choose another folder."
            )
        return OutputError(f"'{self.target}' could not be written ({detail}); check the folder and the disk.")


def _georeference(layout: MapLayout) -> dict[str, object]:
    found: dict[str, object] = {} if layout.rpcs is None else {"rpcs": layout.rpcs}
    if layout.gcps:
        return found | {"gcps": list(layout.gcps), "crs": layout.gcp_crs}
    if layout.grid.transform.is_identity and layout.grid.crs is None:
        return found
    return found | {"crs": layout.grid.crs, "transform": layout.grid.transform}


def _write_metadata(dataset: DatasetWriter, layout: MapLayout) -> None:
    dataset.update_tags(**layout.all_tags)
    for number, name in enumerate(layout.band_names, 1):
        dataset.set_band_description(number, name)
    if layout.scheme is not None:
        dataset.write_colormap(1, color_table(layout.scheme))
        dataset.update_tags(1, **{f"CLASS_{c.value}": c.name for c in layout.scheme.classes})


def _close_ignoring_errors(dataset: DatasetWriter) -> None:
    try:
        dataset.close()
    except GDAL_ERRORS:
        return


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path.absolute().parent).free


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
