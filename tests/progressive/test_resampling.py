"""Crops and enlargements against their definitions."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from magnet_geo.grid import PixelRect, Size
from magnet_geo.progressive.resampling import bilinear_at, block_mean, resize_bilinear
from magnet_geo.progressive.upsampled_map import roi_align


def _bilinear(maps: NDArray[np.float64], row: float, col: float) -> NDArray[np.float64]:
    """One sample at a position where 0 is the center of the first pixel."""
    height, width = maps.shape[-2:]
    row, col = min(max(row, 0.0), height - 1), min(max(col, 0.0), width - 1)
    top, left = int(row), int(col)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, across = row - top, col - left
    upper = maps[:, top, left] * (1 - across) + maps[:, top, right] * across
    lower = maps[:, bottom, left] * (1 - across) + maps[:, bottom, right] * across
    return upper * (1 - down) + lower * down


def _roi_align(maps: NDArray[np.float64], rect: PixelRect, output: Size) -> NDArray[np.float64]:
    """The mean of evenly spread samples in every bin, without the shift by half a pixel."""
    bin_height, bin_width = rect.height / output.height, rect.width / output.width
    down, across = ceil(bin_height), ceil(bin_width)
    result = np.zeros((len(maps), output.height, output.width))
    for row, col in np.ndindex(output.height, output.width):
        samples = [
            _bilinear(
                maps,
                rect.row + (row + (i + 0.5) / down) * bin_height,
                rect.col + (col + (j + 0.5) / across) * bin_width,
            )
            for i, j in np.ndindex(down, across)
        ]
        result[:, row, col] = np.mean(samples, axis=0)
    return result


@pytest.mark.parametrize(
    ("rect", "output"),
    [
        (PixelRect(0, 0, 12, 17), Size(12, 17)),
        (PixelRect(3, 5, 8, 9), Size(8, 9)),
        (PixelRect(4, 6, 8, 11), Size(5, 4)),
        (PixelRect(4, 6, 8, 11), Size(20, 30)),
        (PixelRect(0, 0, 12, 17), Size(3, 3)),
    ],
)
def test_a_crop_is_roi_align_by_definition(rect: PixelRect, output: Size) -> None:
    maps = torch.rand((3, 12, 17), generator=torch.Generator().manual_seed(0))
    expected = _roi_align(maps.double().numpy(), rect, output)
    np.testing.assert_allclose(roi_align(maps, rect, output).numpy(), expected, atol=2e-6)


def test_sampling_at_the_centers_of_pixels_gives_the_pixels() -> None:
    maps = torch.rand((3, 6, 8), generator=torch.Generator().manual_seed(0))
    rows, cols = torch.arange(6, dtype=torch.float64), torch.arange(8, dtype=torch.float64)
    assert torch.equal(bilinear_at(maps, rows=rows, cols=cols), maps)


def test_sampling_between_centers_is_the_usual_enlargement() -> None:
    maps = torch.rand((3, 6, 8), generator=torch.Generator().manual_seed(0))
    rows = (torch.arange(15, dtype=torch.float64) + 0.5) * 6 / 15 - 0.5
    cols = (torch.arange(36, dtype=torch.float64) + 0.5) * 8 / 36 - 0.5
    expected = F.interpolate(maps[None], size=(15, 36), mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(bilinear_at(maps, rows=rows, cols=cols), expected, atol=2e-6, rtol=0)
    torch.testing.assert_close(resize_bilinear(maps[None], Size(15, 36))[0], expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("output", [Size(6, 8), Size(19, 5), Size(3, 31)])
def test_constant_maps_stay_constant(output: Size) -> None:
    maps = torch.full((3, 11, 13), 0.25)
    for resampled in (roi_align(maps, PixelRect(2, 3, 7, 9), output), resize_bilinear(maps[None], output)):
        torch.testing.assert_close(resampled, torch.full_like(resampled, 0.25), atol=1e-7, rtol=0)


@pytest.mark.parametrize("size", [Size(12, 16), Size(6, 8)])
def test_resizing_writes_into_a_part_of_a_larger_map(size: Size) -> None:
    maps, larger = torch.rand((2, 3, 6, 8)), torch.zeros((2, 3, 20, 30))
    into = larger[:, :, 3 : 3 + size.height, 5 : 5 + size.width]
    resize_bilinear(maps, size, into)
    expected = torch.zeros_like(larger)
    expected[:, :, 3 : 3 + size.height, 5 : 5 + size.width] = resize_bilinear(maps, size)
    assert torch.equal(larger, expected)


@pytest.mark.parametrize("side", [2, 3, 4])
@pytest.mark.parametrize("kind", ["bytes", "numbers", "validity"])
def test_a_block_mean_is_the_mean_of_its_pixels(side: int, kind: str) -> None:
    drawn = torch.rand((2, 24, 36), generator=torch.Generator().manual_seed(side))
    planes = {"bytes": (drawn * 255).to(torch.uint8), "numbers": drawn, "validity": drawn > 0.5}[kind]
    expected = planes.double().reshape(2, 24 // side, side, 36 // side, side).mean(dim=(2, 4)).float()
    torch.testing.assert_close(block_mean(planes, side), expected)
