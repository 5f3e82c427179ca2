"""`SceneDescription`: everything known of a scene before its pixels are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import numpy as np
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.rpc import RPC

from magnet_geo.errors import SceneError
from magnet_geo.grid import RasterGrid
from magnet_geo.raster.band_facts import BandFacts
from magnet_geo.raster.gdal_environment import has_geotransform
from magnet_geo.raster.source import SceneSource, open_scene
from magnet_geo.raster.validity import nodata_fits

_NAMED_SUBDATASETS = 3


class _Georeference(Enum):
    """What says where the pixels of a file lie."""

    TRANSFORM = auto()
    GCPS = auto()
    RPCS = auto()
    NONE = auto()


@dataclass(frozen=True)
class SceneDescription:
    """A scene's georeference, bands and layout.

    Attributes:
        name: Last part of the scene's path.
        driver: GDAL's short name of the format.
        grid: Georeference; pixel coordinates (no CRS, identity) where the file has none, or GCPs or RPCs only.
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


def describe_scene(source: SceneSource | str | Path) -> SceneDescription:
    """Read a scene's metadata.

    Raises:
        SceneError: It cannot be opened, has no bands, holds subdatasets instead, or holds complex numbers.
    """
    source = SceneSource.of(source)
    with open_scene(source, overviews=True) as dataset:
        facts = BandFacts.of(dataset, source)
        _refuse_unusable(dataset, facts, source.name)
        georeference = _georeference(dataset)
        is_gcps = georeference is _Georeference.GCPS
        gcps, gcp_crs = dataset.gcps if is_gcps else ([], None)
        return SceneDescription(
            name=source.name,
            driver=dataset.driver,
            grid=_grid(dataset, source, georeference),
            dtype=np.result_type(*facts.dtypes).name,
            band_count=dataset.count,
            descriptions=dataset.descriptions,
            color_interpretations=tuple(use.name for use in facts.color_interpretations),
            nodata=facts.nodata,
            alpha_band=facts.alpha_band,
            has_mask_band=any(facts.own_masks),
            overviews=tuple(dataset.overviews(1)),
            block_shape=dataset.block_shapes[0],
            gcps=tuple(gcps),
            gcp_crs=(source.crs or gcp_crs or dataset.crs) if is_gcps else None,
            rpcs=dataset.rpcs,
            warnings=tuple(_warnings(dataset, facts, source, georeference)),
        )


def _refuse_unusable(dataset: DatasetReader, facts: BandFacts, name: str) -> None:
    if dataset.count == 0 and dataset.subdatasets:
        inside = ", ".join(f"'{path}'" for path in dataset.subdatasets[:_NAMED_SUBDATASETS])
        more = ", ..." if len(dataset.subdatasets) > _NAMED_SUBDATASETS else ""
        raise SceneError(
            f"'{name}' holds {len(dataset.subdatasets)} rasters and is none itself; name one of them: {inside}{more}."
        )
    if dataset.count == 0:
        raise SceneError(f"'{name}' has no raster bands; name a file with image bands.")
    found = next((dtype for dtype in facts.dtypes if "complex" in dtype), None)
    if found is not None:
        raise SceneError(f"'{name}' holds complex numbers ({found}); convert them to amplitudes or intensities first.")


def _georeference(dataset: DatasetReader) -> _Georeference:
    if not dataset.transform.is_identity:
        return _Georeference.TRANSFORM
    # Whatever the CRS: pixels are no metres from 0, 0 because nothing says where they lie.
    if dataset.gcps[0]:
        return _Georeference.GCPS
    if dataset.rpcs is not None:
        return _Georeference.RPCS
    return _Georeference.TRANSFORM if has_geotransform(dataset) else _Georeference.NONE


def _grid(dataset: DatasetReader, source: SceneSource, georeference: _Georeference) -> RasterGrid:
    if georeference is not _Georeference.TRANSFORM:
        return RasterGrid(None, Affine.identity(), dataset.width, dataset.height)
    try:
        return RasterGrid(source.crs or dataset.crs, dataset.transform, dataset.width, dataset.height)
    except ValueError as error:
        raise SceneError(f"The georeference of '{source.name}' cannot be used: {error}") from error


def _warnings(
    dataset: DatasetReader, facts: BandFacts, source: SceneSource, georeference: _Georeference
) -> Iterator[str]:
    in_pixels = _in_pixels(source.name, georeference, source.crs or dataset.crs, dataset.transform)
    if in_pixels is not None:
        yield in_pixels
    if source.nodata is not None and not any(nodata_fits(source.nodata, np.dtype(dtype)) for dtype in facts.dtypes):
        yield f"The nodata value {source.nodata:g} cannot occur in '{source.name}' ({facts.dtypes[0]})."


def _in_pixels(name: str, georeference: _Georeference, crs: CRS | None, transform: Affine) -> str | None:
    if georeference is _Georeference.GCPS:
        return (
            f"'{name}' has ground control points only: it is read in pixel coordinates and the points are carried "
            "over; warp it first if the map is to lie on the ground."
        )
    if georeference is _Georeference.RPCS:
        return (
            f"'{name}' is not rectified (it has RPCs only): it is read in pixel coordinates and the RPCs are carried "
            "over; orthorectify it first if the map is to lie on the ground."
        )
    if georeference is _Georeference.NONE and crs is not None:
        return (
            f"'{name}' has a coordinate reference system, but nothing says where in it the pixels lie: the result is "
            "in pixel coordinates and areas are in pixels; georeference it first if the map is to lie on the ground."
        )
    if crs is not None:
        return None
    if transform.is_identity:
        return f"'{name}' has no georeference: the result is in pixel coordinates and areas are in pixels."
    return f"'{name}' has no coordinate reference system: sizes on the ground are not known; name it with `crs`."
