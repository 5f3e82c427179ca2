"""Training and validation never share a label, and both have every class's share of them."""

from __future__ import annotations

import numpy as np
import pytest

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, MemorySource, PartSource, split_sources, take_census
from magnet_geo.errors import TrainingError
from magnet_geo.grid import PixelRect, Size


def patchy(height: int, width: int, seed: int = 0) -> MemorySource:
    """An image whose labels are few squares of three classes."""
    generator = np.random.default_rng(seed)
    classes = np.full((height, width), IGNORE_INDEX, np.uint8)
    for _ in range(60):
        row, col = generator.integers(0, height - 20), generator.integers(0, width - 20)
        classes[row : row + 20, col : col + 20] = generator.integers(3)
    return MemorySource(
        f"patchy {seed}", LabeledImage(np.ones((height, width, 3), np.uint8), np.ones((height, width), bool), classes)
    )


def whole(source: MemorySource) -> tuple[PixelRect, Size]:
    return PixelRect(0, 0, source.size.height, source.size.width), source.size


def test_a_census_counts_every_label() -> None:
    source = patchy(300, 500)
    census = take_census(source, 3, block_px=64)
    times = np.zeros((300, 500), int)
    for block in census.blocks:
        times[block.slices] += 1
    assert (times == 1).all()
    np.testing.assert_array_equal(census.counts.sum(axis=0), np.bincount(source.image.classes.ravel())[:3])
    reduced = take_census(patchy(900, 700), 3, block_px=450).counts.sum(axis=0)
    np.testing.assert_allclose(reduced, np.bincount(patchy(900, 700).image.classes.ravel())[:3], rtol=0.2)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_blocks_of_one_scene_part_its_labels_by_share(share: float) -> None:
    source = patchy(600, 800)
    training, validation = split_sources([source], share, seed=1, num_classes=3)
    labels = source.image.classes
    left = training[0].read(*whole(source)).classes
    seen = np.zeros(labels.shape, int)
    seen[left != IGNORE_INDEX] += 1
    held = np.zeros(3)
    for part in validation:
        assert isinstance(part, PartSource)
        read = part.read(PixelRect(0, 0, part.size.height, part.size.width), part.size).classes
        np.testing.assert_array_equal(read, labels[part.rect.slices])
        seen[part.rect.slices] += read != IGNORE_INDEX
        held += np.bincount(read[read != IGNORE_INDEX], minlength=3)
    np.testing.assert_array_equal(seen, labels != IGNORE_INDEX)
    np.testing.assert_allclose(held / np.bincount(labels.ravel())[:3], share, atol=0.07)


def test_a_part_shows_its_surroundings_without_labels() -> None:
    source = patchy(100, 120)
    part = PartSource(source, PixelRect(30, 40, 20, 30))
    read = part.read(PixelRect(-10, -10, 40, 50), Size(20, 25))
    np.testing.assert_array_equal(read.pixels, source.read(PixelRect(20, 30, 40, 50), Size(20, 25)).pixels)
    inside = np.zeros((20, 25), bool)
    inside[5:15, 5:20] = True
    assert (read.classes[~inside] == IGNORE_INDEX).all()
    own = source.read(PixelRect(20, 30, 40, 50), Size(20, 25)).classes
    np.testing.assert_array_equal(read.classes[inside], own[inside])
    assert (part.band_count, part.gsd_m, part.size) == (3, None, Size(20, 30))
    assert "row 30, column 40" in part.name


def test_whole_images_are_drawn_where_there_are_enough() -> None:
    sources = [patchy(60, 60, seed) for seed in range(20)]
    training, validation = split_sources(sources, 0.25, seed=3, num_classes=3)
    assert len(validation) == 5
    assert {id(source) for source in (*training, *validation)} == {id(source) for source in sources}


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    sources = [patchy(60, 60, seed) for seed in range(20)]
    names = [
        [source.name for source in split_sources(sources, 0.25, seed=seed, num_classes=3)[1]] for seed in (1, 1, 2)
    ]
    assert names[0] == names[1] != names[2]
    blocks = [
        [part.name for part in split_sources([patchy(600, 800)], 0.2, seed=seed, num_classes=3)[1]]
        for seed in (1, 1, 2)
    ]
    assert blocks[0] == blocks[1] != blocks[2]


def test_labels_of_one_block_cannot_be_parted() -> None:
    classes = np.full((400, 400), IGNORE_INDEX, np.uint8)
    classes[:20, :20] = 1
    lonely = MemorySource("lonely", LabeledImage(np.ones((400, 400, 1), np.uint8), np.ones((400, 400), bool), classes))
    with pytest.raises(TrainingError, match="too close together to set 20% of them aside"):
        split_sources([lonely], 0.2, seed=0, num_classes=2)
    with pytest.raises(TrainingError, match=r"between 0 and 1, not 1\.5"):
        split_sources([lonely], 1.5, seed=0, num_classes=2)
