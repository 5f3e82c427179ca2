"""From a scene's values to the model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from magnet_geo.errors import OptionError, SceneError
from magnet_geo.normalization import Scaling
from magnet_geo.raster import (
    AutoScaling,
    ModelValues,
    NoScaling,
    RangeScaling,
    ScalingMode,
    SceneReader,
    SceneSource,
    choose_scaling,
)
from magnet_geo.sensors import find_sensor
from tests.raster.rasters import ramp, write_raster
from tests.shared_data import SCENES, needs_scenes


def choose(
    folder: Path, values: NDArray[np.generic], mode: ScalingMode, nodata: float | None = None
) -> tuple[Scaling, str]:
    bands = len(values)
    model = ModelValues("uint8", (0.0,) * bands, (255.0,) * bands)
    source = SceneSource(write_raster(folder / "a.tif", values, nodata=nodata))
    with SceneReader(source, tuple(range(1, bands + 1))) as reader:
        return choose_scaling(reader, mode=mode, model=model)


def test_a_scene_of_the_models_dtype_keeps_the_models_range(tmp_path: Path) -> None:
    scaling, text = choose(tmp_path, ramp(3, 21, 17), AutoScaling())
    assert scaling == Scaling((0.0,) * 3, (255.0,) * 3)
    assert "uint8, as the model's: 0-255" in text


def test_other_dtypes_are_stretched_between_percentiles_of_each_band(tmp_path: Path) -> None:
    values = np.arange(2 * 51 * 101, dtype="uint16").reshape(2, 51, 101)
    scaling, text = choose(tmp_path, values, AutoScaling())
    for band, low, high in zip(values, scaling.low, scaling.high, strict=True):
        assert (low, high) == pytest.approx(tuple(np.percentile(band, [2, 98])))
    assert "5151 valid pixels" in text
    assert "band 1 103-5047" in text


def test_nodata_does_not_move_the_percentiles(tmp_path: Path) -> None:
    values = np.full((1, 40, 40), -9999.0, "float32")
    values[0, :10] = np.linspace(0.2, 0.4, 400, dtype="float32").reshape(10, 40)
    scaling, _ = choose(tmp_path, values, AutoScaling(), nodata=-9999)
    assert (scaling.low[0], scaling.high[0]) == pytest.approx((0.204, 0.396), abs=1e-3)


@pytest.mark.parametrize("constant", [0.0, 7.0, -1e-6, 1e12, 3e38])
def test_a_constant_band_becomes_the_middle_of_the_range(tmp_path: Path, constant: float) -> None:
    values = np.full((1, 9, 11), constant, "float32")
    scaling, _ = choose(tmp_path, values, AutoScaling())
    np.testing.assert_allclose(scaling.apply(values), 127.5, atol=1)


def test_a_nearly_constant_band_uses_its_extremes(tmp_path: Path) -> None:
    values = np.full((1, 100, 100), 500, "uint16")
    values[0, 50, 50] = 900
    scaling, _ = choose(tmp_path, values, AutoScaling())
    assert (scaling.low, scaling.high) == ((500.0,), (900.0,))


def test_a_given_range_counts_for_all_bands(tmp_path: Path) -> None:
    scaling, text = choose(tmp_path, ramp(2, 5, 7, "uint16"), RangeScaling(10, 3000))
    assert scaling == Scaling((10, 10), (3000, 3000))
    assert "10-3000" in text


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(OptionError, match="5,5 is empty"):
        RangeScaling(5, 5)


def test_no_scaling_takes_values_of_0_to_255_as_they_are(tmp_path: Path) -> None:
    for dtype in ("uint8", "float32", "int16"):
        scaling, text = choose(tmp_path, ramp(2, 9, 7, dtype), NoScaling())
        assert scaling == Scaling((0, 0), (255, 255))
        assert dtype in text


def test_no_scaling_refuses_other_values(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="run from 4 to 800 but must lie in 0-255"):
        choose(tmp_path, ramp(1, 20, 20, "uint16") * 4, NoScaling())


def test_a_single_valid_pixel_is_found_between_the_samples(tmp_path: Path) -> None:
    values = np.zeros((1, 3001, 2003), "uint16")
    values[0, 2998, 8] = 40
    scaling, _ = choose(tmp_path, values, AutoScaling(), nodata=0)
    assert scaling.low[0] < 40 < scaling.high[0]
    with SceneReader(SceneSource(str(tmp_path / "a.tif")), (1,)) as reader:
        assert not reader.read_decimated(1024).valid.any()


def test_a_scene_without_valid_pixels_says_so(tmp_path: Path) -> None:
    values = np.zeros((1, 31, 23), "uint16")
    with pytest.raises(SceneError, match=r"No pixel of 'a\.tif' is valid"):
        choose(tmp_path, values, AutoScaling(), nodata=0)


@needs_scenes
def test_a_real_empty_scene_has_no_valid_pixel() -> None:
    model = ModelValues("uint8", (0.0,) * 3, (255.0,) * 3)
    with (
        SceneReader(SceneSource(str(SCENES / "all_nodata_4band_uint16.tif")), (3, 2, 1)) as reader,
        pytest.raises(SceneError, match="No pixel of"),
    ):
        choose_scaling(reader, mode=AutoScaling(), model=model)


def test_a_sensor_s_picture_range_takes_the_place_of_percentiles(tmp_path: Path) -> None:
    source = SceneSource(write_raster(tmp_path / "a.tif", ramp(3, 21, 17, "uint16")))
    model = ModelValues("uint8", (0.0,) * 3, (255.0,) * 3)
    with SceneReader(source, (1, 2, 3)) as reader:
        scaling, text = choose_scaling(reader, mode=AutoScaling(), model=model, sensor=find_sensor("sentinel2"))
    assert scaling.low == (0.0,) * 3
    assert scaling.high == pytest.approx((3000.0,) * 3)
    assert "0-3000" in text


REFLECTANCE = ModelValues("uint16", (0.0,) * 2, (2.0,) * 2, are_reflectance=True)


def test_a_model_of_reflectance_reads_counts_by_the_sensor(tmp_path: Path) -> None:
    source = SceneSource(write_raster(tmp_path / "a.tif", ramp(2, 21, 17, "uint16")))
    with SceneReader(source, (1, 2)) as reader:
        scaling, _ = choose_scaling(reader, mode=AutoScaling(), model=REFLECTANCE, sensor=find_sensor("landsat"))
    counts = np.array([10000, 40000], np.uint16).reshape(2, 1, 1)
    assert scaling.apply(counts).ravel() / 255 * 2 == pytest.approx(counts.ravel() * 0.0000275 - 0.2, abs=1e-5)


def test_a_model_of_reflectance_reads_counts_by_the_file_s_own_scales(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", ramp(2, 21, 17, "uint16"))
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (1e-4, 1e-4), (-0.1, -0.1)
    with SceneReader(SceneSource(path), (1, 2)) as reader:
        scaling, text = choose_scaling(reader, mode=AutoScaling(), model=REFLECTANCE)
    assert scaling.low == pytest.approx((1000.0,) * 2)
    assert scaling.high == pytest.approx((21000.0,) * 2)
    assert "the file's scales and offsets" in text


def test_a_model_of_reflectance_asks_what_bare_counts_mean(tmp_path: Path) -> None:
    source = SceneSource(write_raster(tmp_path / "a.tif", ramp(2, 21, 17, "uint16")))
    with SceneReader(source, (1, 2)) as reader, pytest.raises(SceneError, match="name what took it with `sensor`"):
        choose_scaling(reader, mode=AutoScaling(), model=REFLECTANCE)
