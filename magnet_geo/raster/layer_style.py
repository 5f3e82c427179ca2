"""QGIS layer style (`.qml`) of a class map: exactly the scheme's classes, applied whenever the raster is loaded."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from magnet_geo.atomic_file import atomic_write
from magnet_geo.classes import ClassScheme

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def layer_style(scheme: ClassScheme) -> str:
    """Return a paletted renderer, readable from QGIS 3.22 on."""
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="AllStyleCategories")
    pipe = ElementTree.SubElement(root, "pipe")
    _add_renderer(pipe, scheme)
    ElementTree.SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma="1")
    ElementTree.SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0")
    ElementTree.SubElement(pipe, "rasterresampler", maxOversampling="2")
    ElementTree.SubElement(root, "blendMode").text = "0"
    ElementTree.indent(root)
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def write_layer_style(raster: Path, scheme: ClassScheme) -> Path:
    """Write the style beside a raster, complete or not at all.

    Returns:
        Path of the style file.
    """
    path = raster.with_suffix(".qml")
    atomic_write(path, layer_style(scheme))
    return path


def _add_renderer(pipe: ElementTree.Element, scheme: ClassScheme) -> None:
    renderer = ElementTree.SubElement(
        pipe, "rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1", nodataColor=""
    )
    ElementTree.SubElement(renderer, "rasterTransparency")
    palette = ElementTree.SubElement(renderer, "colorPalette")
    for land_class in scheme.classes:
        entry = {"value": str(land_class.value), "color": land_class.color, "alpha": "255", "label": land_class.name}
        ElementTree.SubElement(palette, "paletteEntry", entry)
