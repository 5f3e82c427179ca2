"""The options of ``segment`` are the fields of its records, once."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rasterio.crs import CRS

from magnet_geo.cli.commands.segment import segment
from magnet_geo.cli.options.segment_options import segment_options
from magnet_geo.option_fields import note_of
from magnet_geo.scene import Area, RefineMode, SegmentOptions

EVERYTHING: dict[str, tuple[tuple[str, ...], Any]] = {
    "bands": (("--bands", "3,2,1"), (3, 2, 1)),
    "sensor": (("--sensor", "naip"), "naip"),
    "gsd": (("--gsd", "0.5"), 0.5),
    "crs": (("--crs", "EPSG:32633"), CRS.from_epsg(32633)),
    "open_options": (("--oo", "A=1", "--oo", "B=x=y"), (("A", "1"), ("B", "x=y"))),
    "scaling": (("--scaling", "0,3000"), (0.0, 3000.0)),
    "nodata": (("--nodata", "-1"), -1.0),
    "area": (
        ("--bbox", "1,2,3,4", "--bbox-crs", "EPSG:4326"),
        Area((1.0, 2.0, 3.0, 4.0), CRS.from_epsg(4326)),
    ),
    "refine": (("--refine", "full"), RefineMode("full")),
    "budget_s": (("--budget", "10min"), 600.0),
    "min_confidence": (("--min-confidence", "0.25"), 0.25),
    "preview": (("--preview", "p.tif"), Path("p.tif")),
    "confidence": (("--confidence", "c.tif"), Path("c.tif")),
    "probabilities": (("--probabilities", "q.tif"), Path("q.tif")),
    "stages": (("--stages", "stages"), Path("stages")),
    "batch_size": (("--batch-size", "3"), 3),
    "max_memory": (("--max-memory", "2GB"), 2 * 10**9),
    "max_vram": (("--max-vram", "1GiB"), 2**30),
    "threads": (("--threads", "2"), 2),
    "overwrite": (("--overwrite",), True),
    "resume": (("--no-resume",), False),
    "creation_options": (("--co", "LEVEL=9"), (("LEVEL", "9"),)),
}


def options_of(*arguments: str) -> SegmentOptions:
    seen: list[SegmentOptions] = []

    @click.command()
    @click.argument("scenes", nargs=-1)
    @segment_options
    def command(scenes: tuple[str, ...], options: SegmentOptions, **records: object) -> None:
        seen.append(options)

    done = CliRunner().invoke(command, ["s.tif", *arguments])
    assert done.exit_code == 0, done.stderr
    return seen[0]


def test_a_command_without_options_is_the_library_s_default() -> None:
    assert options_of() == SegmentOptions()


def test_every_field_has_an_option() -> None:
    assert list(EVERYTHING) == [entry.name for entry in fields(SegmentOptions)]
    everything = [part for arguments, _ in EVERYTHING.values() for part in arguments]
    assert options_of(*everything) == SegmentOptions(**{name: value for name, (_, value) in EVERYTHING.items()})


@pytest.mark.parametrize("name", EVERYTHING)
def test_an_option_sets_its_field_alone(name: str) -> None:
    arguments, value = EVERYTHING[name]
    assert options_of(*arguments) == SegmentOptions(**{name: value})


def test_the_help_of_a_field_is_that_of_its_option() -> None:
    shown = {param.name: getattr(param, "help", None) for param in segment.params}
    named = [entry.name for entry in fields(SegmentOptions) if entry.name != "area"]
    assert {name: shown[name] for name in named} == {name: note_of(name, SegmentOptions).text for name in named}
    assert shown["bounds_crs"] == "CRS of --bbox.  [default: the scene's]"


def test_an_area_is_a_box_or_a_file(tmp_path: Path) -> None:
    vector = tmp_path / "fields.gpkg"
    vector.touch()
    assert options_of("--aoi", str(vector)).area == Area(vector=vector)
