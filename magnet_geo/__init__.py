"""Progressive land-cover segmentation of scenes of any size.

    import magnet_geo
    result = magnet_geo.segment_scene("scene.tif", output="classes.tif")
    result.areas, result.polygons(), result.open()

Maps: `segment_scene`, `load_model`, `describe_scene`; what is made of a map: `polygonize`, `sieve`, `measure_areas`,
`write_report`, `stac_item`; how right it is: `evaluate`, `draw_sample`, `read_sample`, `estimate_accuracy`; a model of
your own: `train_backbone`, `train_refinement`. docs/reference/python.md shows each of them with an example.

Everything is loaded on first use: importing this package loads no torch and changes nothing in the process. The
first name that needs torch sets how its libraries use memory and threads, where the user said nothing.
"""

from typing import TYPE_CHECKING

from magnet_geo._version import __version__
from magnet_geo.compute.process import configure_process
from magnet_geo.lazy_names import lazy_names

if TYPE_CHECKING:
    from magnet_geo import errors, networks
    from magnet_geo.errors import MagnetGeoError
    from magnet_geo.evaluation.accuracy_estimate import estimate_accuracy
    from magnet_geo.evaluation.map_areas import measure_areas
    from magnet_geo.evaluation.map_evaluation import EvaluationOptions, evaluate
    from magnet_geo.evaluation.sample_answers import read_sample
    from magnet_geo.evaluation.sampling import SampleOptions, draw_sample
    from magnet_geo.inference import Segmenter, load_model
    from magnet_geo.progress import CancelToken, PreviewEvent, ProgressEvent, WarningEvent
    from magnet_geo.raster import SceneSource, describe_scene
    from magnet_geo.records.segment_result import SegmentResult
    from magnet_geo.report import ReportSources, write_report
    from magnet_geo.scene import Area, RefineMode, SceneMap, SegmentOptions, Workers, segment_scene
    from magnet_geo.stac import stac_item
    from magnet_geo.training.backbone_training import train_backbone
    from magnet_geo.training.refinement_training import train_refinement
    from magnet_geo.vector.merging.minimum_mapping_unit import sieve
    from magnet_geo.vector.polygon_options import PatchSize, PolygonOptions
    from magnet_geo.vector.polygonizer import polygonize

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
    "SceneMap": "scene",
    "SegmentResult": "records.segment_result",
    "Segmenter": "inference",
    "WarningEvent": "progress",
    "Workers": "scene",
    "describe_scene": "raster",
    "draw_sample": "evaluation.sampling",
    "estimate_accuracy": "evaluation.accuracy_estimate",
    "evaluate": "evaluation.map_evaluation",
    "load_model": "inference",
    "read_sample": "evaluation.sample_answers",
    "measure_areas": "evaluation.map_areas",
    "polygonize": "vector.polygonizer",
    "segment_scene": "scene",
    "stac_item": "stac",
    "sieve": "vector.merging.minimum_mapping_unit",
    "train_backbone": "training.backbone_training",
    "train_refinement": "training.refinement_training",
    "errors": "errors",
    "networks": "networks",
    "write_report": "report",
}
_WITHOUT_TORCH = ("errors", "progress", "raster", "records.segment_result")

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
    "SceneMap",
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
    "evaluate",
    "load_model",
    "measure_areas",
    "networks",
    "polygonize",
    "read_sample",
    "segment_scene",
    "sieve",
    "stac_item",
    "train_backbone",
    "train_refinement",
    "write_report",
]


def _settle(home: str) -> None:
    if home not in _WITHOUT_TORCH:
        configure_process()


__getattr__, __dir__ = lazy_names(__name__, _HOMES, first=_settle)
