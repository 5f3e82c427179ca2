"""`SceneMap`: what `segment_scene` returns, a map to go on with."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from magnet_geo.errors import SceneError
from magnet_geo.raster import SceneSource, describe_scene
from magnet_geo.raster.open_raster import OpenRaster, open_raster, read_xarray
from magnet_geo.raster.picture import indexed_png, picture_size, read_picture
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.vector.polygon_options import PolygonOptions

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray

_LONGEST_SIDE_PX = 640
_DEFAULTS = PolygonOptions()


class SceneMap:
    """A finished map: its pixels, polygons and areas, and a picture of it in a notebook.

    Every field of `record` is an attribute here, too, as ``raster``, ``classes``, ``warnings`` or ``seconds``; only
    ``areas`` and ``polygons`` are tables here.

    Attributes:
        record: All facts of the run, as ``magnet-geo segment --json`` prints them.
    """

    def __init__(self, record: SegmentResult) -> None:
        self.record = record

    @classmethod
    def read(cls, record: str | Path) -> SceneMap:
        """Read a map's facts from the JSON that ``magnet-geo segment --json`` or `write` made.

        Raises:
            SceneError: The file is missing or holds something else.
        """
        try:
            return cls(SegmentResult.model_validate_json(Path(record).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise SceneError(
                f"'{record}' is no result of a run in JSON: name a file that `segment_scene(...).write` or the "
                "command's JSON output made."
            ) from error

    def write(self, path: str | Path) -> Path:
        """Write the facts of the run as JSON, for `read`.

        Returns:
            The path.
        """
        Path(path).write_text(self.record.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return Path(path)

    def open(self) -> OpenRaster:
        """Open the class raster with rasterio: one band of uint8 class values; close it when you are done.

        Raises:
            SceneError: The file is gone.
        """
        return open_raster(self.record.raster)

    def to_xarray(self) -> xarray.DataArray:
        """Open the class raster as a DataArray, (1, H, W) uint8 on the scene's grid, with its CRS (rioxarray).

        Raises:
            OptionError: The package rioxarray is not installed.
            SceneError: The file is gone.
        """
        return read_xarray(self.record.raster)

    def polygons(self, options: PolygonOptions = _DEFAULTS) -> gpd.GeoDataFrame:
        """Return the map as polygons, one for each patch of a class, in the map's CRS.

        Args:
            options: Decisions about the polygons; with the default ones a layer that the run wrote is read.

        Raises:
            MagnetGeoError: The map is gone, or cannot be traced.
        """
        from magnet_geo.vector.polygonizer import polygonize

        if self.record.polygons is not None and options == _DEFAULTS:
            return _read_layer(Path(self.record.polygons))
        with TemporaryDirectory(prefix="magnet-geo-") as folder:
            layer = Path(folder) / "map.gpkg"
            polygonize(self.record.raster, layer, options=options)
            return _read_layer(layer)

    @property
    def areas(self) -> pd.DataFrame:
        """The classes and their areas, by class value.

        Columns: name, color (``#rrggbb``), pixels, share of the valid pixels (0-1), area_m2 on the ellipsoid and
        area_share of the mapped area (0-1), both NaN without a CRS.
        """
        import pandas as pd

        rows = [entry.model_dump() for entry in self.record.classes]
        columns = ["value", "name", "color", "pixels", "share", "area_m2", "area_share"]
        return pd.DataFrame(rows, columns=columns).set_index("value").astype({"area_m2": float, "area_share": float})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "record":
            raise AttributeError(name)
        return getattr(self.record, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *SegmentResult.model_fields})

    def __repr__(self) -> str:
        found = ", ".join(f"{entry.name} {entry.share:.0%}" for entry in self.record.classes if entry.pixels)
        return f"SceneMap('{Path(self.record.raster).name}': {found})"

    def _repr_html_(self) -> str:
        """Picture, legend and areas, for notebooks."""
        rows = "".join(_row(name, color, area, share) for name, color, area, share in self._legend())
        return (
            '<div style="display:flex;gap:1em;align-items:flex-start;flex-wrap:wrap">'
            f'<img alt="Map of {escape(Path(self.record.scene).name)}" style="max-width:60%" src="{self._picture()}"/>'
            f"<table><thead><tr><th></th><th>class</th><th>area</th><th>share</th></tr></thead>{rows}</table></div>"
            f"<p>{escape(Path(self.record.raster).name)}, {escape(self.record.model.title)}</p>"
        )

    def _legend(self) -> list[tuple[str, str, str, str]]:
        rows = []
        for entry in self.record.classes:
            area = f"{entry.pixels:,} px" if entry.area_m2 is None else f"{entry.area_m2 / 10_000:,.2f} ha"
            rows.append((entry.name, entry.color, area, f"{entry.share:.1%}"))
        return rows

    def _picture(self) -> str:
        source = SceneSource(self.record.raster)
        size = picture_size(describe_scene(source).grid, _LONGEST_SIDE_PX)
        pixels = read_picture(source, (1,), size, categorical=True)
        free = next(value for value in range(256) if value not in {entry.value for entry in self.record.classes})
        values = np.where(pixels.valid, pixels.values[0].astype(np.uint8), np.uint8(free))
        colors = {entry.value: _rgba(entry.color) for entry in self.record.classes}
        return "data:image/png;base64," + base64.b64encode(indexed_png(values, colors)).decode("ascii")


def _read_layer(path: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd

    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    # A GeoPackage holds a table of styles beside the polygons.
    return gpd.read_file(path, layer=path.stem if path.suffix == ".gpkg" else None)


def _row(name: str, color: str, area: str, share: str) -> str:
    patch = f'<span style="display:inline-block;width:1em;height:1em;background:{escape(color)}"></span>'
    right = ' style="text-align:right"'
    return f"<tr><td>{patch}</td><td>{escape(name)}</td><td{right}>{area}</td><td{right}>{share}</td></tr>"


def _rgba(color: str) -> tuple[int, int, int, int]:
    number = int(color[1:], 16)
    return number >> 16, number >> 8 & 255, number & 255, 255
