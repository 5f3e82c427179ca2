"""``magnet-geo info``: how a scene will be read, before a run."""

from __future__ import annotations

from typing import Any

import click
from rasterio.crs import CRS

from magnet_geo.records.scene_record import SceneRecord
from magnet_geo.scene import SegmentOptions, inspect_scene

from ..options.model_choice import DEFAULT_MODEL, ModelChoice
from ..options.option_types import BandList
from ..options.record_options import record_option
from ..output.shown import echo, echo_record


@click.command(name="info")
@click.argument("scene")
@click.option("--model", "model_name", metavar="NAME|FILE", default=DEFAULT_MODEL, show_default=True, help="The model.")
@click.option("--bands", type=BandList(), help="Scene bands for the model's, such as 3,2,1.")
@record_option(SegmentOptions, "sensor")
@record_option(SegmentOptions, "gsd")
@record_option(SegmentOptions, "crs")
@record_option(SegmentOptions, "open_options")
@record_option(SegmentOptions, "nodata")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
def info(
    scene: str,
    model_name: str,
    bands: tuple[int, ...] | None,
    sensor: str | None,
    gsd: Any,
    crs: CRS | None,
    open_options: tuple[tuple[str, str], ...],
    nodata: float | None,
    as_json: bool,
) -> None:
    """Say how a scene will be read, and what would stop a run.

    Example: magnet-geo info scene.tif --model landcover
    """
    options = SegmentOptions(bands=bands, sensor=sensor, gsd=gsd, crs=crs, open_options=open_options, nodata=nodata)
    record = inspect_scene(scene, ModelChoice(model_name).manifest(), options)
    if as_json:
        echo_record(record)
    else:
        _show(record, has_own_nodata=nodata is not None)


def _show(record: SceneRecord, *, has_own_nodata: bool) -> None:
    grid, fit = record.grid, record.fit
    gsd = "unknown" if record.gsd_m is None else f"{record.gsd_m:.3g} m"
    _line("scene", f"{record.scene} ({record.driver})")
    _line("size", f"{grid.width} x {grid.height} px, {record.dtype}")
    _line("crs", grid.crs or "none")
    _line("pixel size", gsd)
    for band in record.bands:
        name = f" '{band.description}'" if band.description else ""
        nodata = "" if band.nodata is None else f", nodata {band.nodata:g}"
        _line("band", f"{band.number}{name} ({band.color_interpretation}{nodata})")
    if record.ground_control_points:
        _line("gcps", f"{record.ground_control_points}, carried over into the map")
    if record.has_rpcs:
        _line("rpcs", "carried over into the map")
    _line("validity", _validity(record, has_own_nodata=has_own_nodata))
    _line("overviews", ", ".join(map(str, record.overviews)) or "none")
    wanted = f"{', '.join(fit.model_bands)} at {_metres(fit.model_gsd_m)}"
    _line("model", f"{fit.model} wants {wanted}")
    if fit.bands is not None:
        _line("reads", f"bands {', '.join(map(str, fit.bands))}{_ratio(fit.scene_pixels_per_model_pixel)}")
    for text in (*record.warnings, *fit.warnings):
        _line("warning", text)
    for text in fit.problems:
        _line("problem", text)


def _line(label: str, text: str) -> None:
    echo(f"{label:<12}{text}")


def _metres(gsd_m: float | None) -> str:
    return "any pixel size" if gsd_m is None else f"{gsd_m:g} m"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return ", pixels as they are" if ratio == 1 else f", {ratio:.3g} scene pixels per model pixel"


def _validity(record: SceneRecord, *, has_own_nodata: bool) -> str:
    """What says which pixels are data: the first way that the file offers, and a nodata value that the user names."""
    ways = []
    if record.has_mask_band:
        ways.append("mask band")
    if record.alpha_band is not None:
        ways.append(f"alpha band {record.alpha_band}")
    if any(band.nodata is not None for band in record.bands) and not has_own_nodata:
        ways.append("nodata value")
    used, unused = ways[:1], ways[1:]
    if has_own_nodata:
        used.append("nodata value")
    return (", ".join(used) or "every pixel") + (f" (in place of {' and '.join(unused)})" if unused else "")


command = info
