"""Whole scenes: plan, read ahead, segment, write."""

from magnet_geo.scene.engine import segment_scene
from magnet_geo.scene.options import Area, RefineMode, SegmentOptions
from magnet_geo.scene.outcome import make_plan_record
from magnet_geo.scene.result import PlanRecord, SegmentResult
from magnet_geo.scene.run_plan import RunPlan, plan_run
from magnet_geo.scene.segmenter import Segmenter, SelectionRules, load_model

__all__ = [
    "Area",
    "PlanRecord",
    "RefineMode",
    "RunPlan",
    "SegmentOptions",
    "SegmentResult",
    "Segmenter",
    "SelectionRules",
    "load_model",
    "make_plan_record",
    "plan_run",
    "segment_scene",
]
