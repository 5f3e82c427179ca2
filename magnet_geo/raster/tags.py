"""The metadata of a raster as text."""

from __future__ import annotations

from magnet_geo.raster.source import SceneSource, open_scene


def read_tags(source: SceneSource, *, domain: str | None = None) -> dict[str, str]:
    """Return the dataset's tags by name.

    Args:
        source: The raster.
        domain: One of GDAL's domains of metadata; None for the default one.

    Raises:
        SceneError: The raster cannot be opened.
    """
    with open_scene(source, overviews=True) as dataset:
        return {str(key): str(value) for key, value in dataset.tags(ns=domain).items()}
