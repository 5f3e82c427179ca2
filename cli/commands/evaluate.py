"""``magnet-geo evaluate``: a finished map against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rasterio.crs import CRS

from magnet_geo.evaluation.boundary import DEFAULT_TOLERANCE_PX
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken

from ..cancelling import cancel_by_signal
from ..options.option_types import Box, Crs, KeyValue
from ..options.record_options import chosen_area
from ..output.listeners import choose_listener
from ..output.shown import echo_record
from ..output.table_file import check_table_target, write_table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TARGET = click.Path(path_type=Path)


@click.command(name="evaluate", short_help="Score a map against labels.")
@click.argument("prediction")
@click.argument("truth")
@click.option("--classes", metavar="FILE|NAME", help="Class table (YAML, CSV, .qml, raster, cityscapes, deepglobe).")
@click.option(
    "--match",
    type=click.Choice(["auto", "value", "name"]),
    default="auto",
    show_default=True,
    help="What a label and a class have in common; auto: the name where the map has all the truth's names.",
)
@click.option(
    "--map", "pairs", type=KeyValue(), metavar="LABEL=CLASS", multiple=True, help="A label of the truth and its class."
)
@click.option("--ignore-value", "ignored", metavar="LABEL", multiple=True, help="Label of ground not to be compared.")
@click.option("--uncounted", metavar="CLASS", multiple=True, help="Class to leave out of the means.")
@click.option("--class-column", help="Column of the class in truth polygons.")
@click.option("--background", metavar="CLASS", help="Class of ground without a polygon.  [default: not compared]")
@click.option("--bbox", type=Box(), help="Area to compare: left, bottom, right, top.")
@click.option("--bbox-crs", type=Crs(), help="CRS of --bbox.  [default: the map's]")
@click.option("--aoi", type=_FILE, help="Area to compare: polygons of a vector file.")
@click.option(
    "--boundary-tolerance",
    type=click.IntRange(0),
    default=DEFAULT_TOLERANCE_PX,
    show_default=True,
    help="Pixels that borders may be apart.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.option("--csv", "csv_file", type=_TARGET, help="Write the table of classes here.")
@click.option(
    "--progress", type=click.Choice(["auto", "bar", "none"]), default="auto", show_default=True, help="A bar."
)
@click.option("--overwrite", is_flag=True, help="Replace existing outputs.")
def evaluate(
    prediction: str,
    truth: str,
    classes: str | None,
    match: Any,
    pairs: tuple[tuple[str, str], ...],
    ignored: tuple[str, ...],
    uncounted: tuple[str, ...],
    class_column: str | None,
    background: str | None,
    bbox: tuple[float, float, float, float] | None,
    bbox_crs: CRS | None,
    aoi: Path | None,
    boundary_tolerance: int,
    as_json: bool,
    csv_file: Path | None,
    progress: str,
    overwrite: bool,
) -> None:
    """Score the class map PREDICTION against TRUTH: a label raster or polygons, in any CRS and resolution.

    The label under the center of each pixel of the map counts.

    \b
    Examples:
      magnet-geo evaluate classes.tif labels.tif --ignore-value 0
      magnet-geo evaluate classes.tif fields.gpkg --class-column crop --map meadow=grass
    """
    from magnet_geo.evaluation.class_matching import ClassMatching
    from magnet_geo.evaluation.map_evaluation import EvaluationOptions
    from magnet_geo.evaluation.map_evaluation import evaluate as evaluate_map

    area = chosen_area(bbox, bbox_crs, aoi)
    check_table_target(csv_file, overwrite=overwrite)
    options = EvaluationOptions(
        matching=ClassMatching(match, classes, pairs, ignored, uncounted),
        class_column=class_column,
        background=background,
        area=area,
        tolerance_px=boundary_tolerance,
    )
    token = CancelToken()
    with choose_listener(progress) as listener, cancel_by_signal(token):
        listener.begin_scene(short_name(prediction), number=0, count=1)
        result = evaluate_map(prediction, truth, options, progress=listener, cancel=token)
    from ..output.score_tables import score_rows, show_evaluation

    if csv_file is not None:
        write_table(csv_file, score_rows(result.scores))
    if as_json:
        echo_record(result)
    else:
        show_evaluation(result)


command = evaluate
