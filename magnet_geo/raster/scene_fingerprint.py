"""Whether a scene is still the one it was, told without reading its pixels."""

from __future__ import annotations

from pathlib import Path

from rasterio.io import DatasetReader

from magnet_geo.addresses import public_address, without_secrets
from magnet_geo.raster.gdal_environment import gdal_environment
from magnet_geo.raster.source import SceneSource, open_scene

# Programs that only look at a scene write these beside it.
_SIDECARS = (".aux.xml", ".ovr", ".msk")
_PLACE = "BLOCK_OFFSET", "BLOCK_SIZE"


def scene_fingerprint(source: SceneSource) -> str:
    """Return name, size and time of change of a scene's files; of what is no local file, its
    name without the keys of a signed address, and what the header of a GeoTIFF tells of its content.

    A scene that was moved to another folder keeps it.

    Raises:
        SceneError: The scene cannot be opened.
    """
    with open_scene(source, overviews=True) as dataset:
        files = [name for name in dataset.files if not name.endswith(_SIDECARS)]
        header = _header_stamp(dataset) if source.is_remote else ""
    stamps = "; ".join(_stamp(name) for name in files or [source.path]) + header
    options = ", ".join(f"{key}={value}" for key, value in source.open_options)
    return f"{stamps} {without_secrets(options)}".strip()


def _stamp(name: str) -> str:
    path = Path(name)
    if not path.is_file():
        return public_address(name)
    found = path.stat()
    return f"{path.name}, {found.st_size} bytes, {found.st_mtime_ns}"


def _header_stamp(dataset: DatasetReader) -> str:
    """When a GeoTIFF was written and where its last block lies: behind all others, whose packed sizes add up to that.

    It costs no request, and works wherever GDAL reads; sizes and times of files on a server are hidden by rasterio.
    """
    if dataset.driver != "GTiff":
        return ""
    block, band = dataset.block_shapes[-1], dataset.count
    row, col = (dataset.height - 1) // block[0], (dataset.width - 1) // block[1]
    with gdal_environment():
        offset, size = (dataset.get_tag_item(f"{what}_{col}_{row}", "TIFF", bidx=band) for what in _PLACE)
        return f", last block {offset}+{size}, {dataset.tags().get('TIFFTAG_DATETIME', 'no date')}"
