"""Options of ``magnet-geo segment`` in the order of its help, gathered into a few records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from magnet_geo.model import preset_names
from magnet_geo.scene import SegmentOptions, WorkerPlace

from .model_choice import ModelChoice
from .option_types import Workers
from .preset_options import preset_knobs
from .record_options import record_option, record_options, taken_record
from .stac_options import TimeSpanType

if TYPE_CHECKING:
    from magnet_geo.stac import TimeSpan

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TARGET = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the maps go.

    Attributes:
        output: The map of a single scene.
        output_dir: Folder of the maps; None for the current one.
    """

    output: Path | None
    output_dir: Path | None


@dataclass(frozen=True, slots=True)
class Extras:
    """What else is made of finished maps, each where it is wanted.

    Attributes:
        area_csv: Table of the areas of all maps.
        polygons: Layer of polygons.
        report: HTML file.
        stac: STAC Item.
        taken: When the scene was taken, for the Item.
    """

    area_csv: Path | None
    polygons: Path | None
    report: Path | None
    stac: Path | None
    taken: TimeSpan | None

    def __post_init__(self) -> None:
        if self.taken is not None and self.stac is None:
            raise click.UsageError("--datetime needs --stac.")


@dataclass(frozen=True, slots=True)
class RunChoice:
    """How the command runs.

    Attributes:
        device: Where to compute.
        precision: Numbers of the networks.
        workers: Several processes; None for this one.
        dashboard: Whether workers of this machine show what they do.
        skip_existing: Whether scenes whose map exists are left alone.
        dry_run: Whether to stop after the plan.
        verbose: Whether the plan of each run is shown.
        progress: ``auto``, ``bar``, ``jsonl`` or ``none``.
        cancel_on_eof: Whether the end of stdin cancels.
        as_json: Whether results go to stdout as JSON.
    """

    device: str
    precision: Literal["auto", "fp32", "bf16", "fp16"]
    workers: WorkerPlace | None
    dashboard: bool
    skip_existing: bool
    dry_run: bool
    verbose: bool
    progress: str
    cancel_on_eof: bool
    as_json: bool

    def __post_init__(self) -> None:
        if self.cancel_on_eof and self.progress != "jsonl":
            raise click.UsageError("--cancel-on-eof needs --progress jsonl.")


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("-o", "--output", type=_TARGET, help="Class raster to write.  [default: <scene>_classes.tif, here]"),
    click.option(
        "--output-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for the class rasters; made if need be.",
    ),
    click.option("--model", "name", metavar="NAME|FILE", help="Bundled name or model file.  [default: landcover]"),
    click.option("--preset", type=click.Choice(preset_names()), help="Published configuration, with --backbone."),
    click.option("--backbone", type=_FILE, help="Checkpoint of a preset's backbone (.pth)."),
    click.option(
        "--refinement", "refinements", type=_FILE, multiple=True, help="Its refinement: one, or one per level."
    ),
    preset_knobs,
    *record_options(SegmentOptions, "bands", "stages"),
    click.option("--csv", "area_csv", type=_TARGET, help="Write the areas of all maps here (.csv)."),
    click.option("--polygons", type=_TARGET, help="Write polygons of the map here (.gpkg, .fgb, .geojson, ...)."),
    click.option("--report", type=_TARGET, help="Write a report of the map here, one HTML file to hand on."),
    click.option("--stac", type=_TARGET, help="Write a STAC Item of the map here (.json)."),
    click.option(
        "--datetime",
        "taken",
        type=TimeSpanType(),
        help="For --stac: when the scene was taken.  [default: its file says]",
    ),
    click.option(
        "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps", help="Where to compute."
    ),
    click.option(
        "--precision",
        type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
        default="auto",
        show_default=True,
        help="Numbers of the networks; auto: bf16 where the hardware multiplies it.",
    ),
    *record_options(SegmentOptions, "batch_size", "threads"),
    click.option("--workers", type=Workers(), help="Several processes: N here, or those of a Dask scheduler."),
    click.option(
        "--dashboard/--no-dashboard",
        default=True,
        show_default=True,
        help="Dask's page of what workers of this machine do, on 127.0.0.1 alone.",
    ),
    record_option(SegmentOptions, "overwrite"),
    click.option("--skip-existing", is_flag=True, help="Leave scenes alone whose map exists: a batch goes on."),
    *record_options(SegmentOptions, "resume", "creation_options"),
    click.option("--dry-run", is_flag=True, help="Say what would be done, in which memory and time, and stop."),
    click.option("-v", "--verbose", is_flag=True, help="Show the plan of each run."),
    click.option(
        "--progress",
        type=click.Choice(["auto", "bar", "jsonl", "none"]),
        default="auto",
        show_default=True,
        help="A bar, or JSON lines on stdout.",
    ),
    click.option("--cancel-on-eof", is_flag=True, help="With jsonl: the end of stdin cancels."),
    click.option("--json", "as_json", is_flag=True, help="Write the result as JSON to stdout, a line per scene."),
)


def segment_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add all options to the command; its function receives them as the records that they belong to."""

    @wraps(function)
    def gathered(scenes: tuple[str, ...], **values: Any) -> None:
        function(scenes, **_gathered(values))

    decorated: Callable[..., None] = gathered
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _gathered(values: dict[str, Any]) -> Mapping[str, Any]:
    records = {
        "options": SegmentOptions,
        "targets": Targets,
        "choice": ModelChoice,
        "extras": Extras,
        "run": RunChoice,
    }
    return {name: taken_record(record, values) for name, record in records.items()}
