"""Styled Layer Descriptor (`.sld`) of a class map: the scheme's classes for map servers."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from magnet_geo.atomic_file import atomic_write
from magnet_geo.classes import ClassScheme

_NAMESPACES = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": ("http://www.opengis.net/sld http://schemas.opengis.net/sld/1.0.0/StyledLayerDescriptor.xsd"),
}


def server_style(scheme: ClassScheme, *, name: str) -> str:
    """Return a style of SLD 1.0 with one color per value; other values are not drawn.

    The attribute ``type="values"`` of the color map is GeoServer's addition to the standard; without it a server blends
    the colors of neighboring values.

    Args:
        scheme: The classes.
        name: Name of the layer and of the style.
    """
    root = ElementTree.Element("StyledLayerDescriptor", {"version": "1.0.0", **_NAMESPACES})
    layer = ElementTree.SubElement(root, "NamedLayer")
    ElementTree.SubElement(layer, "Name").text = name
    style = ElementTree.SubElement(layer, "UserStyle")
    ElementTree.SubElement(style, "Name").text = name
    ElementTree.SubElement(style, "Title").text = "Land-cover classes"
    rule = ElementTree.SubElement(ElementTree.SubElement(style, "FeatureTypeStyle"), "Rule")
    symbolizer = ElementTree.SubElement(rule, "RasterSymbolizer")
    ElementTree.SubElement(symbolizer, "Opacity").text = "1"
    colors = ElementTree.SubElement(symbolizer, "ColorMap", type="values")
    # Servers want the quantities in ascending order.
    for land_class in sorted(scheme.classes, key=lambda entry: entry.value):
        entry = {"color": land_class.color, "quantity": str(land_class.value), "label": land_class.name, "opacity": "1"}
        ElementTree.SubElement(colors, "ColorMapEntry", entry)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def write_server_style(raster: Path, scheme: ClassScheme) -> Path:
    """Write the style beside a raster, complete or not at all.

    Returns:
        Path of the style file.
    """
    path = raster.with_suffix(".sld")
    atomic_write(path, server_style(scheme, name=raster.stem))
    return path
