"""Whole scenes: plan, read ahead, segment, write.

What needs torch is loaded on first use. Other rooms import what is named here, and no module of this room.
"""

from typing import TYPE_CHECKING

from magnet_geo.lazy_names import lazy_names
from magnet_geo.scene.options import Area, RefineMode, SegmentOptions, WorkerPlace

if TYPE_CHECKING:
    from magnet_geo.scene.area_of_interest import AreaOfInterest
    from magnet_geo.scene.checkpoint.work_folder import WorkFolder
    from magnet_geo.scene.cluster.workers import Workers
    from magnet_geo.scene.estimate import estimate_time
    from magnet_geo.scene.events import WindowEvents
    from magnet_geo.scene.image_map import ImagePlan, map_image
    from magnet_geo.scene.inspection import inspect_scene
    from magnet_geo.scene.outcome import make_plan_record, model_record
    from magnet_geo.scene.outputs import check_outputs
    from magnet_geo.scene.plan import RunPlan, plan_run, plan_windows
    from magnet_geo.scene.refinement.selection import EachWindow
    from magnet_geo.scene.scene_map import SceneMap
    from magnet_geo.scene.segment import segment_scene

__all__ = [
    "Area",
    "AreaOfInterest",
    "EachWindow",
    "ImagePlan",
    "RefineMode",
    "RunPlan",
    "SceneMap",
    "SegmentOptions",
    "WindowEvents",
    "WorkFolder",
    "WorkerPlace",
    "Workers",
    "check_outputs",
    "estimate_time",
    "inspect_scene",
    "make_plan_record",
    "map_image",
    "model_record",
    "plan_run",
    "plan_windows",
    "segment_scene",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AreaOfInterest": "area_of_interest",
        "EachWindow": "refinement.selection",
        "ImagePlan": "image_map",
        "WindowEvents": "events",
        "map_image": "image_map",
        "RunPlan": "plan",
        "SceneMap": "scene_map",
        "WorkFolder": "checkpoint.work_folder",
        "Workers": "cluster.workers",
        "check_outputs": "outputs",
        "estimate_time": "estimate",
        "inspect_scene": "inspection",
        "make_plan_record": "outcome",
        "model_record": "outcome",
        "plan_run": "plan",
        "plan_windows": "plan",
        "segment_scene": "segment",
    },
)
