"""The `.aux.xml` beside a class map: category names and attribute table, where GDAL looks for them."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme

UNCLASSIFIED_NAME = "unclassified"
UNCLASSIFIED_RGB = 128, 128, 128

# Column name, GDALRATFieldType (0 integer, 1 real, 2 string), GDALRATFieldUsage (5 minimum and maximum, 1 count).
_COLUMNS = (("Value", 0, 5), ("Class", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8), ("Alpha", 0, 9))
# Real, since GDAL's integers end at two thousand million.
_COUNT_COLUMN = ("Count", 1, 1)


def class_table(scheme: ClassScheme) -> dict[int, tuple[str, tuple[int, int, int]]]:
    """Name and color of each class value, by value, with the unclassified value where there is one."""
    table = {c.value: (c.name, c.rgb) for c in scheme.classes}
    if scheme.unclassified is not None:
        table[scheme.unclassified] = UNCLASSIFIED_NAME, UNCLASSIFIED_RGB
    return dict(sorted(table.items()))


def color_table(scheme: ClassScheme) -> dict[int, tuple[int, int, int, int]]:
    """Red, green, blue and alpha of each class value; nodata is transparent."""
    colors = {value: (*rgb, 255) for value, (_, rgb) in class_table(scheme).items()}
    return {**colors, scheme.nodata: (0, 0, 0, 0)}


def class_sidecar(scheme: ClassScheme, pixel_counts: NDArray[np.int64] | None = None) -> str:
    """GDAL's auxiliary XML for a one-band class map.

    Args:
        scheme: The classes.
        pixel_counts: (256,) pixels by value, where they are known.
    """
    root = ElementTree.Element("PAMDataset")
    band = ElementTree.SubElement(root, "PAMRasterBand", band="1")
    _add_category_names(band, scheme)
    _add_attribute_table(band, scheme, pixel_counts)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_category_names(band: ElementTree.Element, scheme: ClassScheme) -> None:
    table = class_table(scheme)
    names = ElementTree.SubElement(band, "CategoryNames")
    for value in range(max(table) + 1):
        name, _ = table.get(value, ("", None))
        ElementTree.SubElement(names, "Category").text = name


def _add_attribute_table(
    band: ElementTree.Element, scheme: ClassScheme, pixel_counts: NDArray[np.int64] | None
) -> None:
    table = ElementTree.SubElement(band, "GDALRasterAttributeTable", tableType="thematic")
    columns = _COLUMNS if pixel_counts is None else (*_COLUMNS, _COUNT_COLUMN)
    for index, (name, kind, usage) in enumerate(columns):
        field = ElementTree.SubElement(table, "FieldDefn", index=str(index))
        for tag, text in (("Name", name), ("Type", str(kind)), ("Usage", str(usage))):
            ElementTree.SubElement(field, tag).text = text
    for index, (value, (name, rgb)) in enumerate(class_table(scheme).items()):
        row = ElementTree.SubElement(table, "Row", index=str(index))
        count = () if pixel_counts is None else (str(int(pixel_counts[value])),)
        for text in (str(value), name, *map(str, rgb), "255", *count):
            ElementTree.SubElement(row, "F").text = text
