"""Samples for both stages: pure functions of their number, pixels and classes together, levels inside each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, MemorySource
from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, Size
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.progressive.upsampled_map import roi_align
from magnet_geo.training.augmentation import Dihedral
from magnet_geo.training.chains import ChainSampler, PairSampler, PlaceBatch, SeenPatch
from magnet_geo.training.crops import CropBatch, CropSampler, SourceSet
from magnet_geo.training.learners import crop_cumulative
from magnet_geo.training.settings import BackboneSettings, RefinementSettings

ONE_LEVEL = MagnificationPyramid.from_decimations(32, (1,))
PYRAMID = MagnificationPyramid.from_decimations(32, (4, 2, 1))
PUBLISHED = MagnificationPyramid(
    (Size(24, 40), Size(48, 80), Size(96, 160)), Size(24, 40), Size(16, 32), PyramidManner.PUBLISHED
)
CROPS = BackboneSettings(crop_px=32, color=0, scale_range=(1, 1))
PLACES = RefinementSettings(color=0)


def blocks(side: int = 40, block_px: int = 4, name: str = "blocks", gsd_m: float | None = None) -> MemorySource:
    """Block (r, c) has a value of its own, 1-250, and that value modulo 3 as its class."""
    values = (np.arange(side * side).reshape(side, side) * 7 % 250 + 1).repeat(block_px, 0).repeat(block_px, 1)
    pixels = np.repeat(values[..., None], 3, axis=2).astype(np.uint8)
    return MemorySource(name, LabeledImage(pixels, np.ones(values.shape, bool), (values % 3).astype(np.uint8)), gsd_m)


def sources(*images: MemorySource, gsd_m: float | None = None) -> SourceSet:
    return SourceSet.of(images or (blocks(),), gsd_m=gsd_m, area_exponent=0.5)


def test_a_crop_is_a_function_of_its_number() -> None:
    settings = replace(CROPS, color=1, scale_range=(0.7, 1.4))
    first, again = (CropSampler(sources(), PYRAMID, settings) for _ in range(2))
    backwards = [again(number) for number in reversed(range(6))][::-1]
    for number, crop in enumerate(backwards):
        assert np.array_equal(first(number).pixels, crop.pixels)
        assert np.array_equal(first(number).classes, crop.classes)
    assert not np.array_equal(first(0).pixels, first(1).pixels)
    other = CropSampler(sources(), PYRAMID, replace(settings, seed=1))
    assert not np.array_equal(first(0).pixels, other(0).pixels)


def test_a_crop_keeps_pixels_and_classes_together() -> None:
    crop = CropSampler(sources(), ONE_LEVEL, CROPS)(5)
    assert (crop.classes[~crop.valid] == IGNORE_INDEX).all()
    assert np.array_equal(crop.classes[crop.valid], crop.pixels[crop.valid][:, 0] % 3)


def test_a_source_of_finer_pixels_is_read_at_the_models_pixel_size() -> None:
    fine = MemorySource("fine", blocks(side=20, block_px=16).image, 0.5)
    crop = CropSampler(sources(fine, gsd_m=2.0), ONE_LEVEL, CROPS)(0)
    # 16 pixels of 0.5 m are 4 pixels of 2 m: a crop of 32 shows at least 7 whole blocks a side.
    assert len(np.unique(crop.pixels[crop.pixels > 0])) >= 49


def test_places_without_a_label_are_drawn_again() -> None:
    image = blocks(side=100).image
    classes = np.full_like(image.classes, IGNORE_INDEX)
    classes[:200] = image.classes[:200]
    sampler = CropSampler(sources(MemorySource("half", replace(image, classes=classes))), PYRAMID, CROPS)
    labeled = [(sampler(number).classes != IGNORE_INDEX).any() for number in range(40)]
    assert np.mean(labeled) > 0.95


def test_published_images_are_seen_in_turn_each_once_an_epoch() -> None:
    images = [blocks(name=f"image{number}") for number in range(5)]
    drawn = [sources(*images).in_turn(seed=3, number=number).name for number in range(10)]
    assert sorted(drawn[:5]) == sorted(drawn[5:]) == sorted(source.name for source in images)
    assert drawn[:5] != drawn[5:]


def test_an_epoch_shows_each_pixel_about_once() -> None:
    sampler = CropSampler(sources(blocks(), blocks()), PYRAMID, CROPS)
    assert sampler.samples_per_epoch == 2 * 160 * 160 // 32**2
    published = CropSampler(sources(blocks(), blocks()), PUBLISHED, CROPS)
    assert published.samples_per_epoch == 2 * 3
    assert published(0).classes.shape == (16, 32)


def test_batches_hold_pixels_channels_last() -> None:
    sampler = CropSampler(sources(), PYRAMID, CROPS)
    batch = CropBatch.of([sampler(0), sampler(1)])
    assert batch.images.shape == (2, 3, 32, 32)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.classes.dtype == torch.uint8


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_rectangle_is_found_again_in_a_turned_image(turns: int, mirrored: bool) -> None:
    image = np.arange(6 * 9).reshape(6, 9)
    rect = PixelRect(1, 2, 3, 5)
    orientation = Dihedral(turns, mirrored)
    turned, part = orientation.apply(image), orientation.apply(image[rect.slices])
    row, col = orientation.place(row=1, col=2, height=3, width=5, within=(6, 9))
    assert np.array_equal(turned[row : row + part.shape[0], col : col + part.shape[1]], part)


def test_orientations_keep_to_what_is_allowed() -> None:
    generator = np.random.default_rng(0)
    upright = {Dihedral.draw(generator, flips=True, rotations=False) for _ in range(40)}
    assert upright == {Dihedral(0, False), Dihedral(0, True)}
    oblong = {Dihedral.draw(generator, flips=False, square=False) for _ in range(40)}
    assert oblong == {Dihedral(0), Dihedral(2)}


def test_each_patch_of_a_place_lies_in_the_one_before() -> None:
    sampler = ChainSampler(sources(blocks(side=16, block_px=32)), PYRAMID, PLACES)
    for number in range(6):
        place = sampler(number)
        assert [patch.level for patch in place] == [0, 1, 2]
        for coarse, fine in pairwise(place):
            finer = coarse.image.classes.repeat(2, axis=0).repeat(2, axis=1)
            assert fine.within == Size(*finer.shape)
            part, own = finer[fine.rect.slices], fine.image.classes
            inside = (slice(4, -4),) * 2
            assert (part[inside] == own[inside]).mean() > 0.75


def one_hot(patch: SeenPatch) -> torch.Tensor:
    classes = torch.from_numpy(patch.image.classes.astype(np.int64))
    return torch.nn.functional.one_hot(classes.clamp(max=3), 4).movedim(-1, 0)[None].float()


def test_the_coarser_prediction_is_cut_where_the_patch_lies() -> None:
    sampler = ChainSampler(sources(blocks(side=8, block_px=32)), PYRAMID, PLACES)
    for number in range(4):
        place = sampler(number)
        levels = PlaceBatch.of([place]).levels
        for (coarse, fine), level in zip(pairwise(place), levels[1:], strict=True):
            cut = crop_cumulative(one_hot(coarse), level, roi_aligned=False)[0].argmax(dim=0).numpy()
            assert (cut == np.minimum(fine.image.classes, 3)).mean() > 0.8


def test_a_published_crop_equals_resizing_all_and_aligning() -> None:
    torch.manual_seed(0)
    maps = torch.rand(1, 3, 16, 32)
    sampler = PairSampler(sources(), PUBLISHED, PLACES, samples_per_step=1)
    for number in range(8):
        _, level = PlaceBatch.of([sampler(number)]).levels
        (rect,), (whole,) = level.rects, level.withins
        expected = roi_align(resize_bilinear(maps, whole)[0], rect, PUBLISHED.network_input)
        assert torch.allclose(crop_cumulative(maps, level, roi_aligned=True)[0], expected, atol=1e-5)


def test_a_plain_crop_equals_resizing_all_and_cutting() -> None:
    torch.manual_seed(0)
    maps = torch.rand(1, 3, 32, 32)
    _, level, _ = PlaceBatch.of([ChainSampler(sources(), PYRAMID, PLACES)(3)]).levels
    (rect,), (whole,) = level.rects, level.withins
    expected = resize_bilinear(maps, whole)[(slice(None), slice(None), *rect.slices)]
    assert torch.allclose(crop_cumulative(maps, level, roi_aligned=False), expected, atol=1e-5)


def test_pairs_of_a_step_are_of_one_level_where_levels_have_weights_of_their_own() -> None:
    sampler = PairSampler(sources(), PUBLISHED, replace(PLACES, per_level=True), samples_per_step=3)
    steps = [{sampler(number)[1].level for number in range(first, first + 3)} for first in range(0, 30, 3)]
    assert all(len(levels) == 1 for levels in steps)
    assert set.union(*steps) == {1, 2}
