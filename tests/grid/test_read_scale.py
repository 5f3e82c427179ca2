"""Scene pixels per model pixel, in whole numbers."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from magnet_geo.grid import ReadScale, Size

ratios = st.floats(0.25, 4.0)


@given(
    ratios, st.sampled_from([Size(2048, 2048), Size(1024, 2048), Size(2448, 2448), Size(128, 128)]), st.integers(0, 500)
)
def test_windows_and_rounded_halos_are_whole_scene_pixels(ratio: float, window: Size, halo: int) -> None:
    scale = ReadScale.between(model_gsd_m=ratio, scene_gsd_m=1.0, window=window)
    assert scale.to_scene(window.height) == pytest.approx(window.height * scale.ratio)
    assert scale.to_scene(window.width) == pytest.approx(window.width * scale.ratio)
    rounded = scale.round_up(halo)
    assert 0 <= rounded - halo < scale.denominator
    assert scale.to_scene(rounded) * scale.denominator == rounded * scale.numerator


@given(ratios)
def test_the_ratio_is_met_to_a_few_percent(ratio: float) -> None:
    scale = ReadScale.between(model_gsd_m=ratio, scene_gsd_m=1.0, window=Size(2048, 2048))
    assume(not scale.is_native)
    assert scale.ratio == pytest.approx(ratio, rel=0.5 / 64 / 0.25 + 1e-9)


@pytest.mark.parametrize("ratio", [1 / 1.1, 0.95, 1.0, 1.02, 1.1])
def test_pixels_within_ten_percent_count_as_the_same(ratio: float) -> None:
    scale = ReadScale.between(model_gsd_m=ratio, scene_gsd_m=1.0, window=Size(512, 512))
    assert scale.is_native
    assert scale.to_scene(37) == 37


@pytest.mark.parametrize("ratio", [0.90, 1.11])
def test_pixels_beyond_ten_percent_are_resampled(ratio: float) -> None:
    scale = ReadScale.between(model_gsd_m=ratio, scene_gsd_m=1.0, window=Size(512, 512))
    assert not scale.is_native
    assert scale.ratio == pytest.approx(ratio, rel=0.01)


@pytest.mark.parametrize("ratio", [0.2, 4.1, 100.0])
def test_four_times_is_the_limit(ratio: float) -> None:
    with pytest.raises(ValueError, match="beyond 4"):
        ReadScale.between(model_gsd_m=ratio, scene_gsd_m=1.0, window=Size(512, 512))


@pytest.mark.parametrize("ratio", [0.25, 4.0])
def test_four_times_itself_is_read(ratio: float) -> None:
    assert ReadScale.between(model_gsd_m=ratio, scene_gsd_m=1.0, window=Size(512, 512)).ratio == ratio


def test_lengths_that_are_not_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        ReadScale(3, 2).to_scene(5)
    with pytest.raises(ValueError, match="positive terms"):
        ReadScale(0, 2)


def test_native_lengths_are_as_they_are() -> None:
    assert ReadScale.native().to_scene(7) == ReadScale.native().round_up(7) == 7
