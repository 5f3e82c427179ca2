"""`PointLayer`: points with columns and metadata in a GeoPackage that QGIS opens with a form of its own.

N points.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.crs import CRS

from magnet_geo.atomic_file import replacing
from magnet_geo.errors import OutputError, SceneError
from magnet_geo.raster import check_folder
from magnet_geo.vector.layer.geopackage_style import add_geopackage_style

_SUFFIX = ".gpkg"


@dataclass(frozen=True, slots=True, eq=False)
class PointLayer:
    """Points, one row each.

    Attributes:
        x: (N,) float64 world coordinates, NaN where a row has no point.
        y: (N,) float64.
        crs: Of the coordinates; None for plain pixel coordinates.
        columns: N values each, by name.
        metadata: Texts of the layer, by name.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    crs: CRS | None
    columns: Mapping[str, pd.Series]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)


def check_point_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a name under which points cannot or must not be written.

    Raises:
        OutputError: It does not end in .gpkg, has no folder, or exists.
    """
    if target.suffix.lower() != _SUFFIX:
        raise OutputError(f"The points '{target}' must end in {_SUFFIX}, not '{target.suffix}'; rename the output.")
    check_folder(target.absolute().parent)
    if target.is_dir():
        raise OutputError(f"The output '{target}' is a folder; name a file inside it.")
    if target.exists() and not overwrite:
        raise OutputError(f"The output '{target}' exists already; choose another name or use `overwrite=True`.")


def write_point_layer(target: Path, layer: PointLayer, *, name: str, style: str | None = None) -> None:
    """Write a GeoPackage of one layer; it appears under its name only when it is complete.

    Args:
        target: Path that ends in .gpkg; an existing file is replaced.
        layer: The points.
        name: Name of the layer.
        style: QGIS style (QML) that the layer opens with.

    Raises:
        OutputError: It cannot be written; nothing is left behind.
    """
    # GDAL wants the suffix.
    draft = target.with_name(f".{target.stem}.part{_SUFFIX}")
    crs = None if layer.crs is None else layer.crs.to_wkt()
    frame = gpd.GeoDataFrame(dict(layer.columns), geometry=shapely.points(layer.x, layer.y), crs=crs)
    try:
        draft.unlink(missing_ok=True)
        with replacing(target, draft=draft), warnings.catch_warnings():
            # A layer in pixel coordinates has none, and says so elsewhere.
            warnings.filterwarnings("ignore", message="'crs' was not provided")
            pyogrio.write_dataframe(
                frame,
                draft,
                driver="GPKG",
                layer=name,
                layer_metadata=dict(layer.metadata),
                # The newest version that QGIS 3.22 opens without a warning.
                dataset_options={"VERSION": "1.3"},
            )
            if style is not None:
                add_geopackage_style(draft, name, style)
    except (OSError, DataSourceError, DataLayerError, RuntimeError, sqlite3.Error) as error:
        raise OutputError(f"'{target}' could not be written ({error}); check the folder and the free space.") from error
    finally:
        for end in ("-journal", "-wal", "-shm"):
            draft.with_name(draft.name + end).unlink(missing_ok=True)


def read_point_layer(path: Path) -> PointLayer:
    """Read points from the first layer that has any, in whatever vector file, or from a table without geometry.

    Raises:
        SceneError: It is missing, no vector file, or holds lines or polygons.
    """
    if not path.is_file():
        raise SceneError(f"The points '{path}' do not exist; check the path.")
    try:
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
        layer = next((name for name, kind in layers if kind is not None), layers[0][0])
        metadata = pyogrio.read_info(path, layer=layer).get("layer_metadata") or {}
        table = pyogrio.read_dataframe(path, layer=layer)
    except (DataSourceError, DataLayerError, ValueError) as error:
        detail = str(error).split(";")[0].strip().rstrip(".")
        raise SceneError(
            f"'{path}' cannot be read as a vector file ({detail}); give a GeoPackage of points."
        ) from error
    x = y = np.full(len(table), np.nan)
    crs = None
    if isinstance(table, gpd.GeoDataFrame):
        other = sorted(set(table.geom_type.dropna()) - {"Point"})
        if other:
            raise SceneError(f"'{path}' holds features of the kind {other[0]}; give a layer of points.")
        x, y = table.geometry.x.to_numpy(np.float64), table.geometry.y.to_numpy(np.float64)
        crs = None if table.crs is None else CRS.from_wkt(table.crs.to_wkt())
        table = table.drop(columns=table.geometry.name)
    return PointLayer(x, y, crs, {str(column): table[column] for column in table.columns}, metadata)
