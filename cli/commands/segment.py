"""``magnet-geo segment``: scenes to land-cover maps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from magnet_geo.addresses import public_address
from magnet_geo.evaluation.area_csv import check_area_csv
from magnet_geo.progress import CancelToken
from magnet_geo.scene import SegmentOptions, WorkFolder

from ..cancelling import cancel_by_protocol, cancel_by_signal
from ..jobs.polygons_follow_up import check_polygon_layer, polygons_follow_up
from ..jobs.segment_job import FollowUp, SegmentJob
from ..options.model_choice import ModelChoice
from ..options.report_options import check_report, report_follow_up
from ..options.segment_options import Extras, RunChoice, Targets, segment_options
from ..options.stac_options import check_stac, stac_follow_up
from ..output.listeners import RunListener, choose_listener
from ..output.shown import echo


@click.command(name="segment", short_help="Map the land cover of scenes.")
@click.argument("scenes", metavar="SCENE...", nargs=-1, required=True)
@segment_options
def segment(
    scenes: tuple[str, ...],
    targets: Targets,
    choice: ModelChoice,
    options: SegmentOptions,
    extras: Extras,
    run: RunChoice,
) -> None:
    """Map the land cover of scenes.

    A SCENE is anything GDAL opens: a GeoTIFF, a VRT, a URL, a plain image. The map is a Cloud Optimized
    GeoTIFF on the scene's own grid.

    \b
    Examples:
      magnet-geo segment scene.tif -o classes.tif
      magnet-geo segment scene.tif --bands 3,2,1 --confidence certainty.tif
      magnet-geo segment scene.tif --budget 10min
      magnet-geo segment *.tif --output-dir maps
    """
    _refuse_contradictions(scenes, options, extras, run)
    outputs = _outputs(scenes, targets)
    follow_ups, checks = _extras(scenes, choice, options, extras)
    protocol = run.progress == "jsonl"
    token = CancelToken()
    with (
        choose_listener(run.progress) as listener,
        cancel_by_signal(token, give_up=lambda: _say_cancelled(listener, outputs)),
    ):
        if protocol:
            cancel_by_protocol(token, on_end=run.cancel_on_eof)
        job = SegmentJob(
            choice=choice,
            options=options,
            device=run.device,
            precision=run.precision,
            token=token,
            listener=listener,
            as_json=run.as_json and not protocol,
            as_text=not run.as_json and not protocol,
            output_dir=targets.output_dir,
            show_plan=run.verbose,
            dry_run=run.dry_run,
            skip_existing=run.skip_existing,
            area_csv=extras.area_csv,
            workers=run.workers,
            dashboard=run.dashboard,
            follow_ups=tuple(follow_ups),
            checks=tuple(checks),
        )
        failures = job.run(outputs)
    if failures:
        raise click.exceptions.Exit(1)


def _refuse_contradictions(scenes: tuple[str, ...], options: SegmentOptions, extras: Extras, run: RunChoice) -> None:
    made_of_maps = (extras.polygons, extras.report, extras.stac)
    if options.budget_s is not None and run.workers is not None:
        raise click.UsageError("--budget is kept by one process: leave out either --budget or --workers.")
    if run.skip_existing and options.overwrite:
        raise click.UsageError("Give either --skip-existing or --overwrite, not both.")
    if run.skip_existing and any(made_of_maps):
        raise click.UsageError("--skip-existing leaves maps alone; what is made of them needs --overwrite instead.")
    of_one_scene = (options.preview, options.confidence, options.probabilities, options.stages, *made_of_maps)
    if len(scenes) > 1 and any(of_one_scene):
        names = "--preview, --confidence, --probabilities, --stages, --polygons, --report and --stac"
        raise click.UsageError(f"{names} go with a single SCENE.")


def _extras(
    scenes: tuple[str, ...], choice: ModelChoice, options: SegmentOptions, extras: Extras
) -> tuple[list[FollowUp], list[Callable[[], None]]]:
    """Return what is made of each map, and what must hold before anything is loaded."""
    follow_ups: list[FollowUp] = []
    checks: list[Callable[[], None]] = []
    overwrite = options.overwrite
    if extras.area_csv is not None:
        checks += [partial(check_area_csv, extras.area_csv, scene, overwrite=overwrite) for scene in scenes]
    if extras.polygons is not None:
        follow_ups.append(polygons_follow_up(extras.polygons, options))
        checks.append(partial(check_polygon_layer, extras.polygons, scenes[0], overwrite=overwrite))
    if extras.report is not None:
        follow_ups.append(report_follow_up(extras.report, choice, options))
        checks.append(partial(check_report, extras.report, scenes[0], overwrite=overwrite))
    if extras.stac is not None:
        follow_ups.append(stac_follow_up(extras.stac, choice, extras.taken))
        checks.append(partial(check_stac, extras.stac, scenes[0], overwrite=overwrite))
    return follow_ups, checks


def _say_cancelled(listener: RunListener, outputs: dict[str, Path]) -> None:
    """Say the last words of a run that does not come to an end of its own."""
    kept = any(WorkFolder(output).holds_work() for output in outputs.values())
    listener.cancelled()
    echo("Cancelled; what is finished is kept, the same command continues." if kept else "Cancelled.", err=True)


def _outputs(scenes: tuple[str, ...], targets: Targets) -> dict[str, Path]:
    """Return the map of each scene."""
    output, folder = targets.output, targets.output_dir
    if output is not None and folder is not None:
        raise click.UsageError("Give either --output or --output-dir, not both.")
    if output is not None and len(scenes) > 1:
        raise click.UsageError(f"--output names one file, but {len(scenes)} scenes were given; use --output-dir.")
    if output is not None:
        return {scenes[0]: output}
    outputs = {scene: (folder or Path()) / f"{_stem(scene)}_classes.tif" for scene in scenes}
    if len(set(outputs.values())) < len(outputs):
        raise click.UsageError("Two scenes have the same name; segment them into different folders.")
    return outputs


def _stem(scene: str) -> str:
    """Return the name for the output: the scene's own, without folders, suffix and what GDAL's prefixes add."""
    name = public_address(scene).rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return Path(name).stem or "scene"


command = segment
