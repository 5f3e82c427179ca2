"""Class tables that exist are valid."""

from __future__ import annotations

import numpy as np
import pytest

from magnet_geo.classes import ClassScheme, LandClass

WATER, WOOD, TOWN = LandClass(3, "water", "#0000ff"), LandClass(1, "wood", "#00a012"), LandClass(7, "town", "#ff8000")


def test_the_order_of_the_classes_is_the_order_of_the_channels() -> None:
    scheme = ClassScheme((WATER, WOOD, TOWN))
    assert len(scheme) == 3
    np.testing.assert_array_equal(scheme.values[np.array([[2, 0], [1, 1]])], [[7, 3], [1, 1]])
    assert scheme.values.dtype == np.uint8


def test_a_color_is_three_bytes() -> None:
    assert [c.rgb for c in (WATER, WOOD, TOWN)] == [(0, 0, 255), (0, 160, 18), (255, 128, 0)]


@pytest.mark.parametrize(
    ("classes", "nodata", "unclassified"),
    [((WATER, WOOD), 255, 0), ((WATER, WOOD), 0, None), ((WATER, LandClass(0, "rest", "#000000")), 255, None)],
)
def test_zero_is_unclassified_where_it_is_free(
    classes: tuple[LandClass, ...], nodata: int, unclassified: int | None
) -> None:
    assert ClassScheme(classes, nodata).unclassified == unclassified


@pytest.mark.parametrize(
    ("value", "name", "color", "match"),
    [
        (256, "a", "#000000", "not in 0-255"),
        (-1, "a", "#000000", "not in 0-255"),
        (1, " ", "#000000", "no name"),
        (1, "a", "#00000", "#rrggbb"),
        (1, "a", "#00000G", "#rrggbb"),
        (1, "a", "#00FF00", "lower case"),
        (1, "a", "#00ff00\n", "#rrggbb"),
    ],
)
def test_classes_that_cannot_be_written_are_refused(value: int, name: str, color: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        LandClass(value, name, color)


@pytest.mark.parametrize(
    ("classes", "nodata", "match"),
    [
        ((WATER,), 255, "at least two"),
        ((WATER, LandClass(3, "sea", "#0000ff")), 255, "unique"),
        ((WATER, LandClass(4, "water", "#0000ff")), 255, "unique"),
        ((WATER, WOOD), 3, "nodata"),
        ((WATER, WOOD), 256, "nodata"),
    ],
)
def test_tables_that_say_two_things_are_refused(classes: tuple[LandClass, ...], nodata: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        ClassScheme(classes, nodata)
