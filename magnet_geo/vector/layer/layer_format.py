"""Formats of polygon layers, by the end of the file's name."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from magnet_geo.errors import OptionError, OutputError


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


FORMATS = {
    ".gpkg": LayerFormat("GPKG", True, (".gpkg",)),
    ".fgb": LayerFormat("FlatGeobuf", False, (".fgb",)),
    ".parquet": LayerFormat("Parquet", True, (".parquet",)),
    ".geojson": LayerFormat("GeoJSON", False, (".geojson",)),
    ".json": LayerFormat("GeoJSON", False, (".json",)),
    ".shp": LayerFormat("ESRI Shapefile", True, (".shp", ".shx", ".dbf", ".prj", ".cpg"), short_names=True),
}


def layer_format(target: Path) -> LayerFormat:
    """The format of a file name.

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
