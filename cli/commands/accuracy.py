"""``magnet-geo accuracy``: draw a sample of a map, and estimate accuracy and areas from its answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from magnet_geo.evaluation.allocation import DEFAULT_EXPECTED_ACCURACY, DEFAULT_MIN_PER_CLASS
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken

from ..cancelling import cancel_by_signal
from ..errors import MagnetGroup
from ..options.option_types import ClassShare
from ..output.listeners import RunListener, choose_listener
from ..output.shown import echo_record
from ..output.table_file import check_table_target, write_table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TARGET = click.Path(path_type=Path)
_ALLOCATIONS = ["proportional", "equal", "neyman", "optimal", "power"]
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace existing outputs.")
_PROGRESS = click.option(
    "--progress", type=click.Choice(["auto", "bar", "none"]), default="auto", show_default=True, help="A bar."
)


@click.group(cls=MagnetGroup)
def accuracy() -> None:
    """Accuracy and areas as mapmakers must report them: from a random sample of the map.

    \b
    Example, in three steps:
      magnet-geo accuracy sample classes.tif points.gpkg
      fill in the column 'reference' in QGIS
      magnet-geo accuracy estimate points.gpkg classes.tif
    """


@accuracy.command()
@click.argument("map_file", metavar="MAP")
@click.argument("points", metavar="POINTS.gpkg", type=_TARGET)
@click.option("--size", type=click.IntRange(2), help="Points.  [default: 300, or the minimum of all classes]")
@click.option("--target-standard-error", type=float, help="Of the overall accuracy, such as 0.01; gives the size.")
@click.option(
    "--allocation",
    type=click.Choice(_ALLOCATIONS),
    default="proportional",
    show_default=True,
    help="How classes share the points; neyman (optimal) goes by expected accuracy, power favors small classes.",
)
@click.option(
    "--min-per-class", type=click.IntRange(2), default=DEFAULT_MIN_PER_CLASS, show_default=True, help="Points at least."
)
@click.option(
    "--expected-user-accuracy",
    "expected",
    type=ClassShare(),
    multiple=True,
    help=f"Of all classes (0.9) or of one (water=0.95).  [default: {DEFAULT_EXPECTED_ACCURACY}]",
)
@click.option("--exclude", "excluded", metavar="CLASS", multiple=True, help="Class to leave out, by name or value.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the random numbers.")
@click.option("--blind", is_flag=True, help="Do not show the map's class in the points.")
@click.option("--json", "as_json", is_flag=True, help="Write the design of the sample as JSON to stdout.")
@_PROGRESS
@_OVERWRITE
def sample(
    map_file: str,
    points: Path,
    size: int | None,
    target_standard_error: float | None,
    allocation: Any,
    min_per_class: int,
    expected: tuple[tuple[str | None, float], ...],
    excluded: tuple[str, ...],
    seed: int,
    blind: bool,
    as_json: bool,
    progress: str,
    overwrite: bool,
) -> None:
    """Draw a stratified random sample of the pixels of MAP: points to fill in by hand.

    Each point marks one pixel. Look at the ground there, in imagery better than the map was made from, and choose
    what it truly is in the column 'reference'; QGIS offers the classes as a list. Do not move, add or remove points.

    Example: magnet-geo accuracy sample classes.tif points.gpkg --size 400 --min-per-class 50
    """
    from magnet_geo.evaluation.allocation import Allocation
    from magnet_geo.evaluation.sample_layer import write_sample
    from magnet_geo.evaluation.sampling import SampleOptions, draw_sample
    from magnet_geo.raster import SceneSource
    from magnet_geo.vector import check_point_target

    everywhere = [share for name, share in expected if name is None]
    options = SampleOptions(
        size=size,
        target_standard_error=target_standard_error,
        allocation=Allocation("neyman" if allocation == "optimal" else allocation, min_per_class),
        expected_accuracy=everywhere[-1] if everywhere else DEFAULT_EXPECTED_ACCURACY,
        expected_by_class={name: share for name, share in expected if name is not None},
        excluded=excluded,
        seed=seed,
    )
    check_point_target(points, overwrite=overwrite)
    with _watched(map_file, progress) as (listener, token):
        design = draw_sample(SceneSource(map_file), options, progress=listener, cancel=token)
        write_sample(points, design, blind=blind)
    if as_json:
        echo_record(design)
        return
    from ..output.accuracy_tables import show_sample

    show_sample(design, points)


@accuracy.command()
@click.argument("points", metavar="POINTS", type=_FILE)
@click.argument("map_file", metavar="[MAP]", required=False)
@click.option("--design", "design_file", type=_FILE, help="Design of the sample (JSON), where POINTS lost it.")
@click.option("--reference-column", default="reference", show_default=True, help="Column of the answers.")
@click.option("--confidence-level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@click.option("--drop-unanswered", is_flag=True, help="Leave out points without an answer, as missing at random.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.option("--csv", "csv_file", type=_TARGET, help="Write the table of classes here.")
@_PROGRESS
@_OVERWRITE
def estimate(
    points: Path,
    map_file: str | None,
    design_file: Path | None,
    reference_column: str,
    confidence_level: float,
    drop_unanswered: bool,
    as_json: bool,
    csv_file: Path | None,
    progress: str,
    overwrite: bool,
) -> None:
    """Estimate accuracies and areas from the filled-in POINTS of `accuracy sample`, by Olofsson et al. (2014).

    With MAP, it is first compared with the one that was sampled.

    Example: magnet-geo accuracy estimate points.gpkg classes.tif --csv accuracy.csv
    """
    from magnet_geo.evaluation.accuracy_estimate import check_map, estimate_accuracy
    from magnet_geo.evaluation.sample_answers import find_design, read_answers
    from magnet_geo.evaluation.sample_design import read_design
    from magnet_geo.raster import SceneSource
    from magnet_geo.vector import read_point_layer

    check_table_target(csv_file, overwrite=overwrite)
    layer = read_point_layer(points)
    design = find_design(layer, source=points.name) if design_file is None else read_design(design_file)
    answers = read_answers(layer, design, source=points.name, column=reference_column)
    found = estimate_accuracy(
        answers,
        confidence_level=confidence_level,
        drop_unanswered=drop_unanswered,
        map_checked=map_file is not None,
    )
    if map_file is not None:
        with _watched(map_file, progress) as (listener, token):
            check_map(design, SceneSource(map_file), progress=listener, cancel=token)
    from ..output.accuracy_tables import estimate_rows, show_estimate

    if csv_file is not None:
        write_table(csv_file, estimate_rows(found))
    if as_json:
        echo_record(found)
    else:
        show_estimate(found)


@contextmanager
def _watched(name: str, progress: str) -> Iterator[tuple[RunListener, CancelToken]]:
    token = CancelToken()
    with choose_listener(progress) as listener, cancel_by_signal(token):
        listener.begin_scene(short_name(name), number=0, count=1)
        yield listener, token


command = accuracy
