"""Progressive land-cover segmentation of scenes of any size.

Everything is loaded on first use: importing this package loads no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from magnet_geo.process_settings import settle_process

if TYPE_CHECKING:
    from magnet_geo import networks
    from magnet_geo.errors import MagnetGeoError
    from magnet_geo.scene import SegmentOptions, SegmentResult, load_model, segment_scene

__version__ = "0.1.0"

settle_process()

__all__ = [
    "MagnetGeoError",
    "SegmentOptions",
    "SegmentResult",
    "__version__",
    "load_model",
    "networks",
    "segment_scene",
]

_HOMES = {
    "MagnetGeoError": "errors",
    "SegmentOptions": "scene",
    "SegmentResult": "scene",
    "load_model": "scene",
    "segment_scene": "scene",
}


def __getattr__(name: str) -> object:
    if name == "networks":
        return import_module(f"{__name__}.networks")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
