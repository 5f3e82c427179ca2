"""The `.aux.xml` beside a class map: category names and attribute table, where GDAL looks for them."""

from __future__ import annotations

from xml.etree import ElementTree

from magnet_geo.classes import ClassScheme

UNCLASSIFIED_NAME = "unclassified"
UNCLASSIFIED_RGB = 128, 128, 128

# Column name, GDALRATFieldType (0 integer, 2 string), GDALRATFieldUsage.
_COLUMNS = (("Value", 0, 5), ("Class", 2, 2), ("Red", 0, 6), ("Green", 0, 7), ("Blue", 0, 8))


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


def class_sidecar(scheme: ClassScheme) -> str:
    """GDAL's auxiliary XML for a one-band class map."""
    root = ElementTree.Element("PAMDataset")
    band = ElementTree.SubElement(root, "PAMRasterBand", band="1")
    _add_category_names(band, scheme)
    _add_attribute_table(band, scheme)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_category_names(band: ElementTree.Element, scheme: ClassScheme) -> None:
    table = class_table(scheme)
    names = ElementTree.SubElement(band, "CategoryNames")
    for value in range(max(table) + 1):
        name, _ = table.get(value, ("", None))
        ElementTree.SubElement(names, "Category").text = name


def _add_attribute_table(band: ElementTree.Element, scheme: ClassScheme) -> None:
    table = ElementTree.SubElement(band, "GDALRasterAttributeTable", tableType="thematic")
    for index, (name, kind, usage) in enumerate(_COLUMNS):
        field = ElementTree.SubElement(table, "FieldDefn", index=str(index))
        for tag, text in (("Name", name), ("Type", str(kind)), ("Usage", str(usage))):
            ElementTree.SubElement(field, tag).text = text
    for index, (value, (name, rgb)) in enumerate(class_table(scheme).items()):
        row = ElementTree.SubElement(table, "Row", index=str(index))
        for text in (str(value), name, *map(str, rgb)):
            ElementTree.SubElement(row, "F").text = text
