from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from magnet_geo.errors import TrainingError
from magnet_geo.normalization import Normalization
from magnet_geo.training.augmentation import ColorJitter, Dihedral
from magnet_geo.training.refinement_samples import ChainSettings, draw_chain, draw_chain_batches
from magnet_geo.training.samples import (
    IGNORE_INDEX,
    CropSettings,
    LabeledImage,
    LabeledPyramid,
    draw_batches,
    draw_crop,
    network_input,
)

STILL = ColorJitter(untouched_share=1.0)


def image_of_blocks(blocks: int, block_px: int) -> LabeledImage:
    """Block (r, c) has the value 1 + 5 r + c in every band and the class r % 3."""
    rows, cols = np.mgrid[:blocks, :blocks]
    values = np.kron(1 + 5 * rows + cols, np.ones((block_px, block_px), dtype=int)).astype(np.uint8)
    classes = np.kron(rows % 3, np.ones((block_px, block_px), dtype=int)).astype(np.uint8)
    return LabeledImage(np.repeat(values[..., None], 3, axis=2), classes)


def test_decimation_averages_over_area_and_takes_the_middle_class() -> None:
    rows = np.array([[10, 20, 30, 40, 99]] * 5, dtype=np.uint8)
    classes = np.arange(25, dtype=np.uint8).reshape(5, 5)
    half = LabeledImage(rows[..., None], classes).decimated(2)
    assert half.pixels[..., 0].tolist() == [[15, 35], [15, 35]]
    assert half.classes.tolist() == [[6, 8], [16, 18]]


def test_window_over_the_border_is_padded_without_labels() -> None:
    window = image_of_blocks(2, 2).window(row=-1, col=2, side_px=4)
    assert window.pixels[..., 0].tolist() == [[0, 0, 0, 0], [2, 2, 0, 0], [2, 2, 0, 0], [7, 7, 0, 0]]
    assert (window.classes == IGNORE_INDEX).tolist() == (window.pixels[..., 0] == 0).tolist()


def test_mismatched_labels_are_refused() -> None:
    with pytest.raises(TrainingError, match="does not fit labels"):
        LabeledImage(np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4), np.uint8))


def test_crop_keeps_pixels_and_classes_together() -> None:
    image = image_of_blocks(8, 8)
    settings = CropSettings(crop_px=16, smallest_scale=1, largest_scale=1, color=STILL)
    crop = draw_crop(image, settings, np.random.default_rng(3))
    padding = crop.pixels[..., 0] == 0
    assert crop.classes.shape == (16, 16)
    assert (crop.classes[padding] == IGNORE_INDEX).all()
    class_of_value = {int(v): int(c) for v, c in zip(image.pixels[..., 0].ravel(), image.classes.ravel(), strict=True)}
    expected = [class_of_value[int(value)] for value in crop.pixels[~padding][:, 0]]
    assert crop.classes[~padding].tolist() == expected


def test_batches_repeat_with_the_seed() -> None:
    pyramids = [LabeledPyramid(image_of_blocks(6, 8), (1, 2))]
    settings = CropSettings(crop_px=16, decimations=(1, 2), decimation_shares=(0.5, 0.5))
    first, second = (
        next(draw_batches(pyramids, settings, batch_size=3, generator=np.random.default_rng(7))) for _ in range(2)
    )
    assert first[0].shape == (3, 3, 16, 16)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_orientations_are_eight_different_ones() -> None:
    corner = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    seen = {Dihedral(turns, mirrored).apply(corner).tobytes() for turns in range(4) for mirrored in (False, True)}
    assert len(seen) == 8


def test_color_changes_keep_padding_and_only_padding_black() -> None:
    pixels = np.full((32, 32, 3), 3, dtype=np.uint8)
    pixels[:, :16] = 0
    generator = np.random.default_rng(0)
    for _ in range(20):
        changed = ColorJitter(untouched_share=0).draw(generator).apply(pixels)
        assert (changed[:, :16] == 0).all()
        assert (changed[:, 16:] > 0).all()


def test_network_input_is_normalized_and_zero_in_padding() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 1, 2).expand(1, 2, 1, 2)
    scaled = network_input(images, Normalization(mean=(0.5, 0.0), std=(0.5, 2.0)))
    assert scaled[0, :, 0].tolist() == [[0.0, 1.0], [0.0, 0.5]]


def test_each_patch_of_a_chain_lies_in_the_one_before() -> None:
    pyramid = LabeledPyramid(image_of_blocks(24, 4), (4, 2, 1))
    settings = ChainSettings(patch_px=16, color=STILL)
    for seed in range(5):
        chain = draw_chain(pyramid, settings, np.random.default_rng(seed))
        for coarse, fine in pairwise(chain):
            finer = coarse.image.classes.repeat(2, axis=0).repeat(2, axis=1)
            part = finer[fine.row : fine.row + 16, fine.col : fine.col + 16]
            assert np.array_equal(part, fine.image.classes)


def test_chain_batches_stack_levels() -> None:
    pyramids = [LabeledPyramid(image_of_blocks(24, 4), (4, 2, 1))]
    levels = next(
        draw_chain_batches(pyramids, ChainSettings(patch_px=16), batch_size=2, generator=np.random.default_rng(0))
    )
    assert [level.zoom for level in levels] == [1, 2, 2]
    assert all(level.images.shape == (2, 3, 16, 16) and level.classes.shape == (2, 16, 16) for level in levels)
    assert levels[0].offsets == ((0, 0), (0, 0))
