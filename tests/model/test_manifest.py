from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from magnet_geo.classes import LandClass
from magnet_geo.errors import ModelError
from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size
from magnet_geo.model import Manifest, create_preset
from magnet_geo.model.description import fitting_sensors
from magnet_geo.sensors import sensor_names
from tests.model.conftest import small_values


def with_change(path: str, value: object) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(small_values()))
    *parents, last = path.split(".")
    place = values
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return values


def test_json_there_and_back_is_equal(manifest: Manifest) -> None:
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_values_become_the_packages_own(manifest: Manifest) -> None:
    assert manifest.pyramid == MagnificationPyramid.from_decimations(32, (4, 2, 1))
    assert manifest.pyramid.manner is PyramidManner.DECIMATION
    assert manifest.class_scheme().classes[1] == LandClass(1, "urban", "#00ffff")
    assert manifest.class_scheme().nodata == 255
    assert manifest.normalization.mean == (0.485, 0.456, 0.406)
    assert manifest.scaling.high == (255.0, 255.0, 255.0)


def test_levels_are_height_before_width() -> None:
    assert create_preset("cityscapes").pyramid.levels[0] == Size(height=128, width=256)


def test_uncounted_values_leave_the_other_indices(manifest: Manifest) -> None:
    assert manifest.counted_indices == (1, 2)


def test_a_coarse_only_model_refines_no_level(manifest: Manifest) -> None:
    coarse = manifest.without_refinement()
    assert list(manifest.refined_levels) == [1, 2]
    assert list(coarse.refined_levels) == []
    assert coarse.selection is None


def test_a_manifest_cannot_be_changed_in_place(manifest: Manifest) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        manifest.name = "other"


def test_a_checked_copy_refuses_what_does_not_fit(manifest: Manifest) -> None:
    assert manifest.changed(temperature=1.5).temperature == 1.5
    with pytest.raises(ModelError, match="temperature"):
        manifest.changed(temperature=0)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", "../evil", "name: "),
        ("title", "red \x1b[31m text", "title: "),
        ("surprise", 1, "surprise: Extra inputs"),
        ("architecture.surprise", 1, r"architecture\.surprise: Extra"),
        ("architecture.num_classes", 4, "3 classes do not fit num_classes 4"),
        ("architecture.in_channels", 4, "bands speaks of 3 bands, but in_channels is 4"),
        ("architecture.refinement", None, "refinement and a selection belong together"),
        ("classes.1.color", "red", r"classes\.1: Color 'red'"),
        ("classes.1.value", 0, "unique"),
        ("classes.1.value", 300, r"classes\.1: Class value 300"),
        ("nodata", 1, "nodata value 1"),
        ("uncounted_values", [9], r"uncounted_values \[9\]"),
        ("uncounted_values", [0, 1, 2], "leaves no class"),
        ("bands", ["red", "red", "blue"], "bands must be unique"),
        ("scaling.high", [255.0, 0.0, 255.0], "scaling: Each low value"),
        ("scaling.dtype", "complex64", r"scaling\.dtype"),
        ("normalization.std", [1.0, 1.0, 0.0], "normalization: Standard deviations"),
        ("normalization.mean", [0.5, 0.5, float("nan")], r"normalization\.mean\.2: .*finite"),
        ("gsd_m", 0, "gsd_m: "),
        ("pyramid.levels", [[64, 64], [32, 32]], "pyramid: Levels must grow"),
        ("pyramid.patch", [32, 0], r"pyramid\.patch\.1"),
        ("pyramid.manner", "other", r"pyramid\.manner"),
        ("halo_px", 64, "halo_px 64 is more than a quarter"),
        ("selection.full.n_points", 0, r"selection\.full\.n_points"),
        ("selection.full.n_points", 1.5, r"selection\.full: n_points above 1"),
        ("selection.full.smooth_kernel", 4, r"selection\.full: smooth_kernel must be odd"),
        ("selection.full.n_patches", 3, r"selection\.full\.n_patches: Extra"),
        ("selection.full.points_per", "image", "belong together.*this pyramid is of manner 'decimation'"),
        ("selection.fast.points_per", "image", "belong together"),
        ("pyramid.manner", "published", "belong together.*this pyramid is of manner 'published'"),
        ("selection.fast.n_patches", 3, r"selection\.fast: give either n_patches or patch_thresholds"),
        ("selection.fast.patch_thresholds", [0.2], "1 patch_thresholds do not fit 2 refined levels"),
        ("selection.fast.patch_thresholds", [0.2, 1.2], r"selection\.fast\.patch_thresholds\.1"),
        ("training_statistics", [{"mean": 1, "std": 1}], "training_statistics speaks of 1 bands"),
        ("card", [{"title": "t", "columns": ["a", "b"], "rows": [[1]]}], r"card\.0: a row of 1 cells"),
        ("format_version", 0, "format_version"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_field(path: str, value: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Manifest.from_values(with_change(path, value))


def test_a_fast_default_needs_a_fast_rule() -> None:
    values = with_change("selection.default", "fast")
    values["selection"]["fast"] = None
    with pytest.raises(ModelError, match="selection: the default mode is fast"):
        Manifest.from_values(values)


def test_a_newer_version_asks_for_an_update_before_anything_else() -> None:
    with pytest.raises(ModelError, match=r"newer version \(2; .*\); update magnet-geo"):
        Manifest.from_values({"format_version": 2, "unheard_of": True})


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "3", "null"])
def test_text_that_is_no_manifest_is_an_error(text: str) -> None:
    with pytest.raises(ModelError, match=r"^X is not "):
        Manifest.from_json(text, source="X")


def test_the_first_of_several_faults_is_told_and_the_others_counted() -> None:
    values = with_change("gsd_m", -1) | {"surprise": 1}
    with pytest.raises(ModelError, match=r"gsd_m: .*\(and 1 more\)\.$"):
        Manifest.from_values(values)


def test_bands_and_pixel_size_tell_which_sensors_fit(manifest: Manifest) -> None:
    assert fitting_sensors(manifest.changed(gsd_m=None)) == sensor_names()
    assert fitting_sensors(manifest.changed(gsd_m=1.0)) == ("naip", "planetscope")
    assert fitting_sensors(manifest.changed(gsd_m=30.0, bands=("B02", "nir", "swir16"))) == (
        "sentinel2",
        "sentinel2-offset",
        "landsat",
    )
