"""`MapLayout`: what an output raster is, apart from its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.rpc import RPC

from magnet_geo._version import __version__
from magnet_geo.classes import ClassScheme
from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster.description import SceneDescription

TILE_PX = 512
# GDAL keeps 8 bytes for each tile of a TIFF in one list, which may have 2 GB.
_MOST_TILES = 2**31 // 8
# GDAL's COG driver looks at every pixel of an empty raster, some ten million a second.
_MANY_EMPTY_PX = 10**10

Pairs = tuple[tuple[str, str], ...]


def check_map_size(scene: SceneDescription, part: PixelRect) -> str | None:
    """Look whether a map can be written: it has the scene's size, whatever part of the scene is mapped.

    Args:
        scene: The scene.
        part: Pixels that are mapped.

    Returns:
        A warning where the empty rest of the map costs far more than the part; None where it does not.

    Raises:
        SceneError: The scene is larger than a TIFF can be.
    """
    grid, is_part = scene.grid, part != scene.grid.rect
    where = f"{part.col} {part.row} {part.width} {part.height}" if is_part else "COL ROW WIDTH HEIGHT"
    advice = f"cut out the part you need first, as a small text file: gdal_translate -of VRT -srcwin {where} IN OUT.vrt"
    if _tiles(grid) > _MOST_TILES:
        raise SceneError(
            f"'{scene.name}' has {grid.width} x {grid.height} pixels, and its map as many, more than a GeoTIFF can "
            f"hold; {advice}."
        )
    if is_part and grid.size.pixels - part.size.pixels > _MANY_EMPTY_PX:
        return (
            f"The map has the size of the whole scene, {grid.width} x {grid.height} pixels: finishing it takes long, "
            f"however small the area is. To be quick, {advice}."
        )
    return None


@dataclass(frozen=True)
class MapLayout:
    """Grid, bands, nodata, classes and tags of a uint8 raster.

    Attributes:
        grid: Georeference and size.
        band_names: Description of each band.
        nodata: Value of pixels that are not valid or never written.
        scheme: Classes, where pixel values are class values; None for shares such as certainty.
        gcps: Ground control points to carry over.
        gcp_crs: Their CRS.
        rpcs: Rational polynomial coefficients to carry over.
        tags: Metadata of the dataset, as pairs.
        creation_options: The user's options of GDAL's COG driver, as pairs.
    """

    grid: RasterGrid
    band_names: tuple[str, ...]
    nodata: int = 255
    scheme: ClassScheme | None = None
    gcps: tuple[GroundControlPoint, ...] = ()
    gcp_crs: CRS | None = None
    rpcs: RPC | None = None
    tags: Pairs = ()
    creation_options: Pairs = ()

    @classmethod
    def of_classes(
        cls, scene: SceneDescription, scheme: ClassScheme, *, tags: Pairs = (), creation_options: Pairs = ()
    ) -> MapLayout:
        """Return a map of class values on a scene's grid."""
        return cls(
            scene.grid,
            ("class",),
            scheme.nodata,
            scheme,
            scene.gcps,
            scene.gcp_crs,
            scene.rpcs,
            tags,
            creation_options,
        )

    @classmethod
    def of_shares(
        cls, scene: SceneDescription, band_names: tuple[str, ...], *, tags: Pairs = (), creation_options: Pairs = ()
    ) -> MapLayout:
        """Certainty or probabilities on a scene's grid: 0-254 stand for 0-1, 255 is nodata."""
        return cls(scene.grid, band_names, 255, None, scene.gcps, scene.gcp_crs, scene.rpcs, tags, creation_options)

    @property
    def tiled_bytes(self) -> int:
        """Size of all tiles, uncompressed; those at the edges are whole."""
        return _tiles(self.grid) * TILE_PX**2 * len(self.band_names)

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags with the name of this software."""
        return {"TIFFTAG_SOFTWARE": f"magnet-geo {__version__}", **dict(self.tags)}


def _tiles(grid: RasterGrid) -> int:
    return -(-grid.height // TILE_PX) * -(-grid.width // TILE_PX)
