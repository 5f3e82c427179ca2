"""``magnet-geo segment``: scenes to land-cover maps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rasterio.crs import CRS

from magnet_geo.addresses import public_address
from magnet_geo.evaluation.area_csv import check_area_csv
from magnet_geo.model import PresetOverrides, preset_names
from magnet_geo.progress import CancelToken
from magnet_geo.scene import Area, RefineMode, SegmentOptions, WorkerPlace, WorkFolder

if TYPE_CHECKING:
    from magnet_geo.stac import TimeSpan

from ..cancelling import cancel_by_protocol, cancel_by_signal
from ..jobs.polygons_follow_up import check_polygon_layer, polygons_follow_up
from ..jobs.segment_job import FollowUp, SegmentJob
from ..options.model_choice import ModelChoice
from ..options.option_types import (
    BandList,
    Box,
    Bytes,
    Crs,
    Duration,
    KeyValue,
    PixelSize,
    Refine,
    ScalingRange,
    Workers,
)
from ..options.preset_options import preset_knobs
from ..options.report_options import check_report, report_follow_up
from ..options.sensor_option import sensor_option
from ..options.stac_options import TimeSpanType, check_stac, stac_follow_up
from ..output.listeners import RunListener, choose_listener
from ..output.shown import echo

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TARGET = click.Path(path_type=Path)


@click.command(name="segment", short_help="Map the land cover of scenes.")
@click.argument("scenes", metavar="SCENE...", nargs=-1, required=True)
@click.option("-o", "--output", type=_TARGET, help="Class raster to write.  [default: <scene>_classes.tif, here]")
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the class rasters; made if need be.",
)
@click.option("--model", "model_name", metavar="NAME|FILE", help="Bundled name or model file.  [default: landcover]")
@click.option("--preset", type=click.Choice(preset_names()), help="Published configuration, with --backbone.")
@click.option("--backbone", type=_FILE, help="Checkpoint of a preset's backbone (.pth).")
@click.option("--refinement", "refinements", type=_FILE, multiple=True, help="Its refinement: one, or one per level.")
@preset_knobs
@click.option("--bands", type=BandList(), help="Scene bands for the model's, such as 3,2,1.  [default: found by name]")
@sensor_option
@click.option("--gsd", type=PixelSize(), help="Pixel size where the file is silent; 'native' takes pixels as they are.")
@click.option("--crs", type=Crs(), help="CRS where the file's is missing or wrong.")
@click.option("--oo", "open_options", type=KeyValue(), multiple=True, help="GDAL open option.")
@click.option("--scaling", type=ScalingRange(), default="auto", show_default=True, help="Native values to the model's.")
@click.option("--nodata", type=float, help="Nodata value in place of the file's.")
@click.option("--bbox", type=Box(), help="Area of interest: left, bottom, right, top.")
@click.option("--bbox-crs", type=Crs(), help="CRS of --bbox.  [default: the scene's]")
@click.option("--aoi", type=_FILE, help="Area of interest: polygons of a vector file.")
@click.option("--refine", type=Refine(), help="How much is refined; full is most accurate.  [default: the model's]")
@click.option(
    "--budget",
    "budget_s",
    type=Duration(),
    help="Time for a scene, spent on its least certain ground.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Certainty below which a pixel is left unclassified (value 0).",
)
@click.option("--preview", type=_TARGET, help="Write the coarse map here first.")
@click.option("--confidence", type=_TARGET, help="Write the certainty here (0-254 = 0-1, 255 nodata).")
@click.option("--probabilities", type=_TARGET, help="Write the classes' probabilities here, same scale.")
@click.option("--stages", type=_TARGET, help="Folder for the map after every stage.")
@click.option("--csv", "area_csv", type=_TARGET, help="Write the areas of all maps here (.csv).")
@click.option("--polygons", type=_TARGET, help="Write polygons of the map here (.gpkg, .fgb, .geojson, ...).")
@click.option("--report", type=_TARGET, help="Write a report of the map here, one HTML file to hand on.")
@click.option("--stac", type=_TARGET, help="Write a STAC Item of the map here (.json).")
@click.option(
    "--datetime", "taken", type=TimeSpanType(), help="For --stac: when the scene was taken.  [default: its file says]"
)
@click.option("--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps", help="Where to compute.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
    default="auto",
    show_default=True,
    help="Numbers of the networks; auto: bf16 where the hardware multiplies it.",
)
@click.option("--batch-size", type=click.IntRange(1), help="Patches per network pass.  [default: chosen]")
@click.option("--max-memory", type=Bytes(), help="Limit of main memory, kept whatever the scene's size.")
@click.option("--max-vram", type=Bytes(), help="Limit of GPU memory.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the networks.")
@click.option("--workers", type=Workers(), help="Several processes: N here, or those of a Dask scheduler.")
@click.option(
    "--dashboard/--no-dashboard",
    default=True,
    show_default=True,
    help="Dask's page of what workers of this machine do, on 127.0.0.1 alone.",
)
@click.option("--overwrite", is_flag=True, help="Replace existing outputs.")
@click.option("--skip-existing", is_flag=True, help="Leave scenes alone whose map exists: a batch goes on.")
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Go on where an interrupted run of the same map stopped.",
)
@click.option("--co", "creation_options", type=KeyValue(), multiple=True, help="GDAL creation option (COG driver).")
@click.option("--dry-run", is_flag=True, help="Say what would be done, in which memory and time, and stop.")
@click.option("-v", "--verbose", is_flag=True, help="Show the plan of each run.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "bar", "jsonl", "none"]),
    default="auto",
    show_default=True,
    help="A bar, or JSON lines on stdout.",
)
@click.option("--cancel-on-eof", is_flag=True, help="With jsonl: the end of stdin cancels.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as JSON to stdout, a line per scene.")
def segment(
    scenes: tuple[str, ...],
    output: Path | None,
    output_dir: Path | None,
    model_name: str | None,
    preset: str | None,
    backbone: Path | None,
    refinements: tuple[Path, ...],
    overrides: PresetOverrides,
    bands: tuple[int, ...] | None,
    sensor: str | None,
    gsd: Any,
    crs: CRS | None,
    open_options: tuple[tuple[str, str], ...],
    scaling: Any,
    nodata: float | None,
    bbox: tuple[float, float, float, float] | None,
    bbox_crs: CRS | None,
    aoi: Path | None,
    refine: RefineMode | None,
    budget_s: float | None,
    min_confidence: float,
    preview: Path | None,
    confidence: Path | None,
    probabilities: Path | None,
    stages: Path | None,
    area_csv: Path | None,
    polygons: Path | None,
    report: Path | None,
    stac: Path | None,
    taken: TimeSpan | None,
    device: str,
    precision: Any,
    batch_size: int | None,
    max_memory: int | None,
    max_vram: int | None,
    threads: int | None,
    workers: WorkerPlace | None,
    dashboard: bool,
    overwrite: bool,
    skip_existing: bool,
    resume: bool,
    creation_options: tuple[tuple[str, str], ...],
    dry_run: bool,
    verbose: bool,
    progress: str,
    cancel_on_eof: bool,
    as_json: bool,
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
    if bbox_crs is not None and bbox is None:
        raise click.UsageError("--bbox-crs needs --bbox.")
    if bbox is not None and aoi is not None:
        raise click.UsageError("Give either --bbox or --aoi, not both.")
    if budget_s is not None and refine is not None and refine.mode != "full":
        raise click.UsageError("--budget decides how much is refined: leave --refine out, or write --refine full.")
    if budget_s is not None and workers is not None:
        raise click.UsageError("--budget is kept by one process: leave out either --budget or --workers.")
    if skip_existing and overwrite:
        raise click.UsageError("Give either --skip-existing or --overwrite, not both.")
    if skip_existing and not (polygons is report is stac is None):
        raise click.UsageError("--skip-existing leaves maps alone; what is made of them needs --overwrite instead.")
    if cancel_on_eof and progress != "jsonl":
        raise click.UsageError("--cancel-on-eof needs --progress jsonl.")
    targets = _targets(scenes, output, output_dir)
    if len(scenes) > 1 and any((preview, confidence, probabilities, stages, polygons, report, stac)):
        names = "--preview, --confidence, --probabilities, --stages, --polygons, --report and --stac"
        raise click.UsageError(f"{names} go with a single SCENE.")
    if taken is not None and stac is None:
        raise click.UsageError("--datetime needs --stac.")
    options = SegmentOptions(
        bands=bands,
        sensor=sensor,
        gsd=gsd,
        crs=crs,
        open_options=open_options,
        scaling=scaling,
        nodata=nodata,
        area=Area(bbox, bbox_crs, aoi) if bbox or aoi else None,
        refine=refine,
        budget_s=budget_s,
        min_confidence=min_confidence,
        preview=preview,
        confidence=confidence,
        probabilities=probabilities,
        stages=stages,
        batch_size=batch_size,
        max_memory=max_memory,
        max_vram=max_vram,
        threads=threads,
        overwrite=overwrite,
        resume=resume,
        creation_options=creation_options,
    )
    choice = ModelChoice(model_name, preset, backbone, refinements, overrides)
    follow_ups: list[FollowUp] = []
    checks: list[Callable[[], None]] = []
    if area_csv is not None:
        checks += [partial(check_area_csv, area_csv, scene, overwrite=overwrite) for scene in scenes]
    if polygons is not None:
        follow_ups.append(polygons_follow_up(polygons, options))
        checks.append(partial(check_polygon_layer, polygons, scenes[0], overwrite=overwrite))
    if report is not None:
        follow_ups.append(report_follow_up(report, choice, options))
        checks.append(partial(check_report, report, scenes[0], overwrite=overwrite))
    if stac is not None:
        follow_ups.append(stac_follow_up(stac, choice, taken))
        checks.append(partial(check_stac, stac, scenes[0], overwrite=overwrite))
    protocol = progress == "jsonl"
    token = CancelToken()
    with (
        choose_listener(progress) as listener,
        cancel_by_signal(token, give_up=lambda: _say_cancelled(listener, targets)),
    ):
        if protocol:
            cancel_by_protocol(token, on_end=cancel_on_eof)
        job = SegmentJob(
            choice=choice,
            options=options,
            device=device,
            precision=precision,
            token=token,
            listener=listener,
            as_json=as_json and not protocol,
            as_text=not as_json and not protocol,
            output_dir=output_dir,
            show_plan=verbose,
            dry_run=dry_run,
            skip_existing=skip_existing,
            area_csv=area_csv,
            workers=workers,
            dashboard=dashboard,
            follow_ups=tuple(follow_ups),
            checks=tuple(checks),
        )
        failures = job.run(targets)
    if failures:
        raise click.exceptions.Exit(1)


def _say_cancelled(listener: RunListener, targets: dict[str, Path]) -> None:
    """The last words of a run that does not come to an end of its own."""
    kept = any(WorkFolder(target).holds_work() for target in targets.values())
    listener.cancelled()
    echo("Cancelled; what is finished is kept, the same command continues." if kept else "Cancelled.", err=True)


def _targets(scenes: tuple[str, ...], output: Path | None, output_dir: Path | None) -> dict[str, Path]:
    if output is not None and output_dir is not None:
        raise click.UsageError("Give either --output or --output-dir, not both.")
    if output is not None and len(scenes) > 1:
        raise click.UsageError(f"--output names one file, but {len(scenes)} scenes were given; use --output-dir.")
    if output is not None:
        return {scenes[0]: output}
    targets = {scene: (output_dir or Path()) / f"{_stem(scene)}_classes.tif" for scene in scenes}
    if len(set(targets.values())) < len(targets):
        raise click.UsageError("Two scenes have the same name; segment them into different folders.")
    return targets


def _stem(scene: str) -> str:
    """Name for the output: the scene's own, without folders, suffix and what GDAL's prefixes add."""
    name = public_address(scene).rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return Path(name).stem or "scene"


command = segment
