"""The `.qml` beside a polygon layer."""

from __future__ import annotations

from pathlib import Path

from magnet_geo.atomic_file import atomic_write
from magnet_geo.errors import OutputError


def write_polygon_style(layer: Path, style: str, *, column: str) -> Path | None:
    """Write the style that QGIS applies when the layer is loaded.

    Args:
        layer: The polygons.
        style: QML, with a category for each class.
        column: Attribute of the layer that it draws by.

    Returns:
        Its path; None where a file of that name is the style of something else, which is left alone: a raster's, or
        that of a layer drawn by another attribute.

    Raises:
        OutputError: It cannot be written.
    """
    path = layer.with_suffix(".qml")
    try:
        if path.exists() and f'attr="{column}"' not in path.read_text(encoding="utf-8", errors="replace"):
            return None
        atomic_write(path, style)
    except OSError as error:
        raise OutputError(
            f"The polygons '{layer}' are complete, but their style '{path}' could not be written ({error.strerror}); "
            "check the folder and the disk, or go on without it."
        ) from error
    return path
