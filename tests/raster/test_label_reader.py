"""Labels are read at the scene's pixels: as they are on its own grid, by nearest neighbor on any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform as transform_points

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster import LabelReader, SceneSource
from tests.raster.rasters import TRANSFORM, write_raster

UTM = CRS.from_epsg(32633)
HEIGHT, WIDTH = 37, 53


def values(height: int = HEIGHT, width: int = WIDTH, dtype: str = "uint8") -> NDArray[np.generic]:
    return np.random.default_rng(5).integers(1, 9, (1, height, width)).astype(dtype)


def write_at(path: Path, labels: NDArray[np.generic], crs: CRS, transform: Affine, **profile: object) -> SceneSource:
    count, height, width = labels.shape
    layout = {"count": count, "height": height, "width": width, "dtype": labels.dtype}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **layout, **profile) as dataset:
        dataset.write(labels)
    return SceneSource(str(path))


def read(source: SceneSource, grid: RasterGrid, rect: PixelRect) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    with LabelReader(source, grid, "scene.tif") as reader:
        pixels = reader.read(rect)
    return pixels.values, pixels.valid


def test_on_the_scenes_own_grid_labels_are_as_they_are(tmp_path: Path) -> None:
    labels = values()
    source = SceneSource(write_raster(tmp_path / "labels.tif", labels, nodata=3))
    found, valid = read(source, RasterGrid(UTM, TRANSFORM, WIDTH, HEIGHT), PixelRect(-2, 4, 20, 60))
    assert not valid[:2].any()
    assert not valid[:, WIDTH - 4 :].any()
    np.testing.assert_array_equal(valid[2:, : WIDTH - 4], labels[0, :18, 4:] != 3)
    np.testing.assert_array_equal(found[0][valid], labels[0, :18, 4:][labels[0, :18, 4:] != 3])


@pytest.mark.parametrize("nodata", [None, 0])
@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        (UTM, TRANSFORM @ Affine.translation(5, -3)),
        (UTM, TRANSFORM @ Affine.translation(5.3, -3.6) @ Affine.scale(2.5)),
        (UTM, TRANSFORM @ Affine.scale(0.37)),
        (UTM, TRANSFORM @ Affine.translation(20, 5) @ Affine.rotation(30)),
        (CRS.from_epsg(4326), None),
    ],
    ids=["shifted", "coarser", "finer", "rotated", "degrees"],
)
def test_labels_on_another_grid_are_those_under_each_pixels_center(
    tmp_path: Path, crs: CRS, transform: Affine | None, nodata: int | None
) -> None:
    if transform is None:
        lon, lat = transform_points(UTM, crs, [TRANSFORM.c], [TRANSFORM.f])
        transform = Affine(7e-6, 0, lon[0] - 3e-5, 0, -7e-6, lat[0] + 2e-5)
    labels = values(90, 80)
    source = write_at(tmp_path / "labels.tif", labels, crs, transform, nodata=nodata)
    grid = RasterGrid(UTM, TRANSFORM, WIDTH, HEIGHT)
    rect = PixelRect(-3, -2, HEIGHT + 6, WIDTH + 5)
    found, valid = read(source, grid, rect)

    rows, cols = np.mgrid[rect.row : rect.row_stop, rect.col : rect.col_stop] + 0.5
    x, y = grid.world(rows=rows, cols=cols)
    if crs != UTM:
        x, y = (np.reshape(c, rows.shape) for c in transform_points(UTM, crs, x.ravel(), y.ravel()))
    back = ~transform
    label_cols, label_rows = back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f
    inside = (label_rows >= 0) & (label_rows < 90) & (label_cols >= 0) & (label_cols < 80)
    inside &= (rows > 0) & (rows < HEIGHT) & (cols > 0) & (cols < WIDTH)
    near_an_edge = np.minimum(label_rows % 1, label_cols % 1) < 0.03
    near_an_edge |= np.maximum(label_rows % 1, label_cols % 1) > 0.97
    sure = inside & ~near_an_edge
    expected = labels[0][np.clip(label_rows, 0, 89).astype(int), np.clip(label_cols, 0, 79).astype(int)]
    assert sure.sum() > 200
    assert valid[sure].all()
    np.testing.assert_array_equal(found[0][sure], expected[sure])
    assert not valid[~inside & ~near_an_edge].any()


def test_color_labels_have_three_bands_whatever_their_alpha(tmp_path: Path) -> None:
    labels = np.random.default_rng(1).integers(0, 256, (4, HEIGHT, WIDTH)).astype(np.uint8)
    path = write_raster(tmp_path / "labels.tif", labels, colors=("red", "green", "blue", "alpha"))
    grid = RasterGrid(UTM, TRANSFORM, WIDTH, HEIGHT)
    with LabelReader(SceneSource(path), grid, "scene.tif") as reader:
        assert (reader.is_colored, reader.warped) == (True, False)
        pixels = reader.read(grid.rect)
    np.testing.assert_array_equal(pixels.valid, labels[3] != 0)
    np.testing.assert_array_equal(pixels.values[:, pixels.valid], labels[:3, pixels.valid])


def test_without_georeference_sizes_must_agree(tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "labels.tif", values(), georeferenced=False)
    same = RasterGrid(UTM, TRANSFORM, WIDTH, HEIGHT)
    found, valid = read(SceneSource(labels), same, same.rect)
    np.testing.assert_array_equal(found, values())
    assert valid.all()
    with pytest.raises(SceneError, match=r"'labels.tif' \(53 x 37\) and 'scene.tif' \(54 x 37\) differ in size"):
        LabelReader(SceneSource(labels), RasterGrid(UTM, TRANSFORM, WIDTH + 1, HEIGHT), "scene.tif")


def test_labels_of_two_bands_or_of_wide_colors_are_refused(tmp_path: Path) -> None:
    grid = RasterGrid(UTM, TRANSFORM, WIDTH, HEIGHT)
    two = write_raster(tmp_path / "two.tif", np.ones((2, HEIGHT, WIDTH), np.uint8))
    with pytest.raises(SceneError, match="have 2 bands; give one of class values, or three"):
        LabelReader(SceneSource(two), grid, "scene.tif")
    wide = write_raster(tmp_path / "wide.tif", np.ones((3, HEIGHT, WIDTH), np.uint16))
    with pytest.raises(SceneError, match="colors must be 8-bit"):
        LabelReader(SceneSource(wide), grid, "scene.tif")


@pytest.mark.parametrize("shift", [0, 3], ids=["own grid", "warped"])
def test_a_mask_overrules_the_nodata_value_of_labels(tmp_path: Path, shift: int) -> None:
    labels, valid = values(), np.ones((HEIGHT, WIDTH), bool)
    valid[5:9, 7:20] = False
    source = SceneSource(write_raster(tmp_path / "labels.tif", labels, nodata=3, dataset_mask=valid))
    grid = RasterGrid(UTM, TRANSFORM @ Affine.translation(0, shift), WIDTH, HEIGHT - shift)
    found, known = read(source, grid, PixelRect(0, 0, HEIGHT - shift, WIDTH))
    np.testing.assert_array_equal(known, valid[shift:])
    np.testing.assert_array_equal(found[0], np.where(valid, labels[0], 0)[shift:])
