"""`ClassMap`: a finished map of class values, read back by rectangle together with its class table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from magnet_geo.classes import LandClass
from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster.description import SceneDescription, describe_scene
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.source import SceneSource, open_scene
from magnet_geo.text_formats import parse_xml

_CLASS_TAG = "CLASS_"
_HEX_COLOR = re.compile(r"#[0-9a-f]{6}")
_GOLDEN_ANGLE = 137.508
_DEFAULT_BLOCK_PX = 1024


class ClassMap:
    """Reads a one-band raster of whole numbers from 0 to 255, within a ``with`` block.

    Attributes:
        source: The raster.
        description: Its metadata.
        table: The classes that the file, its ``.aux.xml`` or its ``.qml`` names, by value; empty where none does.
        colors: The color table, ``#rrggbb`` by value; empty where the file has none.
    """

    def __init__(self, source: SceneSource) -> None:
        """Look at a map without reading its pixels.

        Args:
            source: The raster.

        Raises:
            SceneError: It cannot be opened, has several bands, or holds no whole numbers.
        """
        self.source = source
        self.description = describe_scene(source)
        _require_classes(self.description)
        self.table, self.colors = _read_table(source, _nodata(self.description))
        self._reader = SceneReader(source, (1,))

    def __enter__(self) -> ClassMap:
        self._reader.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.__exit__(kind, error, trace)

    @property
    def grid(self) -> RasterGrid:
        """Georeference and size."""
        return self.description.grid

    def read(self, rect: PixelRect) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the class values of a rectangle and where they are valid.

        Args:
            rect: It may reach beyond the map; nothing is valid there.

        Returns:
            (H, W) uint8 values, 0 where not valid, and (H, W) boolean.

        Raises:
            SceneError: A block cannot be decoded, or a value is no class value.
        """
        pixels = self._reader.read(rect)
        values, valid = pixels.values[0], pixels.valid
        if values.dtype != np.uint8:
            low, high = int(values.min()), int(values.max())
            if low < 0 or high > 255:
                raise SceneError(
                    f"'{self.source.name}' holds the value {low if low < 0 else high}; class values lie between 0 and "
                    "255: recode the map first."
                )
        return values.astype(np.uint8), valid

    def blocks(self, side_px: int = _DEFAULT_BLOCK_PX) -> Iterator[PixelRect]:
        """Yields rectangles that cover the map once, row by row.

        Args:
            side_px: Side of a rectangle; those at the far edges are smaller.
        """
        height, width = self.grid.height, self.grid.width
        for row in range(0, height, side_px):
            for col in range(0, width, side_px):
                yield PixelRect(row, col, min(side_px, height - row), min(side_px, width - col))

    def land_class(self, value: int) -> LandClass:
        """Return the class of a value; one that the file does not name gets a name, and its color in the color
        table or one of its own."""
        return self.table.get(value) or LandClass(value, f"class {value}", self.colors.get(value) or _color_of(value))


def _require_classes(description: SceneDescription) -> None:
    bands = description.data_bands
    if len(bands) != 1 or bands[0] != 1:
        raise SceneError(
            f"'{description.name}' has {len(bands)} bands; a class map has one, which holds the class values."
        )
    if np.dtype(description.dtype).kind not in "iu":
        raise SceneError(
            f"'{description.name}' holds decimal numbers ({description.dtype}); a class map holds whole numbers from "
            "0 to 255: convert it first."
        )


def _nodata(description: SceneDescription) -> int | None:
    value = description.nodata[0]
    return int(value) if value is not None and float(value).is_integer() else None


def _read_table(source: SceneSource, nodata: int | None) -> tuple[dict[int, LandClass], dict[int, str]]:
    with open_scene(source, overviews=True) as dataset:
        colors = _colors(dataset)
        names = _tagged_names(dataset)
    styled = _style_entries(Path(source.path))
    names = names or _category_names(Path(source.path)) or {value: name for value, (name, _) in styled.items()}
    chosen = {value: name for value, name in names.items() if name.strip() and 0 <= value <= 255 and value != nodata}
    table, used = {}, set[str]()
    for value, name in sorted(chosen.items()):
        distinct = name if name not in used else f"{name} ({value})"
        used.add(distinct)
        color = colors.get(value) or (styled[value][1] if value in styled else _color_of(value))
        table[value] = LandClass(value, distinct, color)
    return table, colors


def _colors(dataset: DatasetReader) -> dict[int, str]:
    """The colour table, which rasterio reports as missing by an error."""
    try:
        found = dataset.colormap(1)
    except ValueError:
        return {}
    return {value: "#{:02x}{:02x}{:02x}".format(*rgba[:3]) for value, rgba in found.items()}


def _tagged_names(dataset: DatasetReader) -> dict[int, str]:
    tags = dataset.tags(1).items()
    found = ((key.removeprefix(_CLASS_TAG), text) for key, text in tags if key.startswith(_CLASS_TAG))
    return {int(number): text for number, text in found if number.isdecimal()}


def _category_names(path: Path) -> dict[int, str]:
    """Names in GDAL's sidecar, or in a VRT itself."""
    root = _parse(path.with_name(path.name + ".aux.xml"))
    if root is None and path.suffix.lower() == ".vrt":
        root = _parse(path)
    band = None if root is None else root.find(".//CategoryNames")
    return {} if band is None else {value: entry.text or "" for value, entry in enumerate(band.findall("Category"))}


def _style_entries(path: Path) -> dict[int, tuple[str, str]]:
    """Label and color by value in a paletted QGIS style of the same name."""
    root = _parse(path.with_suffix(".qml"))
    entries = [] if root is None else root.findall(".//rasterrenderer/colorPalette/paletteEntry")
    found = ((entry.get("value", ""), entry.get("label", ""), entry.get("color", "").lower()) for entry in entries)
    return {
        int(value): (label or value, color if _HEX_COLOR.fullmatch(color) else _color_of(int(value)))
        for value, label, color in found
        if value.isdecimal() and len(value) < 4
    }


def _parse(path: Path) -> ElementTree.Element | None:
    if not path.is_file():
        return None
    try:
        return parse_xml(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SceneError(f"'{path}' cannot be read: {error}; repair it, or move it away.") from error


def _color_of(value: int) -> str:
    """Colors that differ from value to value, around the color circle by the golden angle."""
    hue = (value * _GOLDEN_ANGLE) % 360 / 60
    chroma = int((1 - abs(hue % 2 - 1)) * 200)
    wheel = [(200, chroma, 0), (chroma, 200, 0), (0, 200, chroma), (0, chroma, 200), (chroma, 0, 200), (200, 0, chroma)]
    return "#{:02x}{:02x}{:02x}".format(*(part + 40 for part in wheel[int(hue)]))
