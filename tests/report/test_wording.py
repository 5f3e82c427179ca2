"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.report import wording


@given(st.floats(1e-6, 1e9))
def test_a_nice_length_is_the_longest_that_fits(at_most: float) -> None:
    length = wording.nice_length(at_most)
    assert length <= at_most * (1 + 1e-9)
    assert 2.5 * length > at_most * (1 - 1e-9)
    assert f"{length:.6e}"[0] in "125"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.01234, "0.0123"), (1, "1.00"), (23.456, "23.5"), (1234.5, "1,234"), (5e6, "5,000,000")],
)
def test_three_digits_count(number: float, text: str) -> None:
    assert wording.short_number(number) == text


@pytest.mark.parametrize(("area", "text"), [(99, "99.0 m²"), (15_000, "1.50 ha"), (3.2e8, "320 km²"), (1e4, "1.00 ha")])
def test_an_area_takes_the_unit_that_suits_it(area: float, text: str) -> None:
    assert wording.area_text(area, on_ground=True) == text


@pytest.mark.parametrize(
    ("area", "text"), [(0.1, "0.1 m²"), (100, "100 m²"), (1000, "0.1 ha"), (1e5, "10 ha"), (1e6, "1 km²")]
)
def test_a_power_of_ten_as_an_area(area: float, text: str) -> None:
    assert wording.decade_text(area, on_ground=True) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0.0 %"), (0.0001, "< 0.1 %"), (0.746, "74.6 %"), (1, "100.0 %")])
def test_a_share_as_percent(share: float, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(("seconds", "text"), [(3.21, "3.2 s"), (95, "1 min 35 s"), (7260, "2 h 1 min")])
def test_a_duration(seconds: float, text: str) -> None:
    assert wording.seconds_text(seconds) == text
