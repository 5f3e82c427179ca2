"""QGIS style (`.qml`) of a polygon layer: a category for each class, in the colors of the map."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from magnet_geo.classes import LandClass

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# Without a border of its own color, hairlines of the background show between neighbors.
_OUTLINE_MM = "0.1"


def polygon_style(classes: Sequence[LandClass], *, column: str = "class_value") -> str:
    """Return a categorized renderer, readable from QGIS 3.22 on.

    Args:
        classes: One category each, in this order.
        column: Attribute that holds the class value.
    """
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=column, symbollevels="0", enableorderby="0", forceraster="0"
    )
    categories = ElementTree.SubElement(renderer, "categories")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, land_class in enumerate(classes):
        category = {"symbol": str(number), "value": str(land_class.value), "label": land_class.name, "render": "true"}
        ElementTree.SubElement(categories, "category", category, type="long")
        _add_fill(symbols, str(number), land_class.rgb)
    ElementTree.SubElement(root, "blendMode").text = "0"
    ElementTree.indent(root)
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_fill(symbols: ElementTree.Element, name: str, rgb: tuple[int, int, int]) -> None:
    symbol = ElementTree.SubElement(
        symbols, "symbol", name=name, type="fill", alpha="1", clip_to_extent="1", force_rhr="0"
    )
    layer = ElementTree.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"})
    color = ",".join(map(str, (*rgb, 255)))
    settings = {
        "color": color,
        "style": "solid",
        "outline_color": color,
        "outline_style": "solid",
        "outline_width": _OUTLINE_MM,
        "outline_width_unit": "MM",
        "joinstyle": "bevel",
    }
    options = ElementTree.SubElement(layer, "Option", type="Map")
    for key, value in settings.items():
        ElementTree.SubElement(options, "Option", name=key, value=value, type="QString")
        # QGIS before 3.22 reads these.
        ElementTree.SubElement(layer, "prop", k=key, v=value)
