"""Sensors as data: names meet, orders are the sensors' own, values become reflectance."""

from __future__ import annotations

import pytest

from magnet_geo.errors import OptionError
from magnet_geo.sensors import SENSORS, Reflectance, band_meanings, find_sensor


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS)
def test_a_sensor_s_own_names_mean_what_its_table_says(sensor) -> None:
    for band in sensor.bands:
        for name in (band.name, *band.short, f"{band.name}, a remark"):
            assert band_meanings(name, sensor) == set(band.common)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("B04", "red"),
        ("SR_B4", "red"),
        ("SR_B5", "nir"),
        ("b08", "nir"),
        ("Red", "red"),
        ("SWIR1", "swir16"),
        ("x", "x"),
    ],
)
def test_names_that_mean_one_thing_are_understood_without_a_sensor(name: str, meaning: str) -> None:
    assert meaning in band_meanings(name)


@pytest.mark.parametrize("name", ["B4", "b5", "B05"])
def test_names_on_which_sensors_differ_decide_nothing(name: str) -> None:
    assert band_meanings(name) == frozenset()


def test_counts_become_reflectance_and_back() -> None:
    landsat = find_sensor("landsat").reflectance
    assert landsat is not None
    assert landsat.native(0.0) == pytest.approx(7272.7, abs=0.1)
    assert landsat.native(1.0) == pytest.approx(43636.4, abs=0.1)
    assert Reflectance(1e-4).native(0.3) == pytest.approx(3000)


def test_an_unknown_sensor_is_answered_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match="choose one of: sentinel2, "):
        find_sensor("spot")
