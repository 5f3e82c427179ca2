"""Progressive land-cover segmentation of scenes of any size.

    import magnet_geo
    result = magnet_geo.segment_scene("scene.tif", output="classes.tif")

Everything is loaded on first use: importing this package loads no torch and changes nothing in the process. The
first name that needs torch sets how its libraries use memory and threads, where the user said nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from magnet_geo.process_settings import settle_process

if TYPE_CHECKING:
    from magnet_geo import errors, networks
    from magnet_geo.errors import MagnetGeoError
    from magnet_geo.evaluation.accuracy_estimate import estimate_accuracy
    from magnet_geo.evaluation.map_evaluation import EvaluationOptions, evaluate_map
    from magnet_geo.evaluation.sampling import SampleOptions, draw_sample
    from magnet_geo.progress import CancelToken, PreviewEvent, ProgressEvent, WarningEvent
    from magnet_geo.raster import SceneSource, describe_scene
    from magnet_geo.report import ReportSources, write_report
    from magnet_geo.scene import (
        Area,
        RefineMode,
        Segmenter,
        SegmentOptions,
        SegmentResult,
        Workers,
        load_model,
        segment_scene,
    )
    from magnet_geo.scene.map_areas import measure_areas
    from magnet_geo.training.backbone_training import train_backbone
    from magnet_geo.training.refinement_training import train_refinement
    from magnet_geo.vector.minimum_mapping_unit import sieve
    from magnet_geo.vector.polygon_options import PatchSize, PolygonOptions
    from magnet_geo.vector.polygonizer import polygonize

__version__ = "0.1.0"

# What users call, and where it lives.
_HOMES = {
    "Area": "scene",
    "CancelToken": "progress",
    "EvaluationOptions": "evaluation.map_evaluation",
    "MagnetGeoError": "errors",
    "PatchSize": "vector.polygon_options",
    "PolygonOptions": "vector.polygon_options",
    "PreviewEvent": "progress",
    "ProgressEvent": "progress",
    "RefineMode": "scene",
    "ReportSources": "report",
    "SampleOptions": "evaluation.sampling",
    "SceneSource": "raster",
    "SegmentOptions": "scene",
    "SegmentResult": "scene",
    "Segmenter": "scene",
    "WarningEvent": "progress",
    "Workers": "scene",
    "describe_scene": "raster",
    "draw_sample": "evaluation.sampling",
    "estimate_accuracy": "evaluation.accuracy_estimate",
    "evaluate_map": "evaluation.map_evaluation",
    "load_model": "scene",
    "measure_areas": "scene.map_areas",
    "polygonize": "vector.polygonizer",
    "segment_scene": "scene",
    "sieve": "vector.minimum_mapping_unit",
    "train_backbone": "training.backbone_training",
    "train_refinement": "training.refinement_training",
    "write_report": "report",
}
_ROOMS = ("errors", "networks")
_WITHOUT_TORCH = ("errors", "progress", "raster")

__all__ = [
    "Area",
    "CancelToken",
    "EvaluationOptions",
    "MagnetGeoError",
    "PatchSize",
    "PolygonOptions",
    "PreviewEvent",
    "ProgressEvent",
    "RefineMode",
    "ReportSources",
    "SampleOptions",
    "SceneSource",
    "SegmentOptions",
    "SegmentResult",
    "Segmenter",
    "WarningEvent",
    "Workers",
    "__version__",
    "describe_scene",
    "draw_sample",
    "errors",
    "estimate_accuracy",
    "evaluate_map",
    "load_model",
    "measure_areas",
    "networks",
    "polygonize",
    "segment_scene",
    "sieve",
    "train_backbone",
    "train_refinement",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOMES[name] not in _WITHOUT_TORCH:
        settle_process()
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
