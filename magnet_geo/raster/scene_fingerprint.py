"""Whether a scene is still the one it was, told without reading its pixels."""

from __future__ import annotations

from pathlib import Path

from magnet_geo.raster.remote import without_query
from magnet_geo.raster.source import SceneSource, open_scene

# Programs that only look at a scene write these beside it.
_SIDECARS = (".aux.xml", ".ovr", ".msk")


def scene_fingerprint(source: SceneSource) -> str:
    """Gives name, size and time of change of a scene's files; of what is no local file, its
    name alone, without the keys of a signed address.

    A scene that was moved to another folder keeps it.

    Raises:
        SceneError: The scene cannot be opened.
    """
    with open_scene(source, overviews=True) as dataset:
        files = [name for name in dataset.files if not name.endswith(_SIDECARS)]
    stamps = "; ".join(_stamp(name) for name in files or [source.path])
    options = ", ".join(f"{key}={value}" for key, value in source.open_options)
    return f"{stamps} {options}".strip()


def _stamp(name: str) -> str:
    path = Path(name)
    if not path.is_file():
        return without_query(name)
    found = path.stat()
    return f"{path.name}, {found.st_size} bytes, {found.st_mtime_ns}"
