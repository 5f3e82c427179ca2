"""`LabelLayer`: label polygons of a vector file, found by place, with the class of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from magnet_geo.datasets.class_table import UNKNOWN, ClassTable
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.errors import TrainingError, UnknownLabelError
from magnet_geo.grid import RasterGrid, lines_on_grid
from magnet_geo.plain_text import short_name

VECTOR_SUFFIXES = frozenset(
    {".gpkg", ".geojson", ".geojsonl", ".json", ".shp", ".fgb", ".gml", ".kml", ".parquet", ".sqlite", ".gdb"}
)
# GDAL cannot read the layer, or a name in it is no text.
_UNREADABLE = (DataSourceError, DataLayerError, UnicodeDecodeError)
_LAYER_MARK = "|layername="
_HELD_FEATURES = 50_000
_NAMED = 5
_POLYGONS = {3, 6}


def is_vector(path: str) -> bool:
    """Whether labels are polygons, told by the file's ending."""
    return Path(path.split(_LAYER_MARK)[0]).suffix.lower() in VECTOR_SUFFIXES


@dataclass(frozen=True, slots=True, eq=False)
class LabelPolygons:
    """Polygons in the order of the file.

    Attributes:
        geometries: (N,) polygons in the CRS asked for.
        indexes: (N,) class index, `IGNORE_INDEX` for those whose class is ignored.
    """

    geometries: NDArray[np.object_]
    indexes: NDArray[np.uint8]


class LabelLayer:
    """One layer of polygons; small ones are held in memory, large ones asked for by place.

    A path may name one of several layers as QGIS does: ``labels.gpkg|layername=fields``.
    """

    def __init__(
        self, path: str, class_column: str | None, table: ClassTable, crs: str | None, *, grid: RasterGrid | None = None
    ) -> None:
        """Look at a layer, and read it where it is small.

        Args:
            path: Any vector format.
            class_column: Column of the class; None where the layer has a single column.
            table: What its entries mean.
            crs: CRS the polygons are wanted in, as WKT; None for coordinates as they are.
            grid: Whose pixels say how far lines may be bent on the way there; None to move corners alone.

        Raises:
            TrainingError: The layer cannot be read, has no such column or no polygons, or holds a class that the
                table does not have.
        """
        self.name = path
        self._file, _, layer = path.partition(_LAYER_MARK)
        self._table, self._grid = table, grid
        self._layer = layer or _only_layer(self._file)
        info = self._info()
        self._column = _chosen_column(Path(self._file).name, list(info["fields"]), class_column)
        self._to_wanted, self._to_layer = _transformers(info["crs"], crs, Path(self._file).name)
        self.feature_count = int(info["features"])
        self._held: LabelPolygons | None = None
        self._tree: shapely.STRtree | None = None
        if self.feature_count <= _HELD_FEATURES:
            self._held = self._read(None)
            self._tree = shapely.STRtree(self._held.geometries)
            if not self._held.geometries.size:
                raise TrainingError(f"'{self.name}' holds no polygons; labels need at least one.")
        else:
            self._check_classes()

    def within(self, box: shapely.Polygon) -> LabelPolygons:
        """Return the polygons that may touch an area.

        Args:
            box: In the CRS asked for.
        """
        if self._held is not None and self._tree is not None:
            found = np.sort(self._tree.query(box))
            return LabelPolygons(self._held.geometries[found], self._held.indexes[found])
        return self._read(self._layer_bounds(box))

    def own_coordinates(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points given in the CRS asked for in the layer's own.

        Args:
            x: (N,) of the points.
            y: (N,) of the same.
        """
        return (x, y) if self._to_layer is None else self._to_layer.transform(x, y)

    def _info(self) -> dict[str, Any]:
        try:
            return dict(pyogrio.read_info(self._file, layer=self._layer, force_feature_count=True))
        except _UNREADABLE as error:
            raise _unreadable(self._file, error) from error

    def _layer_bounds(self, box: shapely.Polygon) -> tuple[float, float, float, float]:
        if self._to_layer is None:
            left, bottom, right, top = box.bounds
        else:
            left, bottom, right, top = box.bounds
            left, bottom, right, top = self._to_layer.transform_bounds(left, bottom, right, top, densify_pts=21)
        margin_x, margin_y = (right - left) / 100, (top - bottom) / 100
        return left - margin_x, bottom - margin_y, right + margin_x, top + margin_y

    def _read(self, bounds: tuple[float, float, float, float] | None) -> LabelPolygons:
        try:
            _, fids, wkb, fields = pyogrio.raw.read(
                self._file, layer=self._layer, columns=[self._column], bbox=bounds, return_fids=True, force_2d=True
            )
        except _UNREADABLE as error:
            raise _unreadable(self._file, error) from error
        # An index by place may give features in another order than the file's, by which later ones win.
        order = np.argsort(fids, kind="stable")
        try:
            geometries, labels = shapely.from_wkb(wkb)[order], fields[0][order]
        except shapely.errors.ShapelyError as error:
            raise _unreadable(self._file, error) from error
        if not np.isfinite(shapely.get_coordinates(geometries)).all():
            raise TrainingError(
                f"A polygon of '{short_name(self.name)}' has a corner that is no number or infinite; repair the layer."
            )
        polygons = np.isin(shapely.get_type_id(geometries), list(_POLYGONS)) & ~shapely.is_empty(geometries)
        geometries, labels = geometries[polygons], labels[polygons]
        if self._to_wanted is not None and geometries.size:
            if self._grid is None:
                geometries = shapely.transform(geometries, self._to_wanted.transform, interleaved=False)
            else:
                geometries = lines_on_grid(geometries, self._grid, self._to_wanted)
            # What a projection cannot show lies far from any image in it.
            shown = np.isfinite(shapely.bounds(geometries)).all(axis=1)
            geometries, labels = geometries[shown], labels[shown]
        return LabelPolygons(geometries, self._indexes(labels))

    def _check_classes(self) -> None:
        try:
            _, _, _, fields = pyogrio.raw.read(
                self._file, layer=self._layer, columns=[self._column], read_geometry=False
            )
        except _UNREADABLE as error:
            raise _unreadable(self._file, error) from error
        self._indexes(fields[0])

    def _indexes(self, labels: NDArray[np.generic]) -> NDArray[np.uint8]:
        empty = np.array([_is_missing(label) for label in labels], bool)
        found, inverse = np.unique(np.where(empty, "", labels.astype(str)), return_inverse=True)
        indexes = np.array([self._table.index_of(label) for label in found.tolist()], np.int16)
        if (indexes == UNKNOWN).any():
            raise self._unknown_class(found[indexes == UNKNOWN].tolist())
        if not labels.size:
            return np.empty(0, np.uint8)
        return np.where(empty, IGNORE_INDEX, indexes[inverse.reshape(-1)]).astype(np.uint8)

    def _unknown_class(self, unknown: Sequence[str]) -> UnknownLabelError:
        named = ", ".join(f"'{text}'" for text in unknown[:_NAMED]) + (", ..." if len(unknown) > _NAMED else "")
        known = ", ".join(c.name for c in self._table.scheme.classes)
        return UnknownLabelError(
            f"The column '{self._column}' of '{Path(self._file).name}' holds {named}, but the classes are {known}",
            "add it to the class file, to a class or to 'ignore'",
        )


def _is_missing(label: object) -> bool:
    return label is None or (isinstance(label, float | np.floating) and bool(np.isnan(label)))


def _only_layer(path: str) -> str:
    try:
        layers = pyogrio.list_layers(path)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    names = [str(name) for name, geometry in layers if geometry is not None]
    if len(names) != 1:
        named = ", ".join(f"'{name}'" for name in names[:_NAMED])
        advice = f"name one like '{path}{_LAYER_MARK}{names[0]}'" if names else "labels need polygons"
        raise TrainingError(
            f"'{path}' has {len(names)} layers with geometry{f' ({named})' if names else ''}; {advice}."
        )
    return names[0]


def _chosen_column(name: str, columns: list[str], wanted: str | None) -> str:
    listed = ", ".join(f"'{column}'" for column in columns) or "none"
    if wanted is not None and wanted not in columns:
        raise TrainingError(f"'{name}' has no column '{wanted}'; its columns are {listed}.")
    if wanted is None and len(columns) != 1:
        raise TrainingError(f"Which column of '{name}' holds the class? Name it with `class_column`; it has {listed}.")
    return wanted if wanted is not None else columns[0]


def _transformers(
    layer_crs: str | None, wanted: str | None, name: str
) -> tuple[pyproj.Transformer | None, pyproj.Transformer | None]:
    if layer_crs is not None and wanted is None:
        raise TrainingError(
            f"The polygons of '{name}' have a CRS but the image has none; give the image its georeference first."
        )
    if layer_crs is None or wanted is None or pyproj.CRS(layer_crs).equals(pyproj.CRS(wanted), ignore_axis_order=True):
        return None, None
    there = pyproj.Transformer.from_crs(layer_crs, wanted, always_xy=True)
    return there, pyproj.Transformer.from_crs(wanted, layer_crs, always_xy=True)


def _unreadable(path: str, error: Exception) -> TrainingError:
    # pyogrio adds a hint for programmers after a semicolon.
    detail = str(error).split(";")[0].strip().rstrip(".")
    return TrainingError(
        f"The labels '{path}' cannot be read as a vector file ({detail}); give a GeoPackage, GeoJSON or Shapefile."
    )
