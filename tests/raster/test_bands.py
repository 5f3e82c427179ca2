"""Which bands of a scene are the model's."""

from __future__ import annotations

import pytest
from affine import Affine

from magnet_geo.errors import BandError
from magnet_geo.grid import RasterGrid
from magnet_geo.raster import SceneDescription, SceneSource, choose_bands, describe_scene
from magnet_geo.sensors import find_sensor
from tests.shared_data import SCENES, needs_scenes

RGB = ("red", "green", "blue")


def scene(colors: tuple[str, ...], descriptions: tuple[str | None, ...] | None = None) -> SceneDescription:
    count = len(colors)
    return SceneDescription(
        name="scene.tif",
        driver="GTiff",
        grid=RasterGrid(None, Affine.identity(), 7, 5),
        dtype="uint8",
        band_count=count,
        descriptions=descriptions or (None,) * count,
        color_interpretations=colors,
        nodata=(None,) * count,
        alpha_band=colors.index("alpha") + 1 if "alpha" in colors else None,
        has_mask_band=False,
        overviews=(),
        block_shape=(5, 7),
    )


UNDESCRIBED = scene(("gray", "undefined", "undefined", "undefined"))
GRAY = scene(("gray",))


def test_a_request_is_taken_as_it_is() -> None:
    assert choose_bands(UNDESCRIBED, RGB, (4, 3, 2)) == (4, 3, 2)
    assert choose_bands(GRAY, RGB, (1, 1, 1)) == (1, 1, 1)


def test_a_request_must_have_as_many_bands_as_the_model() -> None:
    with pytest.raises(BandError, match="names 2 bands but the model needs 3"):
        choose_bands(UNDESCRIBED, RGB, (1, 2))


@pytest.mark.parametrize("number", [0, 5])
def test_a_requested_band_must_exist(number: int) -> None:
    with pytest.raises(BandError, match=f"has no band {number}; its bands are 1"):
        choose_bands(UNDESCRIBED, RGB, (1, 2, number))


@pytest.mark.parametrize("names", [("Blue", "GREEN", " red "), ("B02", "B03", "B04"), ("b", "g", "r")])
def test_descriptions_decide_before_colors(names: tuple[str, ...]) -> None:
    assert choose_bands(scene(("red", "green", "blue"), names), RGB) == (3, 2, 1)


def test_colors_decide_where_descriptions_do_not() -> None:
    assert choose_bands(scene(("blue", "green", "red", "undefined")), RGB) == (3, 2, 1)


def test_order_decides_where_the_counts_agree() -> None:
    assert choose_bands(scene(("gray", "undefined", "undefined")), RGB) == (1, 2, 3)
    assert choose_bands(scene(("gray", "undefined", "undefined", "alpha")), RGB) == (1, 2, 3)


def test_four_undescribed_bands_are_an_error_with_advice() -> None:
    with pytest.raises(BandError, match=r"nothing in the file says .* 1 \(gray\), 2 .* `bands=\(3, 2, 1\)`"):
        choose_bands(UNDESCRIBED, RGB)


def test_numbered_landsat_bands_decide_nothing() -> None:
    landsat = scene(("gray", *("undefined",) * 4), ("B1", "B2", "B3", "B4", "B5"))
    with pytest.raises(BandError, match=r"1 'B1' \(gray\)"):
        choose_bands(landsat, RGB)


def test_a_gray_scene_is_an_error_for_an_rgb_model() -> None:
    with pytest.raises(BandError, match=r"needs 3 bands \(red, green, blue\) .*`bands=\(1, 1, 1\)`"):
        choose_bands(GRAY, RGB)


def test_gray_with_alpha_is_one_band() -> None:
    with pytest.raises(BandError, match=r"`bands=\(1, 1, 1\)`"):
        choose_bands(scene(("gray", "alpha")), RGB)


def test_palette_indexes_are_refused() -> None:
    with pytest.raises(BandError, match="palette indexes"):
        choose_bands(scene(("palette",)), ("gray",))


@needs_scenes
@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("all_nodata_4band_uint16", (3, 2, 1)),
        ("drone_rgba_2cm", (1, 2, 3)),
        ("landsat8_3band_uint16", (1, 2, 3)),
        ("village_rgb_2m", (1, 2, 3)),
    ],
)
def test_real_scenes_tell_their_bands(name: str, bands: tuple[int, ...]) -> None:
    assert choose_bands(_describe(name), RGB) == bands


@needs_scenes
@pytest.mark.parametrize("name", ["quickbird_4band_uint16_60cm", "landsat_7band_epsg4326", "sentinel2_8band_uint16"])
def test_real_scenes_of_unnamed_bands_need_an_answer(name: str) -> None:
    with pytest.raises(BandError, match=r"`bands=\(3, 2, 1\)`"):
        choose_bands(_describe(name), RGB)


def _describe(name: str) -> SceneDescription:
    return describe_scene(SceneSource(str(SCENES / f"{name}.tif")))


def test_a_sensor_says_what_undescribed_bands_are() -> None:
    assert choose_bands(UNDESCRIBED, RGB, sensor=find_sensor("sentinel2")) == (3, 2, 1)
    assert choose_bands(UNDESCRIBED, RGB, sensor=find_sensor("naip")) == (1, 2, 3)
    eight = scene(("gray", *("undefined",) * 7))
    assert choose_bands(eight, (*RGB, "nir"), sensor=find_sensor("planetscope")) == (6, 4, 2, 8)


def test_a_sensor_says_what_short_descriptions_mean() -> None:
    names = ("B5", "B4", "B3", "B2")
    assert choose_bands(scene(("undefined",) * 4, names), (*RGB, "nir"), sensor=find_sensor("landsat")) == (2, 3, 4, 1)
    with pytest.raises(BandError):
        choose_bands(scene(("undefined",) * 5, (*names, "B8")), (*RGB, "nir"))


def test_descriptions_of_landsat_and_sentinel_are_understood_without_a_sensor() -> None:
    seven = scene(("undefined",) * 7, tuple(f"SR_B{number}" for number in range(1, 8)))
    assert choose_bands(seven, ("blue", "nir", "swir22")) == (2, 5, 7)
    five = scene(("undefined",) * 5, ("B8A", "B08", "B04", "B11", "B02"))
    assert choose_bands(five, ("red", "nir", "nir08", "swir16")) == (3, 2, 1, 4)


def test_a_model_may_name_its_bands_as_a_sensor_does() -> None:
    assert choose_bands(scene(("undefined",) * 4, ("nir", "red", "green", "blue")), ("B04", "B08")) == (2, 1)


def test_ambiguity_names_the_sensors_of_such_files() -> None:
    with pytest.raises(BandError, match=r"say what took it: `sensor='sentinel2'` or .*naip or planetscope\."):
        choose_bands(UNDESCRIBED, RGB)
    with pytest.raises(BandError, match="`sensor='landsat'` knows the order in files of 7 bands, not of 4"):
        choose_bands(UNDESCRIBED, RGB, sensor=find_sensor("landsat"))
