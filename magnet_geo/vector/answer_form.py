"""The QGIS style of sample points: a form with one list to choose from, and symbols that show what is left to do."""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree

from magnet_geo.classes import LandClass

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_OPEN_COLOR, _DONE_COLOR = "255,0,200,255", "60,60,60,255"
_POINT_MM = "4"


def answer_form(*, column: str, choices: Collection[LandClass], columns: Collection[str]) -> str:
    """Return the style (QML) of a layer whose rows wait for an answer.

    Args:
        column: Holds the answers: whole numbers, NULL until answered.
        choices: What may be answered: stored as values, shown as names.
        columns: All columns of the layer; all but the answer are read-only.
    """
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology|Fields|Forms")
    _add_renderer(root, column)
    fields = ElementTree.SubElement(root, "fieldConfiguration")
    for name in columns:
        _add_field(fields, name, choices if name == column else ())
    editable = ElementTree.SubElement(root, "editable")
    for name in columns:
        ElementTree.SubElement(editable, "field", name=name, editable="1" if name == column else "0")
    ElementTree.SubElement(root, "editorlayout").text = "generatedlayout"
    ElementTree.indent(root)
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_field(fields: ElementTree.Element, name: str, choices: Collection[LandClass]) -> None:
    field = ElementTree.SubElement(fields, "field", name=name)
    widget = ElementTree.SubElement(field, "editWidget", type="ValueMap" if choices else "TextEdit")
    config = ElementTree.SubElement(ElementTree.SubElement(widget, "config"), "Option", type="Map")
    if not choices:
        return
    entries = ElementTree.SubElement(config, "Option", type="List", name="map")
    for choice in choices:
        entry = ElementTree.SubElement(entries, "Option", type="Map")
        ElementTree.SubElement(entry, "Option", name=choice.name, value=str(choice.value), type="QString")


def _add_renderer(root: ElementTree.Element, column: str) -> None:
    """Rules, so that answered points step back while the work goes on."""
    renderer = ElementTree.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0")
    rules = ElementTree.SubElement(renderer, "rules", key="all")
    symbols = ElementTree.SubElement(renderer, "symbols")
    looks = (("to do", "IS NULL", _OPEN_COLOR), ("answered", "IS NOT NULL", _DONE_COLOR))
    for number, (label, condition, color) in enumerate(looks):
        ElementTree.SubElement(
            rules, "rule", key=str(number), symbol=str(number), label=label, filter=f'"{column}" {condition}'
        )
        _add_symbol(symbols, str(number), color)


def _add_symbol(symbols: ElementTree.Element, name: str, color: str) -> None:
    """A ring: what lies in its middle must stay visible."""
    symbol = ElementTree.SubElement(symbols, "symbol", name=name, type="marker", alpha="1", clip_to_extent="1")
    layer = ElementTree.SubElement(symbol, "layer", {"class": "SimpleMarker", "enabled": "1", "pass": "0"})
    config = ElementTree.SubElement(layer, "Option", type="Map")
    properties = {
        "name": "circle",
        "color": "0,0,0,0",
        "outline_color": color,
        "outline_width": "0.5",
        "size": _POINT_MM,
        "size_unit": "MM",
    }
    for key, value in properties.items():
        ElementTree.SubElement(config, "Option", name=key, value=value, type="QString")
        ElementTree.SubElement(layer, "prop", k=key, v=value)
