"""Whether a run takes up what an earlier one left, and what the user should know of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from magnet_geo.progress import ProgressListener, WarningEvent
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outputs import check_outputs
from magnet_geo.scene.run_identity import Facts, differences, run_conditions, run_identity
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.segmenter import Segmenter
from magnet_geo.scene.work_folder import WorkFolder

_NOTE = "run.json"


def take_up(
    work: WorkFolder,
    output: Path,
    plan: RunPlan,
    model: Segmenter,
    options: SegmentOptions,
    progress: ProgressListener,
    *,
    computes_here: bool,
) -> RunPlan:
    """Keep the work of an earlier run if it is of the same map, or clear it away.

    Args:
        work: Claimed by this run.
        output: The class raster.
        plan: This run.
        model: Its model.
        options: Its options.
        progress: Told of what does not agree.
        computes_here: Whether this process runs the networks; others note their conditions themselves.

    Returns:
        The plan, with a warning where the map will be of runs that computed differently.

    Raises:
        OutputError: The folder cannot be written, or outputs of the other run are in the way.
    """
    identity = run_identity(plan, model, options)
    unlike = differences(_noted(work)["identity"], identity)
    if unlike or not options.resume:
        if options.resume and work.holds_work():
            progress(WarningEvent(_starts_over(output, unlike)))
        work.clear()
        check_outputs(output, plan.source.path, options)
        work.write_note(_NOTE, {"identity": identity, "conditions": []})
    if not computes_here:
        return plan
    note_conditions(work, run_conditions(plan, model))
    warning = mixed_conditions(work)
    if warning is not None:
        progress(WarningEvent(warning))
        plan = replace(plan, warnings=(*plan.warnings, warning))
    return plan


def note_conditions(work: WorkFolder, conditions: Facts) -> None:
    """Note how a part of the map is computed.

    Raises:
        OutputError: It cannot be noted.
    """
    found = _noted(work)
    if conditions not in found["conditions"]:
        work.write_note(_NOTE, found | {"conditions": [*found["conditions"], conditions]})


def mixed_conditions(work: WorkFolder) -> str | None:
    """What to say where parts of the map are computed differently; None where they are not."""
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
