"""What a polygon layer is, apart from its features, and its format by the end of the file's name."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rasterio.crs import CRS

from magnet_geo.errors import OptionError, OutputError
from magnet_geo.grid import RasterGrid
from magnet_geo.vector.layer.feature_batch import FeatureBatch


@dataclass(frozen=True, slots=True)
class LayerFormat:
    """How a layer is written.

    Attributes:
        driver: GDAL's name of the format.
        grows: Whether features can be added batch by batch; the others are copied from a scratch layer at the end.
        sidecars: Suffixes of the files that belong to it, its own first.
        short_names: Whether names of columns have at most ten letters.
    """

    driver: str
    grows: bool
    sidecars: tuple[str, ...]
    short_names: bool = False


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What a polygon layer is, apart from its features.

    Attributes:
        target: Where it appears at last.
        crs: None for pixel coordinates.
        multi: Whether its geometries are multipolygons.
        decimals: Digits after the point of degrees in GeoJSON.
        grid: Of the map, which says how far lines may be bent in degrees; None for pixel coordinates.
    """

    target: Path
    crs: CRS | None
    multi: bool
    decimals: int = 7
    grid: RasterGrid | None = None

    @property
    def name(self) -> str:
        """Name of the layer."""
        return self.target.stem

    @property
    def geometry_type(self) -> str:
        """As OGR calls it."""
        return "MultiPolygon" if self.multi else "Polygon"

    def draft_path(self, suffix: str) -> Path:
        """Return a hidden file beside the target."""
        return self.target.with_name(f".{self.target.stem}.part{suffix}")


class LayerSink(Protocol):
    """Takes features while a file is open."""

    def write(self, batch: FeatureBatch) -> None:
        """Add features."""

    def close(self) -> None:
        """Complete the draft."""


FORMATS = {
    ".gpkg": LayerFormat("GPKG", True, (".gpkg",)),
    ".fgb": LayerFormat("FlatGeobuf", False, (".fgb",)),
    ".parquet": LayerFormat("Parquet", True, (".parquet",)),
    ".geojson": LayerFormat("GeoJSON", False, (".geojson",)),
    ".json": LayerFormat("GeoJSON", False, (".json",)),
    ".shp": LayerFormat("ESRI Shapefile", True, (".shp", ".shx", ".dbf", ".prj", ".cpg"), short_names=True),
}


def layer_format(target: Path) -> LayerFormat:
    """Return the format of a file name.

    Raises:
        OutputError: Its end is not known.
        OptionError: The format needs a package that is not installed.
    """
    found = FORMATS.get(target.suffix.lower())
    if found is None:
        given = f"'{target.suffix}'" if target.suffix else "nothing"
        raise OutputError(
            f"The polygons '{target}' end in {given}, which names no format; choose one of {', '.join(FORMATS)}."
        )
    if found.driver == "Parquet" and importlib.util.find_spec("pyarrow") is None:
        raise OptionError(
            "GeoParquet is written with the package pyarrow, which is not installed: run "
            "'pip install magnet-geo[parquet]', or choose .fgb or .gpkg."
        )
    return found
