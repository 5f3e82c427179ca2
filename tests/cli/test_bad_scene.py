from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from tests.cli.conftest import fields
from tests.cli.runs import assert_refused, box_option, names, run, segment_json
from tests.raster.rasters import TRANSFORM, write_raster

BLOCKS = {"blockxsize": 64, "blockysize": 64}


class Refusal:
    """Segments a scene that must be refused, and looks at what is left."""

    def __init__(self, model: Path, maps: Path) -> None:
        self.model, self.maps = model, maps

    def __call__(self, scene: object, *options: object, match: str) -> None:
        result = run("segment", scene, "-o", self.maps / "map.tif", "--model", self.model, *options)
        assert_refused(result, match=match)
        assert names(self.maps) == []


@pytest.fixture
def refusal(tiny_model: Path, maps: Path) -> Refusal:
    return Refusal(tiny_model, maps)


def test_a_file_that_is_no_raster(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "notes.tif"
    path.write_text("These are notes.")
    refusal(path, match=r"notes\.tif' is not a raster that GDAL can read; convert it to GeoTIFF first")


def test_a_missing_scene(refusal: Refusal, tmp_path: Path) -> None:
    refusal(tmp_path / "none.tif", match=r"none\.tif' does not exist; check the path")


def test_an_empty_name(refusal: Refusal) -> None:
    refusal("", match=r"The scene '' does not exist; check the path")


def test_a_folder(refusal: Refusal, tmp_path: Path) -> None:
    refusal(tmp_path, match="is a folder, not a raster; name one raster file")


def test_an_empty_file(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "empty.tif"
    path.touch()
    refusal(path, match=r"is empty \(0 bytes\); copy or download it again")


@pytest.mark.parametrize("share", [0.01, 0.6])
def test_a_truncated_scene(refusal: Refusal, tmp_path: Path, share: float) -> None:
    path = Path(write_raster(tmp_path / "cut.tif", fields(150, 210), compress="deflate", tiled=True, **BLOCKS))
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    refusal(path, match=r"cut\.tif' .*damaged or incomplete.*; copy or download it again|cannot be read")


@pytest.fixture
def corrupt_scene(tmp_path: Path) -> str:
    """A compressed scene with zeros inside its block at rows 64-127, columns 128-191."""
    values = np.random.default_rng(1).integers(1, 256, (3, 200, 600), dtype=np.uint8)
    path = write_raster(tmp_path / "scratched.tif", values, compress="deflate", tiled=True, **BLOCKS)
    with rasterio.open(path) as dataset:
        offset, size = (int(dataset.get_tag_item(f"BLOCK_{what}_2_1", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
    with open(path, "r+b") as file:
        file.seek(offset + size // 4)
        file.write(bytes(size // 2))
    return path


def test_a_corrupt_block_in_the_middle(refusal: Refusal, corrupt_scene: str) -> None:
    match = r"Rows 0-\d+, columns 0-\d+ of '.*scratched\.tif' cannot be read .*; copy or download it again"
    refusal(corrupt_scene, match=match)


@pytest.mark.parametrize("way", ["nodata", "nan", "alpha", "mask"])
def test_no_valid_pixel(refusal: Refusal, tmp_path: Path, way: str) -> None:
    path = tmp_path / "void.tif"
    if way == "nodata":
        write_raster(path, np.zeros((3, 90, 70), np.uint8), nodata=0)
    elif way == "nan":
        write_raster(path, np.full((3, 90, 70), np.nan, np.float32))
    elif way == "alpha":
        values = np.concatenate([fields(90, 70), np.zeros((1, 90, 70), np.uint8)])
        write_raster(path, values, colors=("red", "green", "blue", "alpha"))
    else:
        write_raster(path, fields(90, 70), dataset_mask=np.zeros((90, 70), bool))
    refusal(path, match=r"No pixel of 'void\.tif' is valid; there is nothing to segment")


def test_complex_numbers(refusal: Refusal, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "radar.tif", np.ones((3, 40, 40), np.complex64))
    refusal(path, match=r"holds complex numbers \(complex64\); convert them to amplitudes or intensities first")


def test_too_few_bands(refusal: Refusal, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "gray.tif", fields(40, 40, bands=1))
    match = r"needs 3 bands \(red, green, blue\) but 'gray\.tif' has 1 \(gray\)\. .* use --bands 1,1,1\."
    refusal(path, match=match)


def test_the_advice_for_one_band_works(tmp_path: Path, tiny_model: Path, maps: Path) -> None:
    path = write_raster(tmp_path / "gray.tif", fields(40, 40, bands=1))
    result = segment_json(path, "-o", maps / "map.tif", "--model", tiny_model, "--bands", "1,1,1")
    assert result.valid_pixels == 1600


def test_four_bands_without_names(refusal: Refusal, tmp_path: Path, tiny_model: Path) -> None:
    path = write_raster(tmp_path / "four.tif", fields(40, 40, bands=4))
    refusal(
        path, match=r"nothing in the file says which they are: .* for example --bands 3,2,1 .* or --bands 1,2,3; or"
    )
    refusal(path, match=r"or say what took it: --sensor sentinel2 or ")
    output = tmp_path / "map.tif"
    assert run("segment", path, "-o", output, "--model", tiny_model, "--bands", "3,2,1").exit_code == 0


def test_a_palette(refusal: Refusal, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "palette.tif", fields(40, 40, bands=1), colors=("palette",))
    refusal(path, match=r"holds palette indexes.* gdal_translate -expand rgb")


@pytest.mark.parametrize(
    ("bands", "match"),
    [
        ("9,9,9", r"'scene\.tif' has no band 9; its bands are 1 .*, counted from 1"),
        ("0,1,2", r"'scene\.tif' has no band 0; its bands are 1 .*, counted from 1"),
        ("1,2", r"--bands names 2 bands but the model needs 3 \(red, green, blue\); 'scene\.tif' has 1 "),
    ],
)
def test_wrong_band_numbers(refusal: Refusal, scene: Path, bands: str, match: str) -> None:
    refusal(scene, "--bands", bands, match=match)


@pytest.fixture
def coarse_scene(tmp_path: Path) -> str:
    """A scene with pixels of 30 m."""
    path = write_raster(tmp_path / "landsat.tif", fields(60, 50))
    with rasterio.open(path, "r+") as dataset:
        dataset.transform = Affine(30, 0, TRANSFORM.c, 0, -30, TRANSFORM.f)
    return path


def test_pixels_far_coarser_than_the_models(coarse_scene: str, metre_model: Path, maps: Path) -> None:
    match = r"'landsat\.tif' has pixels of 30 m, but the model 'tiny' is for 1 m .*--gsd native"
    Refusal(metre_model, maps)(coarse_scene, match=match)
    result = segment_json(coarse_scene, "-o", maps / "map.tif", "--model", metre_model, "--gsd", "native")
    assert result.valid_pixels == 3000


def test_a_model_without_a_pixel_size_takes_any(coarse_scene: str, tiny_model: Path, maps: Path) -> None:
    assert segment_json(coarse_scene, "-o", maps / "map.tif", "--model", tiny_model).warnings == ()


def test_a_box_that_misses_the_scene(refusal: Refusal, scene: Path) -> None:
    match = r"given as a box \(bounds 0, 0, 10, 10\) misses the scene \(bounds 400000\.5, .*\); check its coordinates"
    refusal(scene, "--bbox", "0,0,10,10", match=match)


def test_a_box_the_wrong_way_round(refusal: Refusal, scene: Path) -> None:
    refusal(scene, "--bbox", "10,10,0,0", match="is empty; give left, bottom, right, top in this order")


def test_a_box_in_another_system_that_misses_the_scene(refusal: Refusal, scene: Path) -> None:
    refusal(scene, "--bbox", "2,48,3,49", "--bbox-crs", "EPSG:4326", match="given as a box .* misses the scene")


def geojson(path: Path, geometry: str) -> Path:
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": '
        + geometry
        + "}]}"
    )
    return path


def test_polygons_that_miss_the_scene(refusal: Refusal, scene: Path, tmp_path: Path) -> None:
    ring = "[[[2, 48], [3, 48], [3, 49], [2, 48]]]"
    path = geojson(tmp_path / "farm.geojson", f'{{"type": "Polygon", "coordinates": {ring}}}')
    refusal(scene, "--aoi", path, match=r"farm\.geojson' \(bounds .*\) misses the scene .* check its coordinates")


def test_an_area_without_polygons(refusal: Refusal, scene: Path, tmp_path: Path) -> None:
    path = geojson(tmp_path / "well.geojson", '{"type": "Point", "coordinates": [2, 48]}')
    refusal(scene, "--aoi", path, match=r"well\.geojson' holds no polygons; the area of interest needs at least one")


def test_an_area_that_is_no_vector_file(refusal: Refusal, scene: Path, tmp_path: Path) -> None:
    path = tmp_path / "area.txt"
    path.write_text("the north")
    match = r"area\.txt' cannot be read as a vector file \(.*\); give a GeoPackage, GeoJSON or Shapefile\.\n"
    refusal(scene, "--aoi", path, match=match)


def test_an_area_without_a_valid_pixel(refusal: Refusal, tmp_path: Path) -> None:
    values = fields(100, 100)
    values[:, :50] = 0
    path = write_raster(tmp_path / "half.tif", values, nodata=0)
    match = r"No pixel of 'half\.tif' inside the area of interest is valid; choose another area"
    refusal(path, box_option(cols=(10, 40), rows=(10, 40)), match=match)
