from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import fields
from tests.cli.runs import assert_refused, mounted_tmpfs, names, remount, run, segment_json
from tests.raster.rasters import write_raster


@pytest.fixture
def own_scene(maps: Path) -> Path:
    """A scene in the folder of the outputs."""
    return Path(write_raster(maps / "own.tif", fields(40, 50)))


class Segment:
    """Segments a scene with the tiny model."""

    def __init__(self, scene: Path, model: Path) -> None:
        self.scene, self.model = scene, model

    def __call__(self, *options: object) -> Result:
        return run("segment", self.scene, "--model", self.model, *options)


@pytest.fixture
def segment(scene: Path, tiny_model: Path) -> Segment:
    return Segment(scene, tiny_model)


def test_an_existing_output_is_kept(segment: Segment, maps: Path) -> None:
    output = maps / "map.tif"
    output.write_text("mine")
    match = r"The output '.*map\.tif' exists already; choose another name or use --overwrite"
    assert_refused(segment("-o", output), match=match)
    assert (names(maps), output.read_text()) == (["map.tif"], "mine")


@pytest.mark.parametrize("name", ["map.qml", "map.sld", "map.tif.aux.xml", "map.tif.ovr", "map.tif.msk"])
def test_a_file_of_another_layer_beside_the_output_is_kept(segment: Segment, maps: Path, name: str) -> None:
    other, output = maps / name, maps / "map.tif"
    other.write_text("mine")
    match = rf"'.*{re.escape(name)}' exists already and would be replaced along with the output '.*map\.tif'"
    assert_refused(segment("-o", output), match=match)
    assert_refused(segment("-o", maps / "x.tif", "--preview", output), match=match)
    assert (names(maps), other.read_text()) == ([name], "mine")
    assert segment("-o", output, "--overwrite").exit_code == 0
    assert not other.exists() or other.read_text() != "mine"


def test_styles_of_others_are_kept_where_the_output_has_none(segment: Segment, maps: Path) -> None:
    for suffix in ("qml", "sld"):
        (maps / f"sure.{suffix}").write_text("mine")
    assert segment("-o", maps / "map.tif", "--confidence", maps / "sure.tif").exit_code == 0
    assert {(maps / f"sure.{suffix}").read_text() for suffix in ("qml", "sld")} == {"mine"}


def test_parts_of_another_shapefile_are_kept(segment: Segment, maps: Path) -> None:
    assert segment("-o", maps / "map.tif").exit_code == 0
    (maps / "ground.dbf").write_text("mine")
    found = run("polygonize", maps / "map.tif", maps / "ground.shp")
    assert_refused(found, match=r"'.*ground\.dbf' exists already and would be replaced along with the output")
    assert (maps / "ground.dbf").read_text() == "mine"


@pytest.mark.parametrize("resume", [(), ("--no-resume",)])
def test_a_folder_of_others_in_place_of_the_work_folder_is_not_touched(
    segment: Segment, maps: Path, resume: tuple[str, ...]
) -> None:
    home, planted = maps.parent / "home", maps / ".map.tif.magnet-geo"
    (home / "coarse").mkdir(parents=True)
    (home / "run.json").write_text("mine")
    (home / "coarse" / "0.part").write_text("mine")
    planted.symlink_to(home)
    assert_refused(segment("-o", maps / "map.tif", *resume), match="is a link, .*nothing in it was touched")
    planted.unlink()
    home.rename(planted)
    assert_refused(segment("-o", maps / "map.tif", *resume), match="is no folder of magnet-geo .*nothing in it was")
    assert (planted / "run.json").read_text() == (planted / "coarse" / "0.part").read_text() == "mine"
    assert names(maps) == [planted.name]


def test_overwrite_replaces_it(segment: Segment, maps: Path) -> None:
    output = maps / "map.tif"
    output.write_text("mine")
    assert segment("-o", output, "--overwrite").exit_code == 0
    assert output.read_bytes()[:2] == b"II"


def test_a_failed_run_keeps_the_output_it_would_have_replaced(segment: Segment, maps: Path) -> None:
    output = maps / "map.tif"
    output.write_text("mine")
    assert segment("-o", output, "--overwrite", "--bands", "9,9,9").exit_code == 1
    assert (names(maps), output.read_text()) == (["map.tif"], "mine")


@pytest.mark.parametrize("option", ["--confidence", "--probabilities", "--preview"])
def test_every_existing_output_is_kept(segment: Segment, maps: Path, option: str) -> None:
    other = maps / "other.tif"
    other.write_text("mine")
    assert_refused(segment("-o", maps / "map.tif", option, other), match=r"other\.tif' exists already")
    assert (names(maps), other.read_text()) == (["other.tif"], "mine")


def test_an_existing_stage_is_kept(segment: Segment, maps: Path) -> None:
    stages = maps / "stages"
    stages.mkdir()
    (stages / "stage_1.tif").write_text("mine")
    assert_refused(segment("-o", maps / "map.tif", "--stages", stages), match=r"stage_1\.tif' exists already")
    assert (names(maps), names(stages)) == (["stages"], ["stage_1.tif"])


def test_stages_that_are_a_file(segment: Segment, maps: Path) -> None:
    (maps / "stages").write_text("mine")
    match = "stages' is a file; --stages needs the name of a folder"
    assert_refused(segment("-o", maps / "map.tif", "--stages", maps / "stages"), match=match)
    assert names(maps) == ["stages"]


def test_two_outputs_of_one_name(segment: Segment, maps: Path) -> None:
    output = maps / "map.tif"
    assert_refused(segment("-o", output, "--confidence", output), match="Two outputs have the same name")
    assert names(maps) == []


def test_an_output_of_another_format(segment: Segment, maps: Path) -> None:
    match = r"map\.png' must end in \.tif or \.tiff, not '\.png'; rename it"
    assert_refused(segment("-o", maps / "map.png"), match=match)
    assert names(maps) == []


def test_a_missing_folder(segment: Segment, maps: Path) -> None:
    output = maps / "none" / "map.tif"
    assert_refused(segment("-o", output), match="The folder '.*none' does not exist; create it first")
    assert names(maps) == []


def test_a_folder_in_place_of_the_output(segment: Segment, maps: Path) -> None:
    (maps / "map.tif").mkdir()
    assert_refused(segment("-o", maps / "map.tif", "--overwrite"), match="is a folder; name a file inside it")


def test_a_read_only_folder(segment: Segment, maps: Path) -> None:
    with mounted_tmpfs(maps, "size=1m"):
        remount(maps, "ro")
        match = "The folder '.*maps' is read-only; choose another one"
        assert_refused(segment("-o", maps / "map.tif"), match=match)
        assert_refused(segment("--output-dir", maps / "new"), match="new' cannot be made .*Read-only")
        assert names(maps) == []


@pytest.mark.parametrize("size_kb", [16, 200, 276], ids=["part", "draft", "finished raster"])
def test_what_a_full_disk_left_is_continued_once_there_is_room(
    segment: Segment, maps: Path, tmp_path: Path, size_kb: int
) -> None:
    (tmp_path / "expected").mkdir()
    assert segment("-o", tmp_path / "expected" / "map.tif").exit_code == 0
    with mounted_tmpfs(maps, f"size={size_kb}k"):
        match = r"The disk (filled up while '.*map\.tif' was written|with '.*' is full).* make room"
        assert_refused(segment("-o", maps / "map.tif"), match=match)
        assert set(names(maps)) <= {".map.tif.magnet-geo"}
        remount(maps, "size=2m")
        assert segment("-o", maps / "map.tif").exit_code == 0
        assert names(maps) == names(tmp_path / "expected")
        for name in names(maps):
            assert (maps / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()


@pytest.mark.parametrize("options", [(), ("--overwrite",)])
def test_no_output_may_be_the_scene(own_scene: Path, tiny_model: Path, maps: Path, options: tuple[str, ...]) -> None:
    content = own_scene.read_bytes()
    link = maps / "link.tif"
    link.symlink_to(own_scene)
    segment = Segment(own_scene, tiny_model)
    match = r"is the scene itself; choose another name"
    for output in (own_scene, link, maps / ".." / "maps" / "own.tif"):
        assert_refused(segment("-o", output, *options), match=match)
    assert_refused(segment("-o", maps / "map.tif", "--confidence", own_scene, *options), match=match)
    assert (names(maps), own_scene.read_bytes()) == (["link.tif", "own.tif"], content)


def test_too_little_memory_names_what_works(segment: Segment, maps: Path) -> None:
    output = maps / "map.tif"
    result = segment("-o", output, "--max-memory", "10MB")
    match = r"One window of the model 'tiny' needs about .* but --max-memory allows 10 MB; the smallest that works is"
    assert_refused(result, match=match)
    assert names(maps) == []
    option, amount = re.search(r"works is (--max-memory) ([\d.]+[MG]B)\.", result.stderr).groups()
    segment_json(segment.scene, "-o", output, "--model", segment.model, option, amount)
    assert output.exists()


@pytest.mark.parametrize(
    ("pair", "match"),
    [
        ("SHININESS=9", r"The creation option 'SHININESS' is not one of BIGTIFF, .*"),
        ("COMPRESS=JPEG", r"The creation option COMPRESS=JPEG is not possible; COMPRESS takes NONE, LZW, .*"),
        ("BLOCKSIZE=100", r"The creation option BLOCKSIZE=100 is not possible; BLOCKSIZE takes whole numbers .*"),
    ],
)
def test_a_creation_option_that_is_not_possible(segment: Segment, maps: Path, pair: str, match: str) -> None:
    assert_refused(segment("-o", maps / "map.tif", "--co", pair), match=match)
    assert names(maps) == []


def test_a_creation_option_is_checked_before_the_preview(segment: Segment, maps: Path) -> None:
    assert segment("-o", maps / "map.tif", "--preview", maps / "early.tif", "--co", "SHININESS=9").exit_code == 1
    assert names(maps) == []
