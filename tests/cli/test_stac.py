"""STAC Items of maps and models: valid by pystac's own schemas, and read back by its extensions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pystac.validation
import pytest
import rasterio
from pystac.extensions.classification import ClassificationExtension
from pystac.extensions.file import FileExtension
from pystac.extensions.mlm import MLMExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import RasterExtension
from shapely.geometry import shape

from magnet_geo.model import model_hash
from tests.cli.conftest import fields
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run, segment_json, segment_lines
from tests.raster.rasters import TRANSFORM, write_raster
from tests.tiny_model import write_tiny_model


def read_item(path: Path) -> pystac.Item:
    """An Item that is valid by the schemas inside pystac; those of the extensions are not at hand without a network."""
    content = json.loads(path.read_text(encoding="utf-8"))
    pystac.validation.validate_dict({**content, "stac_extensions": []})
    return pystac.Item.from_dict(content)


@pytest.fixture(scope="module")
def dated_scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(write_raster(tmp_path_factory.mktemp("scene") / "dated.tif", fields(60, 90)))
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_DATETIME="2024:06:01 10:30:00")
    return path


@pytest.fixture(scope="module")
def written(dated_scene: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder of a run with everything, and its result."""
    folder = tmp_path_factory.mktemp("written")
    options = ("--confidence", folder / "sure.tif", "--probabilities", folder / "shares.tif")
    result = segment_json(
        dated_scene, "-o", folder / "map.tif", "--model", tiny_model, *options, "--stac", folder / "map.json"
    )
    return folder, result


@pytest.fixture(scope="module")
def item(written: tuple[Path, Any]) -> pystac.Item:
    return read_item(written[0] / "map.json")


def test_the_result_names_the_item(written: tuple[Path, Any]) -> None:
    folder, result = written
    assert result.stac == str(folder / "map.json")
    assert result.warnings == ()


def test_the_item_says_where_and_when(item: pystac.Item) -> None:
    assert (item.id, item.datetime and item.datetime.isoformat()) == ("map", "2024-06-01T10:30:00+00:00")
    projection = ProjectionExtension.ext(item)
    assert (projection.code, projection.shape) == ("EPSG:32633", [60, 90])
    assert projection.transform == list(TRANSFORM)[:6]
    assert item.geometry is not None
    assert item.bbox == pytest.approx(shape(item.geometry).bounds, abs=1e-7)
    assert item.properties["gsd"] == pytest.approx(0.5, rel=1e-2)


def test_the_item_says_what_the_map_holds(item: pystac.Item, written: tuple[Path, Any]) -> None:
    asset = item.assets["classes"]
    assert (asset.href, asset.media_type, asset.roles) == ("./map.tif", pystac.MediaType.COG, ["data"])
    (band,) = RasterExtension.ext(asset).bands or []
    assert (band.data_type, band.nodata) == ("uint8", 255)
    classes = ClassificationExtension.ext(asset).classes or []
    assert [(c.value, c.title, c.color_hint, c.count, c.nodata) for c in classes] == [
        *((c.value, c.name, c.color[1:].upper(), c.pixels, None) for c in written[1].classes),
        (255, None, None, None, True),
    ]
    assert sum(c.percentage or 0 for c in classes) == pytest.approx(100, abs=1e-3)


def test_the_item_says_how_the_map_was_made(item: pystac.Item, written: tuple[Path, Any]) -> None:
    assert item.properties["processing:software"].keys() == {"magnet-geo", "GDAL"}
    made_by = item.properties["processing:expression"]["expression"]["model"]
    assert made_by == written[1].model.model_dump()
    assert any("/processing/" in uri for uri in item.stac_extensions)


def test_every_path_leads_from_the_item_to_a_file(
    item: pystac.Item, written: tuple[Path, Any], dated_scene: Path, tiny_model: Path
) -> None:
    folder = written[0]
    assert set(item.assets) == {"classes", "confidence", "probabilities", "style-qgis", "style-sld", "attributes"}
    assert all((folder / asset.href).is_file() for asset in item.assets.values())
    targets = {str(link.rel): folder / str(link.target) for link in item.links}
    assert targets["derived_from"].resolve() == dated_scene
    assert targets["mlm:model"].resolve() == tiny_model
    bands = RasterExtension.ext(item.assets["probabilities"]).bands or []
    assert [band.scale for band in bands] == [pytest.approx(1 / 254)] * 3


def test_the_command_says_the_same_of_a_finished_map(
    item: pystac.Item, written: tuple[Path, Any], dated_scene: Path, tiny_model: Path, maps: Path
) -> None:
    folder = written[0]
    options = ("--scene", dated_scene, "--model", tiny_model, "--confidence", folder / "sure.tif")
    result = run("stac", folder / "map.tif", maps / "later.json", *options, "--probabilities", folder / "shares.tif")
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    later = read_item(maps / "later.json").to_dict()
    told = item.to_dict()
    for one in (later, told):
        del one["properties"]["created"]
        one["assets"] = {key: {**asset, "href": Path(asset["href"]).name} for key, asset in one["assets"].items()}
        one["links"] = [{**link, "href": Path(link["href"]).name} for link in one["links"] if link["rel"] != "self"]
    assert later == told


def test_what_else_the_run_makes_is_an_asset_too(dated_scene: Path, tiny_model: Path, maps: Path) -> None:
    options = ("--polygons", maps / "map.gpkg", "--report", maps / "map.html", "--stac", maps / "map.json")
    segment_json(dated_scene, "-o", maps / "map.tif", "--model", tiny_model, *options)
    assets = read_item(maps / "map.json").assets
    assert (assets["polygons"].href, assets["polygons"].media_type) == ("./map.gpkg", pystac.MediaType.GEOPACKAGE)
    assert (assets["report"].href, assets["report"].roles) == ("./map.html", ["overview"])


def test_a_time_can_be_given(written: tuple[Path, Any], maps: Path) -> None:
    run("stac", written[0] / "map.tif", maps / "summer.json", "--datetime", "2024-05-01/2024-09-30")
    found = read_item(maps / "summer.json")
    assert found.datetime is None
    assert found.properties["start_datetime"] == "2024-05-01T00:00:00Z"
    assert found.properties["end_datetime"] == "2024-09-30T23:59:59Z"


def test_a_time_that_nobody_knows_is_not_made_up(
    scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = (scene, "-o", maps / "map.tif", "--model", tiny_model, "--stac", maps / "map.json")
    _, lines = segment_lines(capfd, *arguments)
    (warning,) = (line["message"] for line in lines if line.get("level") == "warning")
    assert "Nothing says when the scene was taken" in warning
    assert lines[-1]["warnings"] == [warning]
    found = read_item(maps / "map.json")
    assert found.datetime is None
    assert found.properties["start_datetime"] < "1900"
    assert found.properties["end_datetime"] == found.properties["created"]


def test_a_map_without_place_has_no_geometry(tmp_path: Path, tiny_model: Path, maps: Path) -> None:
    path = write_raster(tmp_path / "photo.tif", fields(40, 50), georeferenced=False)
    options = ("--model", tiny_model, "--stac", maps / "map.json", "--datetime", "2024-06-01")
    result = segment_json(path, "-o", maps / "map.tif", *options)
    found = read_item(maps / "map.json")
    assert (found.geometry, found.bbox) == (None, None)
    assert any("no geometry" in text for text in result.warnings)


def test_another_programs_map_works_too(tmp_path: Path, maps: Path) -> None:
    values = np.arange(20, dtype=np.uint8).reshape(1, 4, 5) % 3
    path = write_raster(tmp_path / "foreign.tif", values, nodata=0)
    assert run("stac", path, maps / "foreign.json").exit_code == 0
    found = read_item(maps / "foreign.json")
    classes = ClassificationExtension.ext(found.assets["classes"]).classes or []
    assert [(c.value, c.name) for c in classes] == [(1, "class-1"), (2, "class-2"), (0, "nodata")]
    assert found.assets["classes"].media_type == pystac.MediaType.GEOTIFF
    assert not any("processing" in key for key in found.properties)


def test_an_item_that_may_not_be_written_is_refused_before_the_work(scene: Path, tiny_model: Path, maps: Path) -> None:
    (maps / "map.json").write_text("mine")
    arguments = ("segment", scene, "-o", maps / "map.tif", "--model", tiny_model, "--stac")
    assert_refused(run(*arguments, maps / "map.json"), match="exists already")
    assert_refused(run(*arguments, maps / "map.txt"), match=r"must end in \.json or \.geojson")
    assert (names(maps), (maps / "map.json").read_text()) == (["map.json"], "mine")
    assert run(*arguments, maps / "map.json", "--overwrite").exit_code == 0
    assert read_item(maps / "map.json").id == "map"


def test_an_item_may_lie_in_the_folder_that_the_run_makes(scene: Path, tiny_model: Path, maps: Path) -> None:
    folder = maps / "new"
    result = run("segment", scene, "--output-dir", folder, "--model", tiny_model, "--stac", folder / "map.json")
    assert result.exit_code == 0, result.stderr
    assert read_item(folder / "map.json").assets["classes"].href == "./scene_classes.tif"


def test_wrong_usage(scene: Path, maps: Path) -> None:
    assert_wrong_usage(run("segment", scene, "--datetime", "2024-06-01"), match="--datetime needs --stac")
    options = ("--stac", maps / "map.json")
    assert_wrong_usage(
        run("segment", scene, "--datetime", "soon", *options), match="'soon' is no time; write 2024-06-01"
    )
    assert_wrong_usage(run("segment", scene, scene.with_name("b.tif"), *options), match="go with a single SCENE")


def test_what_is_no_map_gives_no_item(tmp_path: Path, maps: Path) -> None:
    path = write_raster(tmp_path / "float.tif", np.ones((1, 5, 5), np.float32))
    assert_refused(run("stac", path, maps / "map.json"), match="decimal numbers")
    assert names(maps) == []


def test_a_model_is_exported_with_its_item(tiny_model: Path, maps: Path) -> None:
    target = maps / "model.json"
    result = run("model", "export", tiny_model, maps / "copy.safetensors", "--stac", target)
    assert result.exit_code == 0, result.stderr
    found = read_item(target)
    model = MLMExtension.ext(found)
    assert (model.mlm_name, model.tasks, model.framework) == ("tiny", ["semantic-segmentation"], "PyTorch")
    assert "mlm:pretrained_source" not in found.properties
    (taken,), (given,) = model.input, model.output
    assert taken.bands == ["red", "green", "blue"]
    assert taken.input.shape[1] == 3
    assert given.result.shape[1] == 3
    assert [c["title"] for c in given.to_dict()["classification:classes"]] == ["clay", "grass", "water"]
    assert (model.total_parameters or 0) > 10_000
    asset = found.assets["model"]
    assert asset.roles is not None
    assert "mlm:model" in asset.roles
    assert asset.extra_fields["mlm:artifact_type"] == "safetensors.torch.save_file"
    assert FileExtension.ext(asset).checksum == "1220" + model_hash(maps / "copy.safetensors")


def test_the_scaling_of_a_model_is_told_in_native_values(tiny_model: Path, maps: Path) -> None:
    """A native value, scaled to 0-255 and normalized, is what the Item's z-score makes of it."""
    run("model", "export", tiny_model, maps / "copy.safetensors", "--stac", maps / "model.json")
    manifest = json.loads(run("model", "show", tiny_model, "--json").stdout)["manifest"]
    (taken,) = read_item(maps / "model.json").properties["mlm:input"]
    native = 77.0
    for band, told in enumerate(taken["value_scaling"]):
        low, high = manifest["scaling"]["low"][band], manifest["scaling"]["high"][band]
        mean, std = manifest["normalization"]["mean"][band], manifest["normalization"]["std"][band]
        expected = ((native - low) / (high - low) - mean) / std
        assert (native - told["mean"]) / told["stddev"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "told"), [("hrnet18+ocr", "hrnet18-ocr"), ("3d", "model-3d"), ("my_model.2", "my_model.2")]
)
def test_the_extension_takes_fewer_names_than_we_do(tmp_path: Path, maps: Path, name: str, told: str) -> None:
    path = write_tiny_model(tmp_path / "named.safetensors", name=name)
    run("model", "export", path, maps / "copy.safetensors", "--stac", maps / "model.json")
    assert read_item(maps / "model.json").properties["mlm:name"] == told


def test_checkpoints_are_assets_of_their_own(tiny_model: Path, maps: Path) -> None:
    run("model", "export", tiny_model, maps / "tiny", "--format", "pth", "--stac", maps / "model.json")
    found = read_item(maps / "model.json")
    assert {key: asset.href for key, asset in found.assets.items()} == {
        "backbone": "./tiny_backbone.pth",
        "refinement": "./tiny_refinement.pth",
    }
