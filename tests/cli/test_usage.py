from __future__ import annotations

from pathlib import Path

import click
import pytest

from magnet_geo.cli.main import main
from tests.cli.runs import assert_wrong_usage, names, run

SEGMENT_USAGE = [
    ((), "Missing argument 'SCENE"),
    (("s.tif", "--bbox", "1,2,3"), "'1,2,3' is no box; write left,bottom,right,top"),
    (("s.tif", "--bbox", "west,0,east,1"), "is no box"),
    (("s.tif", "--bbox-crs", "EPSG:4326"), "--bbox-crs needs --bbox"),
    (("s.tif", "--bbox", "0,0,1,1", "--bbox-crs", "nowhere"), "'nowhere' is no coordinate reference system"),
    (("s.tif", "--bbox", "0,0,1,1", "--aoi", __file__), "either --bbox or --aoi, not both"),
    (("s.tif", "--aoi", "none.gpkg"), "'none.gpkg' does not exist"),
    (("s.tif", "--bands", "x"), "'x' is no list of band numbers; write it like 3,2,1"),
    (("s.tif", "--bands", ""), "is no list of band numbers"),
    (("s.tif", "--gsd", "-1"), "'-1' is neither 'native' nor a positive number of metres"),
    (("s.tif", "--crs", "EPSG:0"), "is no coordinate reference system"),
    (("s.tif", "--oo", "KEY"), "'KEY' is no pair; write KEY=VALUE"),
    (("s.tif", "--co", "=1"), "'=1' is no pair; write KEY=VALUE"),
    (("s.tif", "--scaling", "9,1"), "The range 9,1 is empty; name the lower value first"),
    (("s.tif", "--scaling", "some"), "'some' is neither auto, none nor two numbers like 0,3000"),
    (("s.tif", "--nodata", "black"), "'black' is not a valid float"),
    (("s.tif", "--refine", "2"), "must lie between 0 and 1, not 2"),
    (("s.tif", "--refine", "most"), "'most' is neither full, fast, off nor a share between 0 and 1"),
    (("s.tif", "--budget", "soon"), "'soon' is no length of time; write it like 90s, 10min or 1h"),
    (("s.tif", "--budget", "0s"), "'0s' is no length of time"),
    (("s.tif", "--budget", "10"), "'10' is no length of time"),
    (("s.tif", "--budget", "1h", "--refine", "0.3"), "--budget decides how much is refined: leave --refine out"),
    (("s.tif", "--budget", "1h", "--refine", "off"), "--budget decides how much is refined"),
    (("s.tif", "--budget", "1h", "--refine", "fast"), "--budget decides how much is refined"),
    (("s.tif", "--min-confidence", "1.5"), "1.5 is not in the range 0<=x<=1"),
    (("s.tif", "--precision", "fp8"), "'fp8' is not one of"),
    (("s.tif", "--batch-size", "0"), "0 is not in the range"),
    (("s.tif", "--max-memory", "lots"), "'lots' is no amount of memory; write it like 4GB or 800MB"),
    (("s.tif", "--progress", "loud"), "'loud' is not one of"),
    (("s.tif", "--cancel-on-eof"), "--cancel-on-eof needs --progress jsonl"),
    (("s.tif", "-o", "a.tif", "--output-dir", "maps"), "either --output or --output-dir, not both"),
    (("s.tif", "t.tif", "-o", "a.tif"), "--output names one file, but 2 scenes were given; use --output-dir"),
    (("s.tif", "north/s.tif"), "Two scenes have the same name"),
    (("s.tif", "t.tif", "--confidence", "c.tif"), "go with a single SCENE"),
    (("s.tif", "--preset", "deepglobe"), "--preset needs the checkpoint of its backbone: --backbone FILE"),
    (("s.tif", "--preset", "deepglobe", "--model", "tiny"), "either --model or --preset, not both"),
    (("s.tif", "--n-patches", "3"), "the preset's knobs need --preset"),
    (("s.tif", "--preset", "mars"), "'mars' is not one of"),
    (("s.tif", "--sharpen"), "No such option"),
]


@pytest.mark.parametrize(("arguments", "match"), SEGMENT_USAGE)
def test_wrong_usage_of_segment_exits_2(
    arguments: tuple[str, ...], match: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_wrong_usage(run("segment", *arguments), match=match)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "arguments", [("info",), ("info", "s.tif", "--bands", "x"), ("model", "show"), ("model", "go")]
)
def test_wrong_usage_of_the_others_exits_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    found = [path]
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found += commands(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_help_shows_an_example(path: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        result = run(*path, option)
        assert result.exit_code == 0
        text = " ".join(result.stdout.split())
        assert " ".join(("magnet-geo", *path, "")) in text.split("Example", 1)[1]


def test_a_negative_coordinate_needs_no_trick(tmp_path: Path) -> None:
    result = run("segment", tmp_path / "none.tif", "--bbox", "-10,-10,10,10", "--model", tmp_path / "none")
    assert result.exit_code == 1
