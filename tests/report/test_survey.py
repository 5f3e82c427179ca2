"""What is counted of a map, band by band."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from magnet_geo.errors import SceneError
from magnet_geo.progress import CancelToken, ignore_progress
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.report import survey
from magnet_geo.report.class_rows import certainty_of, class_rows, decade_heads
from magnet_geo.report.survey import MapSurvey, survey_map
from tests.raster.rasters import write_raster
from tests.report.maps import MadeMap


def look(classes: Path | str, certainty: Path | None = None) -> MapSurvey:
    source = None if certainty is None else SceneSource(str(certainty))
    with ClassMap(SceneSource(str(classes))) as class_map:
        return survey_map(class_map, source, progress=ignore_progress, cancel=CancelToken())


@pytest.mark.parametrize("band_pixels", [1, 5000, 2**21])
def test_counts_and_areas_are_those_of_the_run(
    made: MadeMap, monkeypatch: pytest.MonkeyPatch, band_pixels: int
) -> None:
    monkeypatch.setattr(survey, "_BAND_PIXELS", band_pixels)
    found = look(made.classes, made.confidence)
    for entry in made.result.classes:
        assert found.pixels[entry.value] == entry.pixels
        assert found.areas[entry.value] == pytest.approx(entry.area_m2, rel=1e-9)
        code = found.code_of[entry.value]
        assert found.regions.areas[code].sum() == pytest.approx(entry.area_m2, rel=1e-9)
    assert found.pixels.sum() == made.result.valid_pixels


def test_certainty_is_counted_by_class(made: MadeMap) -> None:
    found = look(made.classes, made.confidence)
    with rasterio.open(made.classes) as classes, rasterio.open(made.confidence) as certainty:
        values, sure = classes.read(1), certainty.read(1)
    assert found.certainty is not None
    for value in found.values:
        steps = sure[values == value] / 254
        summed = certainty_of(found.certainty[value])
        assert summed.mean == pytest.approx(steps.mean())
        assert summed.unsure == pytest.approx((steps < 0.5).mean())
        assert sum(summed.tenths) == pytest.approx(1)


def test_rows_come_by_area_and_add_up(foreign: Path) -> None:
    found = look(foreign)
    with ClassMap(SceneSource(str(foreign))) as class_map:
        rows = class_rows(found, {int(value): class_map.land_class(int(value)) for value in found.values})
    assert rows[0].name == "water"
    assert [row.length for row in rows] == sorted((row.length for row in rows), reverse=True)
    assert [row.patches for row in rows] == [1, 1, 1]
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert rows[0].length == 1
    assert all(len(row.bins) == len(decade_heads(found)) for row in rows)
    assert all(sum(bin_.share for bin_ in row.bins) == pytest.approx(1) for row in rows)


def test_a_map_without_nodata_may_hold_all_values_but_one(tmp_path: Path) -> None:
    values = np.arange(255, dtype=np.uint8).reshape(1, 15, 17)
    assert look(write_raster(tmp_path / "many.tif", values)).values.size == 255
    everything = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    with pytest.raises(SceneError, match=r"'all\.tif' holds 256 classes; a report has room for 255"):
        look(write_raster(tmp_path / "all.tif", everything))
