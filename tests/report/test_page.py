"""What a report says, and when it refuses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from magnet_geo.errors import BandError, CancelledError, OptionError, OutputError, SceneError
from magnet_geo.progress import CancelToken, Event, ProgressEvent
from magnet_geo.raster import SceneSource
from magnet_geo.records.run_record import RUN_TAG
from magnet_geo.report import ReportSources, read_result, write_report
from tests.raster.rasters import write_raster
from tests.report.maps import HEIGHT, WIDTH, MadeMap, make_map
from tests.scene.stub_model import TRANSFORM, texture, write_scene


def report(folder: Path, sources: ReportSources) -> str:
    return write_report(sources, folder / "report.html").read_text(encoding="utf-8")


def words(page: str) -> str:
    """The text of a page, pictures, scripts and tags left out."""
    bare = re.sub(r"<(script|style)>.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", bare).split())


def test_a_report_of_our_map_tells_all(made: MadeMap, tmp_path: Path) -> None:
    page = report(tmp_path, made.sources(result=made.result))
    text = words(page)
    assert "Land cover of fields" in text
    for entry in made.result.classes:
        assert f"{entry.name} " in text
        assert f"{entry.pixels:,}" in text
    assert f"{made.result.refined_share:.1%}".replace("%", " %") in text
    for fact in ("Time", "Peak memory", "Device cpu, fp32", "red from 1, green from 2, blue from 3", "stub 1"):
        assert fact in text
    assert "WGS 84 / UTM zone 33N (EPSG:32633)" in text
    assert "No accuracy was measured for this map." in text
    assert page.count("data:image/webp;base64,") == 1


def test_a_report_needs_no_other_file(made: MadeMap, tmp_path: Path) -> None:
    page = report(tmp_path, made.sources())
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', page)) == {"data:"}
    assert not re.search(r"https?://", page)
    assert str(made.scene.parent) not in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_map_made_elsewhere_is_reported_with_less(foreign: Path, tmp_path: Path) -> None:
    page = report(tmp_path, ReportSources(SceneSource(str(foreign))))
    text = words(page)
    assert "water 50.0 %" in text
    assert "The map carries no record of how it was made" in text
    assert "Certainty" not in text
    assert "Peak memory" not in text
    assert 'id="swipe"' not in page


def test_a_damaged_record_is_told_and_left_out(made: MadeMap, tmp_path: Path) -> None:
    path = shutil.copy(made.classes, tmp_path / "map.tif")
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.update_tags(**{RUN_TAG: "{}"})
    text = words(report(tmp_path, made.sources(classes=SceneSource(str(path)))))
    assert "Provenance. How the map was made" in text
    assert "The map carries no record of how it was made" in text


def test_names_are_text_and_never_markup(foreign: Path, tmp_path: Path) -> None:
    page = report(tmp_path, ReportSources(SceneSource(str(foreign)), title="<script>alert(1)</script>"))
    assert "<b>wood" not in page
    assert "&lt;b&gt;wood &amp; scrub&lt;/b&gt;" in page
    assert "<script>alert" not in page


def test_title_and_owner_are_shown(made: MadeMap, tmp_path: Path) -> None:
    text = words(report(tmp_path, made.sources(title="Somewhere, 2025", attribution="© Survey Office")))
    assert "Somewhere, 2025" in text
    assert "Scene: fields, © Survey Office." in text


def test_without_certainty_there_is_no_word_of_it(made: MadeMap, tmp_path: Path) -> None:
    page = report(tmp_path, made.sources(confidence=None))
    assert "Mean certainty" not in page
    assert 'id="certainty"' not in page


@pytest.mark.parametrize(
    ("refine", "text"),
    [("full", r"All \d+ patches were looked at closely"), ("off", "Nothing was refined: the map is the coarse one")],
)
def test_a_report_says_how_much_was_refined(tmp_path: Path, refine: str, text: str) -> None:
    assert re.search(text, words(report(tmp_path, make_map(tmp_path, refine=refine).sources())))


def test_a_map_without_crs_is_measured_in_pixels(tmp_path: Path) -> None:
    values = np.repeat(np.array([[1, 2], [2, 2]], np.uint8), 20, axis=0)[None]
    path = write_raster(tmp_path / "plain.tif", values, georeferenced=False)
    text = words(report(tmp_path, ReportSources(SceneSource(path))))
    assert "sizes are in pixels" in text
    assert "Where the map lies is not known" in text
    assert "class 2 75.0 % 60 60" in text
    assert " ha " not in text


def test_a_turned_map_says_so(foreign: Path, tmp_path: Path) -> None:
    turned = write_scene(
        tmp_path / "turned.tif", np.ones((1, 20, 30), np.uint8), transform=TRANSFORM @ Affine.rotation(20)
    )
    assert "North is not up." in report(tmp_path, ReportSources(SceneSource(turned)))
    page = write_report(ReportSources(SceneSource(str(foreign))), tmp_path / "straight.html").read_text()
    assert "North is not up." not in page


def test_a_scene_of_another_pixel_size_over_the_same_ground_fits(made: MadeMap, foreign: Path, tmp_path: Path) -> None:
    coarse = write_scene(
        tmp_path / "coarse.tif",
        texture(3, HEIGHT // 2, WIDTH // 2),
        transform=TRANSFORM @ Affine.scale(2),
    )
    page = report(tmp_path, ReportSources(SceneSource(str(foreign)), scene=SceneSource(coarse)))
    assert 'id="swipe"' in page


def test_a_scene_of_elsewhere_is_refused(made: MadeMap, tmp_path: Path) -> None:
    other = SceneSource(write_scene(tmp_path / "other.tif", texture(3, HEIGHT, WIDTH), crs="EPSG:32634"))
    with pytest.raises(SceneError, match=r"'other\.tif' does not cover the ground of the map.*warp it"):
        report(tmp_path, made.sources(scene=other))


def test_a_certainty_of_another_map_is_refused(made: MadeMap, tmp_path: Path) -> None:
    other = SceneSource(write_scene(tmp_path / "other.tif", texture(1, HEIGHT, WIDTH - 1)))
    with pytest.raises(SceneError, match=r"'other\.tif' has 259 x 180 pixels, but the map has 260 x 180"):
        report(tmp_path, made.sources(confidence=other))


def test_a_certainty_of_decimal_numbers_is_refused(made: MadeMap, tmp_path: Path) -> None:
    other = SceneSource(write_scene(tmp_path / "other.tif", texture(1, HEIGHT, WIDTH).astype(np.float32)))
    with pytest.raises(SceneError, match=r"has 1 band\(s\) of float32; a certainty raster has one of uint8"):
        report(tmp_path, made.sources(confidence=other))


@pytest.mark.parametrize("bands", [(1, 2), (0,), (1, 2, 4)])
def test_bands_that_cannot_be_shown_are_refused(made: MadeMap, tmp_path: Path, bands: tuple[int, ...]) -> None:
    with pytest.raises(BandError, match=r"cannot be shown: name three, or one for gray, of the 3 of 'fields\.tif'"):
        report(tmp_path, made.sources(bands=bands))


def test_a_map_of_nothing_is_refused(made: MadeMap, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "empty.tif", np.full((1, 9, 9), 255, np.uint8), nodata=255)
    with pytest.raises(SceneError, match=r"No pixel of 'empty\.tif' is valid"):
        report(tmp_path, ReportSources(SceneSource(path)))
    assert not (tmp_path / "report.html").exists()


def test_a_raster_of_decimal_numbers_is_refused(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "float.tif", np.ones((1, 9, 9), np.float32))
    with pytest.raises(SceneError, match="holds decimal numbers"):
        report(tmp_path, ReportSources(SceneSource(path)))


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("report.pdf", r"must end in \.html or \.htm, not '\.pdf'"),
        ("nowhere/report.html", "does not exist; create it first"),
        ("there.html", "exists already; choose another name or use `overwrite=True`"),
        ("folder.html", "is a folder; name a file inside it"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_at_once(
    made: MadeMap, tmp_path: Path, name: str, match: str
) -> None:
    (tmp_path / "there.html").write_text("older")
    (tmp_path / "folder.html").mkdir()
    events: list[Event] = []
    with pytest.raises(OutputError, match=match):
        write_report(made.sources(), tmp_path / name, progress=events.append)
    assert events == []
    assert (tmp_path / "there.html").read_text() == "older"


def test_an_older_report_is_replaced_only_when_asked(made: MadeMap, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("older")
    write_report(made.sources(), tmp_path / "report.html", overwrite=True)
    assert "Land cover of fields" in (tmp_path / "report.html").read_text()


def test_a_cancelled_report_leaves_nothing(made: MadeMap, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        write_report(made.sources(), tmp_path / "report.html", cancel=token)
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_to_the_end(made: MadeMap, tmp_path: Path) -> None:
    events: list[Event] = []
    write_report(made.sources(), tmp_path / "report.html", progress=events.append)
    fractions = [event.fraction for event in events if isinstance(event, ProgressEvent)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_a_result_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"raster": 1}')
    with pytest.raises(OptionError, match=r"is no result of segment; name the JSON file"):
        read_result(path)
