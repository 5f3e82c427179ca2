"""Whether a run takes up what an earlier one left, and what the user should know of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
) -> RunPlan:
    """Keep the work of an earlier run if it is of the same map, or clear it away.

    Args:
        work: Claimed by this run.
        output: The class raster.
        plan: This run.
        model: Its model.
        options: Its options.
        progress: Told of what does not agree.

    Returns:
        The plan, with a warning where the map will be of runs that computed differently.

    Raises:
        OutputError: The folder cannot be written, or outputs of the other run are in the way.
    """
    identity, conditions = run_identity(plan, model, options), run_conditions(plan, model)
    found = work.read_note(_NOTE) or {}
    earlier: list[Facts] = found.get("conditions", [])
    unlike = differences(found.get("identity", {}), identity)
    if unlike or not options.resume:
        if options.resume and work.holds_work():
            progress(WarningEvent(_starts_over(output, unlike)))
        work.clear()
        check_outputs(output, plan.source.path, options)
        earlier = []
    warning = _computed_differently(earlier, conditions)
    if warning is not None:
        progress(WarningEvent(warning))
        plan = replace(plan, warnings=(*plan.warnings, warning))
    if conditions not in earlier:
        work.write_note(_NOTE, {"identity": identity, "conditions": [*earlier, conditions]})
    return plan


def _starts_over(output: Path, unlike: list[str]) -> str:
    return (
        f"An unfinished run for '{output}' differs from this one ({', '.join(unlike)}): its work is dropped, and this "
        "run starts from the beginning."
    )


def _computed_differently(earlier: list[Facts], now: Facts) -> str | None:
    unlike = sorted({name for conditions in earlier for name in differences(conditions, now)})
    if not unlike:
        return None
    return (
        f"A part of this map was made by an interrupted run that differed in {', '.join(unlike)}; some pixels may "
        "differ slightly from those of a run without a break."
    )
