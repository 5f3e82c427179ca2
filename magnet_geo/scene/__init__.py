"""Whole scenes: plan, read ahead, segment, write.

What needs torch is loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from magnet_geo.scene.options import Area, RefineMode, SegmentOptions
from magnet_geo.scene.result import PlanRecord, SegmentResult
from magnet_geo.scene.worker_place import WorkerPlace

if TYPE_CHECKING:
    from magnet_geo.scene.engine import segment_scene
    from magnet_geo.scene.outcome import make_plan_record
    from magnet_geo.scene.run_plan import RunPlan, plan_run
    from magnet_geo.scene.segmenter import Segmenter, load_model
    from magnet_geo.scene.speed_trial import estimate_time
    from magnet_geo.scene.workers import Workers

__all__ = [
    "Area",
    "PlanRecord",
    "RefineMode",
    "RunPlan",
    "SegmentOptions",
    "SegmentResult",
    "Segmenter",
    "WorkerPlace",
    "Workers",
    "estimate_time",
    "load_model",
    "make_plan_record",
    "plan_run",
    "segment_scene",
]

_NEEDS_TORCH = {
    "RunPlan": "run_plan",
    "Segmenter": "segmenter",
    "Workers": "workers",
    "estimate_time": "speed_trial",
    "load_model": "segmenter",
    "make_plan_record": "outcome",
    "plan_run": "run_plan",
    "segment_scene": "engine",
}


def __getattr__(name: str) -> object:
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NEEDS_TORCH[name]}"), name)
