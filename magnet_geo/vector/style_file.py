"""The `.qml` beside a polygon layer."""

from __future__ import annotations

from pathlib import Path

from magnet_geo.raster.layer_style import write_whole


def write_polygon_style(layer: Path, style: str) -> Path | None:
    """Write the style that QGIS applies when the layer is loaded.

    Returns:
        Its path; None where a file of that name is the style of a raster, which is left alone.
    """
    path = layer.with_suffix(".qml")
    if path.is_file() and "<rasterrenderer" in path.read_text(encoding="utf-8", errors="replace"):
        return None
    write_whole(path, style)
    return path
