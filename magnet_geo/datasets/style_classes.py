"""Classes of a QGIS style (`.qml`): the values of a paletted raster or the categories of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from magnet_geo.text_formats import parse_xml

_NEUTRAL = "#888888"
_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class StyledClass:
    """One entry of a legend.

    Attributes:
        value: Pixel value, or the text of a category.
        name: Its label; the value where it has none.
        color: ``#rrggbb``, lower case.
    """

    value: int | str
    name: str
    color: str


def read_style(path: Path) -> list[StyledClass]:
    """Return the legend of a style.

    Raises:
        ValueError: It is no QGIS style, or neither paletted nor categorized.
    """
    try:
        root = parse_xml(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{error}; save the style again from QGIS") from error
    found = [*_palette_entries(root)] or [*_categories(root)]
    if not found:
        raise ValueError(
            "it has no list of classes; in QGIS use 'Paletted/Unique values' for rasters, 'Categorized' for polygons, "
            "and save the style again"
        )
    return found


def _palette_entries(root: ElementTree.Element) -> Iterator[StyledClass]:
    for entry in root.findall(".//rasterrenderer/colorPalette/paletteEntry"):
        value = _number_or_text(entry.get("value", ""))
        yield StyledClass(value, entry.get("label") or str(value), _hex(entry.get("color", "")))


def _categories(root: ElementTree.Element) -> Iterator[StyledClass]:
    colors = {symbol.get("name"): _symbol_color(symbol) for symbol in root.findall(".//renderer-v2/symbols/symbol")}
    for category in root.findall(".//renderer-v2/categories/category"):
        text = (category.get("value") or "").strip()
        if text and text != "NULL":
            value = _number_or_text(text)
            color = colors.get(category.get("symbol"), _NEUTRAL)
            yield StyledClass(value, category.get("label") or str(value), color)


def _symbol_color(symbol: ElementTree.Element) -> str:
    """The fill's color, which older versions write as ``prop`` and newer ones as ``Option``."""
    for tag, key, content in (("Option", "name", "value"), ("prop", "k", "v")):
        for option in symbol.findall(f".//{tag}"):
            if option.get(key) == "color":
                return _hex(option.get(content, ""))
    return _NEUTRAL


def _hex(color: str) -> str:
    text = color.strip().lower()
    if _HEX.match(text):
        return text[:7]
    parts = text.split(",")[:3]
    if len(parts) == 3 and all(part.strip().isdecimal() and int(part) <= 255 for part in parts):
        return "#{:02x}{:02x}{:02x}".format(*(int(part) for part in parts))
    return _NEUTRAL


def _number_or_text(text: str) -> int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**31 else text
