"""Whether unfinished work belongs to this run: what it must agree in, and what is said where it does not."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from magnet_geo._version import __version__
from magnet_geo.compute.device import precision_name
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.progress import WarningEvent
from magnet_geo.raster import GDAL_VERSION, scene_fingerprint
from magnet_geo.scene.area_of_interest import AreaOfInterest
from magnet_geo.scene.checkpoint.work_folder import WorkFolder
from magnet_geo.scene.events import RunEvents
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outputs import check_outputs
from magnet_geo.scene.plan import RunPlan

Facts = Mapping[str, str]

# Raised when the files of a work folder change their meaning.
_FORMAT = "2"
_NOTE = "run.json"


def run_identity(plan: RunPlan, model: Segmenter, options: SegmentOptions) -> dict[str, str]:
    """All that decides what a pixel becomes, by the name a user knows it by.

    Raises:
        SceneError: The scene cannot be opened.
    """
    description = plan.description
    gcps = [(point.row, point.col, point.x, point.y, point.z) for point in description.gcps]
    layout = (description.grid, description.dtype, description.band_count, description.nodata, gcps)
    scaling = plan.scaling and (tuple(plan.scaling.low), tuple(plan.scaling.high))
    wanted = (options.confidence, options.probabilities, options.preview, options.stages)
    return {
        "version of magnet-geo": f"{__version__} ({_FORMAT})",
        "scene": f"{scene_fingerprint(plan.source)} {_digest(repr(layout))}",
        "model": f"{model.model_hash} {_digest(model.manifest.to_json())}",
        "bands": f"{plan.bands}",
        "pixel size": f"{plan.gsd_m} {plan.scale} {plan.windows}",
        "scaling": f"{plan.scaling_text} {scaling}",
        "area of interest": _area(plan.area),
        "refinement": plan.refinement.name,
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


def resume_or_start(
    work: WorkFolder,
    output: Path,
    plan: RunPlan,
    model: Segmenter,
    options: SegmentOptions,
    events: RunEvents,
    *,
    computes_here: bool,
) -> None:
    """Keep the work of an earlier run if it is of the same map, or clear it away.

    Args:
        work: Claimed by this run.
        output: The class raster.
        plan: This run.
        model: Its model.
        options: Its options.
        events: Called with what does not agree.
        computes_here: Whether this process runs the networks; others note their conditions themselves.

    Raises:
        OutputError: The folder cannot be written, or outputs of the other run are in the way.
    """
    identity = run_identity(plan, model, options)
    unlike = differences(_noted(work)["identity"], identity)
    if unlike or not options.resume:
        if options.resume and work.holds_work():
            events.tell(WarningEvent(_starts_over(output, unlike)))
        work.clear()
        check_outputs(output, plan.source.path, options)
        work.write_note(_NOTE, {"identity": identity, "conditions": []})
    if computes_here:
        note_conditions(work, run_conditions(plan, model))
        events.warn(mixed_conditions(work))


def note_conditions(work: WorkFolder, conditions: Facts) -> None:
    """Note how a part of the map is computed.

    Raises:
        OutputError: It cannot be noted.
    """
    found = _noted(work)
    if conditions not in found["conditions"]:
        work.write_note(_NOTE, found | {"conditions": [*found["conditions"], conditions]})


def mixed_conditions(work: WorkFolder) -> str | None:
    """Return what to say where parts of the map are computed differently; None where they are not."""
    first, *others = _noted(work)["conditions"] or [{}]
    unlike = sorted({name for conditions in others for name in differences(conditions, first)})
    if not unlike:
        return None
    return (
        f"Parts of this map were made by runs that differed in {', '.join(unlike)}; some pixels may differ slightly "
        "from those of a single run."
    )


def _noted(work: WorkFolder) -> dict[str, Any]:
    """What runs have noted; a note of another form is as good as none."""
    found = work.read_note(_NOTE) or {}
    identity, conditions = found.get("identity"), found.get("conditions")
    conditions = conditions if isinstance(conditions, list) else []
    return {
        "identity": identity if isinstance(identity, dict) else {},
        "conditions": [each for each in conditions if isinstance(each, dict)],
    }


def _starts_over(output: Path, unlike: list[str]) -> str:
    return (
        f"An unfinished run for '{output}' differs from this one ({', '.join(unlike)}): its work is dropped, and this "
        "run starts from the beginning."
    )
