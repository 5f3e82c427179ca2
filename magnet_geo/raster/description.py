"""`SceneDescription`: everything known of a scene before its pixels are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.rpc import RPC

from magnet_geo.errors import SceneError
from magnet_geo.grid import RasterGrid
from magnet_geo.raster.scene_reader import alpha_band, has_own_mask
from magnet_geo.raster.source import SceneSource, open_scene
from magnet_geo.raster.validity import nodata_fits

_NAMED_SUBDATASETS = 3


@dataclass(frozen=True)
class SceneDescription:
    """A scene's georeference, bands and layout.

    Attributes:
        name: Last part of the scene's path.
        driver: GDAL's short name of the format.
        grid: Georeference; pixel coordinates (no CRS, identity) where the file has none or only control points.
        dtype: Dtype of the values; the common one where bands differ.
        band_count: Number of bands, alpha included.
        descriptions: What the file calls each band, or None.
        color_interpretations: GDAL's use of each band, such as ``"red"``, ``"gray"``, ``"undefined"``.
        nodata: Nodata value of each band, the user's or the file's, or None.
        alpha_band: Number of the alpha band, or None.
        has_mask_band: True where a mask band says what is valid.
        overviews: Decimations of the overviews.
        block_shape: Height and width of the file's blocks.
        gcps: Ground control points, where these are the only georeference.
        gcp_crs: CRS of the control points.
        rpcs: Rational polynomial coefficients, as found.
        warnings: Sentences the user should see.
    """

    name: str
    driver: str
    grid: RasterGrid
    dtype: str
    band_count: int
    descriptions: tuple[str | None, ...]
    color_interpretations: tuple[str, ...]
    nodata: tuple[float | None, ...]
    alpha_band: int | None
    has_mask_band: bool
    overviews: tuple[int, ...]
    block_shape: tuple[int, int]
    gcps: tuple[GroundControlPoint, ...] = ()
    gcp_crs: CRS | None = None
    rpcs: RPC | None = None
    warnings: tuple[str, ...] = ()

    @property
    def data_bands(self) -> tuple[int, ...]:
        """Numbers of the bands that are not alpha."""
        return tuple(band for band in range(1, self.band_count + 1) if band != self.alpha_band)


def describe_scene(source: SceneSource) -> SceneDescription:
    """Read a scene's metadata.

    Raises:
        SceneError: It cannot be opened, has no bands, holds subdatasets instead, or holds complex numbers.
    """
    with open_scene(source, overviews=True) as dataset:
        _refuse_unusable(dataset, source.name)
        gcps, gcp_crs = dataset.gcps if dataset.crs is None and dataset.transform.is_identity else ([], None)
        grid = _grid(dataset, source, has_gcps=bool(gcps))
        return SceneDescription(
            name=source.name,
            driver=dataset.driver,
            grid=grid,
            dtype=np.result_type(*dataset.dtypes).name,
            band_count=dataset.count,
            descriptions=dataset.descriptions,
            color_interpretations=tuple(use.name for use in dataset.colorinterp),
            nodata=dataset.nodatavals if source.nodata is None else (source.nodata,) * dataset.count,
            alpha_band=alpha_band(dataset),
            has_mask_band=any(has_own_mask(dataset, band) for band in dataset.indexes),
            overviews=tuple(dataset.overviews(1)),
            block_shape=dataset.block_shapes[0],
            gcps=tuple(gcps),
            gcp_crs=(source.crs or gcp_crs) if gcps else None,
            rpcs=dataset.rpcs,
            warnings=tuple(_warnings(dataset, source, grid, has_gcps=bool(gcps))),
        )


def _refuse_unusable(dataset: DatasetReader, name: str) -> None:
    if dataset.count == 0 and dataset.subdatasets:
        inside = ", ".join(f"'{path}'" for path in dataset.subdatasets[:_NAMED_SUBDATASETS])
        more = ", ..." if len(dataset.subdatasets) > _NAMED_SUBDATASETS else ""
        raise SceneError(
            f"'{name}' holds {len(dataset.subdatasets)} rasters and is none itself; name one of them: {inside}{more}."
        )
    if dataset.count == 0:
        raise SceneError(f"'{name}' has no raster bands; name a file with image bands.")
    found = next((dtype for dtype in dataset.dtypes if "complex" in dtype), None)
    if found is not None:
        raise SceneError(f"'{name}' holds complex numbers ({found}); convert them to amplitudes or intensities first.")


def _grid(dataset: DatasetReader, source: SceneSource, *, has_gcps: bool) -> RasterGrid:
    if has_gcps:
        return RasterGrid(None, Affine.identity(), dataset.width, dataset.height)
    crs = source.crs or dataset.crs
    try:
        return RasterGrid(crs, dataset.transform, dataset.width, dataset.height)
    except ValueError as error:
        raise SceneError(f"The georeference of '{source.name}' cannot be used: {error}") from error


def _warnings(dataset: DatasetReader, source: SceneSource, grid: RasterGrid, *, has_gcps: bool) -> list[str]:
    found = []
    if has_gcps:
        found.append(
            f"'{source.name}' has ground control points only: it is read in pixel coordinates and the points are "
            "carried over; warp it first if the map is to lie on the ground."
        )
    elif grid.crs is None:
        found.append(_no_crs(source.name, plain=grid.transform.is_identity, has_rpcs=dataset.rpcs is not None))
    if source.nodata is not None and not any(nodata_fits(source.nodata, np.dtype(d)) for d in dataset.dtypes):
        found.append(f"The nodata value {source.nodata:g} cannot occur in '{source.name}' ({dataset.dtypes[0]}).")
    return found


def _no_crs(name: str, *, plain: bool, has_rpcs: bool) -> str:
    if has_rpcs:
        return f"'{name}' is not rectified (it has RPCs only): it is read in pixel coordinates; orthorectify it first."
    if plain:
        return f"'{name}' has no georeference: the result is in pixel coordinates and areas are in pixels."
    return f"'{name}' has no coordinate reference system: sizes on the ground are not known; name it with --crs."
