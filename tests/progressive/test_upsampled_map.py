"""A map seen at a larger size is the map made at that size."""

from __future__ import annotations

import pytest
import torch

from magnet_geo.grid import PixelRect, Size
from magnet_geo.progressive.upsampled_map import UpsampledMap, roi_align

SIZES = [Size(150, 130), Size(62, 70), Size(31, 35), Size(200, 91)]


@pytest.fixture(params=SIZES, ids=str)
def enlarged(request: pytest.FixtureRequest) -> UpsampledMap:
    maps = torch.rand((3, 31, 35), generator=torch.Generator().manual_seed(0))
    return UpsampledMap(maps, request.param)


@pytest.mark.parametrize("output", [Size(24, 20), Size(31, 29), Size(70, 50)], ids=str)
def test_a_crop_is_the_crop_of_the_whole(enlarged: UpsampledMap, output: Size) -> None:
    for row, col in ((0, 0), (enlarged.size.height - 31, enlarged.size.width - 29)):
        rect = PixelRect(row, col, 31, 29)
        expected = roi_align(enlarged.whole(), rect, output)
        torch.testing.assert_close(enlarged.crop(rect, output), expected, atol=1e-6, rtol=0)


def test_a_cut_is_a_part_of_the_whole(enlarged: UpsampledMap) -> None:
    height, width = enlarged.size.height, enlarged.size.width
    for rect in (PixelRect(0, 0, height, width), PixelRect(5, 3, 20, 30), PixelRect(height - 1, width - 1, 1, 1)):
        expected = enlarged.whole()[(slice(None), *rect.slices)]
        torch.testing.assert_close(enlarged.cut(rect), expected, atol=1e-6, rtol=0)


def test_pixels_of_a_lattice_are_those_of_the_whole(enlarged: UpsampledMap) -> None:
    rows, cols = torch.tensor([0, 1, 17, enlarged.size.height - 1]), torch.arange(2, enlarged.size.width, 5)
    expected = enlarged.whole()[:, rows[:, None], cols]
    torch.testing.assert_close(enlarged.at(rows=rows, cols=cols), expected, atol=1e-6, rtol=0)


def test_strips_make_up_the_whole(enlarged: UpsampledMap) -> None:
    strips = torch.cat([enlarged.strip(rows) for rows in enlarged.strips()], dim=1)
    torch.testing.assert_close(strips, enlarged.whole(), atol=1e-6, rtol=0)
