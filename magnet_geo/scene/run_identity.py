"""What must agree, so that one run can go on where another stopped."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from hashlib import sha256

import torch

from magnet_geo import __version__
from magnet_geo.raster import GDAL_VERSION, scene_fingerprint
from magnet_geo.scene.area_of_interest import AreaOfInterest
from magnet_geo.scene.hardware import precision_name
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.segmenter import Segmenter

Facts = Mapping[str, str]

# Raised when the files of a work folder change their meaning.
_FORMAT = "1"


def run_identity(plan: RunPlan, model: Segmenter, options: SegmentOptions) -> dict[str, str]:
    """All that decides what a pixel becomes, by the name a user knows it by.

    Raises:
        SceneError: The scene cannot be opened.
    """
    description = plan.description
    gcps = [(point.row, point.col, point.x, point.y, point.z) for point in description.gcps]
    layout = (description.grid, description.dtype, description.band_count, description.nodata, gcps)
    scaling = plan.scaling and (tuple(plan.scaling.low), tuple(plan.scaling.high))
    refine = options.refine or (model.manifest.selection and model.manifest.selection.default)
    wanted = (options.confidence, options.probabilities, options.preview, options.stages)
    return {
        "version of magnet-geo": f"{__version__} ({_FORMAT})",
        "scene": f"{scene_fingerprint(plan.source)} {_digest(repr(layout))}",
        "model": f"{model.model_hash} {_digest(model.manifest.to_json())}",
        "bands": f"{plan.bands}",
        "pixel size": f"{plan.gsd_m} {plan.scale} {plan.windows}",
        "scaling": f"{plan.scaling_text} {scaling}",
        "area of interest": _area(plan.area),
        "refinement": f"{refine}",
        "budget": f"{options.budget_s}",
        "least confidence": f"{options.min_confidence:g}",
        "set of outputs": f"{[path is not None for path in wanted]}",
    }


def run_conditions(plan: RunPlan, model: Segmenter) -> dict[str, str]:
    """What may change the last digits of decoded pixels or of the networks' numbers, and so a pixel here and there."""
    device = model.predictor.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {
        "device": f"{device} ({name})",
        "precision": precision_name(model.predictor.dtype),
        "threads": f"{torch.get_num_threads()}",
        "batch size": f"{plan.memory.batch_size}",
        "PyTorch": str(torch.__version__),
        "GDAL": GDAL_VERSION,
    }


def differences(found: Facts, needed: Facts) -> list[str]:
    """Names of the facts in which two runs differ."""
    return [name for name, value in needed.items() if found.get(name) != value]


def _processor() -> str:
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def _area(area: AreaOfInterest) -> str:
    return f"{area.rect} {'' if area.geometry is None else _digest(area.geometry.wkb_hex)}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
