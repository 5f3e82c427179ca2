"""Native pixels and validity of any rectangle."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from magnet_geo.errors import CancelledError, SceneError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.progress import CancelToken
from magnet_geo.raster import SceneReader, SceneSource
from magnet_geo.raster.picture import read_picture
from magnet_geo.raster.strips import read_pieces
from tests.raster.rasters import ramp, write_raster
from tests.shared_data import SCENES, needs_scenes


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("bands", [(1,), (3, 1, 2), (2, 2, 2)])
def test_a_rectangle_inside_equals_the_array(tmp_path: Path, dtype: str, bands: tuple[int, ...]) -> None:
    values = ramp(3, 37, 53, dtype)
    rect = PixelRect(5, 11, 17, 23)
    with SceneReader(SceneSource(write_raster(tmp_path / "a.tif", values)), bands) as reader:
        pixels = reader.read(rect)
        assert (reader.size, reader.dtype) == (Size(37, 53), np.dtype(dtype))
    assert pixels.values.dtype == dtype
    rows, cols = rect.slices
    np.testing.assert_array_equal(pixels.values, values[[b - 1 for b in bands], rows, cols])
    assert pixels.valid.all()


@pytest.mark.parametrize(
    "rect", [PixelRect(-4, -7, 60, 70), PixelRect(30, 40, 20, 9), PixelRect(-3, 8, 5, 5), PixelRect(0, 50, 3, 9)]
)
def test_what_lies_beyond_the_scene_is_zero_and_invalid(tmp_path: Path, rect: PixelRect) -> None:
    values = ramp(2, 37, 53)
    whole = np.pad(values, ((0, 0), (100, 100), (100, 100)))
    with SceneReader(SceneSource(write_raster(tmp_path / "a.tif", values)), (1, 2)) as reader:
        pixels = reader.read(rect)
    rows, cols = rect.shifted(rows=100, cols=100).slices
    np.testing.assert_array_equal(pixels.values, whole[:, rows, cols])
    np.testing.assert_array_equal(pixels.valid, whole[0, rows, cols] != 0)


def test_a_rectangle_outside_is_all_invalid(tmp_path: Path) -> None:
    with SceneReader(SceneSource(write_raster(tmp_path / "a.tif", ramp(2, 7, 9))), (1, 2)) as reader:
        pixels = reader.read(PixelRect(20, 20, 4, 5))
    assert pixels.values.shape == (2, 4, 5)
    assert not pixels.values.any()
    assert not pixels.valid.any()


def test_values_of_invalid_pixels_are_zero_whatever_the_nodata_value(tmp_path: Path) -> None:
    values = ramp(3, 9, 11, "float32")
    values[:, 2:4, 3:6] = -9999
    values[1, 7, 7] = np.nan
    with SceneReader(SceneSource(write_raster(tmp_path / "a.tif", values, nodata=-9999)), (1, 2, 3)) as reader:
        pixels = reader.read(PixelRect(0, 0, 9, 11))
    assert (~pixels.valid).sum() == 7
    assert not pixels.values[:, ~pixels.valid].any()
    assert np.isfinite(pixels.values).all()


def test_only_the_models_bands_decide_validity(tmp_path: Path) -> None:
    values = ramp(3, 5, 7)
    values[:2, 1, 1] = 0
    path = write_raster(tmp_path / "a.tif", values, nodata=0)
    for bands, valid in (((1, 2), False), ((1, 2, 3), True)):
        with SceneReader(SceneSource(path), bands) as reader:
            assert reader.read(PixelRect(1, 1, 1, 1)).valid.item() is valid


def test_the_users_nodata_replaces_the_files(tmp_path: Path) -> None:
    values = np.array([[[3, 7, 9]]], np.uint8)
    path = write_raster(tmp_path / "a.tif", values, nodata=7)
    with SceneReader(SceneSource(path, nodata=9), (1,)) as reader:
        assert reader.read(PixelRect(0, 0, 1, 3)).valid.tolist() == [[True, True, False]]


def test_transparent_pixels_are_invalid(tmp_path: Path) -> None:
    values = ramp(4, 6, 7)
    values[3] = 255
    values[3, 2] = 0
    path = write_raster(tmp_path / "a.tif", values, colors=("red", "green", "blue", "alpha"))
    with SceneReader(SceneSource(path), (1, 2, 3)) as reader:
        pixels = reader.read(PixelRect(0, 0, 6, 7))
    assert pixels.values.shape == (3, 6, 7)
    np.testing.assert_array_equal(pixels.valid, values[3] != 0)


def test_masked_pixels_are_invalid(tmp_path: Path) -> None:
    valid = np.ones((6, 7), bool)
    valid[1:3, 4:] = False
    path = write_raster(tmp_path / "a.tif", ramp(3, 6, 7), dataset_mask=valid)
    with SceneReader(SceneSource(path), (1, 2, 3)) as reader:
        np.testing.assert_array_equal(reader.read(PixelRect(0, 0, 6, 7)).valid, valid)


def test_bands_of_different_dtype_are_read_as_the_common_one(tmp_path: Path) -> None:
    small = write_raster(tmp_path / "s.tif", ramp(1, 5, 7))
    large = write_raster(tmp_path / "l.tif", ramp(1, 5, 7, "float32") * 1000)
    bands = "".join(
        f'<VRTRasterBand dataType="{dtype}" band="{band}"><SimpleSource><SourceFilename>{path}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        for band, (dtype, path) in enumerate((("Byte", small), ("Float32", large)), 1)
    )
    vrt = tmp_path / "both.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="7" rasterYSize="5"><SRS>EPSG:32633</SRS>'
        f"<GeoTransform>400000,1,0,5000000,0,-1</GeoTransform>{bands}</VRTDataset>"
    )
    with SceneReader(SceneSource(str(vrt)), (1, 2)) as reader:
        pixels = reader.read(PixelRect(0, 0, 5, 7))
    assert pixels.values.dtype == reader_dtype(vrt) == np.float32
    np.testing.assert_array_equal(pixels.values[1], pixels.values[0] * 1000)


def reader_dtype(path: Path) -> np.dtype[np.generic]:
    with SceneReader(SceneSource(str(path)), (1, 2)) as reader:
        return reader.dtype


def test_a_damaged_block_names_the_file_and_the_pixels(tmp_path: Path) -> None:
    path = Path(write_raster(tmp_path / "cut.tif", ramp(1, 64, 64), compress="deflate", blockysize=8))
    with rasterio.open(path) as dataset:
        last = int(dataset.get_tag_item("BLOCK_OFFSET_0_7", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[last : last + 8] = b"\xff" * 8
    path.write_bytes(content)
    with SceneReader(SceneSource(str(path)), (1,)) as reader:
        assert reader.read(PixelRect(0, 0, 8, 64)).valid.all()
        with pytest.raises(SceneError, match=r"Rows 50-63, columns 3-12 of '.*cut\.tif' cannot be read"):
            reader.read(PixelRect(50, 3, 14, 10))


def test_a_reduced_read_covers_the_whole_scene(tmp_path: Path) -> None:
    values = ramp(2, 301, 77)
    values[:, :150] = 0
    with SceneReader(SceneSource(write_raster(tmp_path / "a.tif", values, nodata=0)), (2, 1)) as reader:
        pixels = reader.read_decimated(64)
        small = reader.read_decimated(1000)
    assert pixels.values.shape == (2, 64, 17)
    assert pixels.valid.mean() == pytest.approx(0.5, abs=0.02)
    assert small.values.shape == (2, 301, 77)


def test_threads_with_their_own_readers_read_the_same(tmp_path: Path) -> None:
    values = ramp(3, 300, 200)
    source = SceneSource(write_raster(tmp_path / "a.tif", values, tiled=True, blockxsize=16, blockysize=16))
    equal = []

    def read() -> None:
        with SceneReader(source, (1, 2, 3)) as reader:
            equal.append(np.array_equal(reader.read(PixelRect(0, 0, 300, 200)).values, values))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert equal == [True] * 6


def test_a_closed_reader_says_so() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        _ = SceneReader(SceneSource("a.tif"), (1,)).size


@needs_scenes
@pytest.mark.parametrize(
    ("name", "share"), [("drone_rgba_collar_35cm", 0.87), ("float32_nan_cog", 0.48), ("landsat_rgb_nodata0", 0.67)]
)
def test_real_scenes_have_their_share_of_data(name: str, share: float) -> None:
    with SceneReader(SceneSource(str(SCENES / f"{name}.tif")), (1,)) as reader:
        pixels = reader.read(PixelRect(0, 0, reader.size.height, reader.size.width))
    assert pixels.valid.mean() == pytest.approx(share, abs=0.02)


@needs_scenes
def test_a_real_corrupt_scene_opens_but_does_not_read() -> None:
    with SceneReader(SceneSource(str(SCENES / "corrupt_blocks.tif")), (1, 2, 3)) as reader:
        assert reader.read(PixelRect(0, 0, 100, 100)).valid.all()
        with pytest.raises(SceneError, match="corrupt_blocks"):
            reader.read(PixelRect(0, 0, 1024, 1024))


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_that_ends_too_early_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    noise = np.random.default_rng(0).integers(1, 256, (40, 50, 3)).astype(np.uint8)
    encoded = cv2.imencode(suffix, noise)[1].tobytes()
    path.write_bytes(encoded[: len(encoded) // 2])
    with (
        SceneReader(SceneSource(str(path)), (1, 2, 3)) as reader,
        pytest.raises(SceneError, match="damaged or incompl"),
    ):
        reader.read(PixelRect(0, 0, 40, 50))


def write_validity(
    folder: Path, *, mask: str | None, nodata: float | None, alpha: bool, dtype: str = "uint8", size: int = 1
) -> str:
    """A scene whose columns differ in what mask, nodata value and alpha band say; each says it of two of them."""
    values = np.full((3 + alpha, 1, 8), 9, dtype)
    values[:3, 0, [1, 2, 4, 7]] = 0
    values[0, 0, 7] = 5
    if alpha:
        values[3] = [[255, 255, 0, 255, 255, 0, 255, 0]]
    colors = ("red", "green", "blue", "alpha")[: 3 + alpha]
    path = folder / "v.tif"
    sides = {"count": 3 + alpha, "height": size, "width": 8 * size, "dtype": dtype, "nodata": nodata}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=mask == "internal"),
        rasterio.open(path, "w", driver="GTiff", photometric="MINISBLACK", **sides) as dataset,
    ):
        dataset.colorinterp = [ColorInterp[name] for name in colors]
        dataset.write(values.repeat(size, axis=1).repeat(size, axis=2))
        if mask:
            valid = np.array([[1, 1, 1, 0, 0, 1, 1, 1]], bool)
            dataset.write_mask(valid.repeat(size, axis=0).repeat(size, axis=1))
    assert (folder / "v.tif.msk").exists() == (mask == "side file")
    return str(path)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.filterwarnings("ignore::rasterio.errors.NodataShadowWarning")
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("alpha", [False, True], ids=["", "alpha"])
@pytest.mark.parametrize("nodata", [None, 0])
@pytest.mark.parametrize("mask", [None, "internal", "side file"])
def test_mask_alpha_and_nodata_say_what_is_valid_in_the_order_of_rasterio(
    tmp_path: Path, mask: str | None, nodata: float | None, alpha: bool, dtype: str
) -> None:
    path = write_validity(tmp_path, mask=mask, nodata=nodata, alpha=alpha, dtype=dtype)
    # rasterio 1.4.4, _io.pyx, dataset_mask: a mask band, else the alpha band, else the nodata values of all bands. GDAL
    # 3.10.3 has the same order for one band, but puts its nodata value before the alpha band.
    with rasterio.open(path) as dataset:
        expected = dataset.dataset_mask() > 0
    with SceneReader(SceneSource(path), (1, 2, 3)) as reader:
        np.testing.assert_array_equal(reader.read(PixelRect(0, 0, 1, 8)).valid, expected)
        np.testing.assert_array_equal(reader.read_decimated(100).valid, expected)
        assert reader.always_valid == (not (mask or alpha) and nodata is None)
    picture = read_picture(SceneSource(path), (1, 2, 3), Size(1, 8))
    np.testing.assert_array_equal(picture.valid, expected)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("mask", ["internal", "side file"])
def test_overviews_and_reduced_reads_follow_the_mask(tmp_path: Path, mask: str) -> None:
    path = write_validity(tmp_path, mask=mask, nodata=0, alpha=False, size=16)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=mask == "internal"), rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4])
    with rasterio.open(path) as dataset:
        expected = dataset.dataset_mask(out_shape=(4, 32)) > 0
    with SceneReader(SceneSource(path), (1, 2, 3)) as reader:
        np.testing.assert_array_equal(reader.read_decimated(32).valid, expected)
    assert expected[:, 4:12].all()
    with SceneReader(SceneSource(path, (("OVERVIEW_LEVEL", "1"),)), (1, 2, 3)) as reader:
        np.testing.assert_array_equal(reader.read(PixelRect(0, 0, 4, 32)).valid, expected)
    picture = read_picture(SceneSource(path), (1, 2, 3), Size(4, 32))
    np.testing.assert_array_equal(picture.valid, expected)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_users_nodata_counts_beside_a_mask(tmp_path: Path) -> None:
    path = write_validity(tmp_path, mask="internal", nodata=9, alpha=False)
    with SceneReader(SceneSource(path, nodata=0), (1, 2, 3)) as reader:
        assert reader.read(PixelRect(0, 0, 1, 8)).valid.astype(int).tolist() == [[1, 0, 0, 0, 0, 1, 1, 1]]


def test_a_cancelled_reader_reads_no_further(tmp_path: Path) -> None:
    token = CancelToken()
    with SceneReader(SceneSource(write_raster(tmp_path / "a.tif", ramp(1, 9, 9))), (1,), cancel=token) as reader:
        pieces = read_pieces(reader)
        token.cancel()
        with pytest.raises(CancelledError):
            next(pieces)
        with pytest.raises(CancelledError):
            reader.read_decimated(3)
