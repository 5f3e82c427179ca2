"""`ClassCensus`: where in a source the labels of each class lie, from a reduced read of every block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.datasets.source import LabeledSource
from magnet_geo.grid import PixelRect, Size
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress

_BLOCKS_PER_SIDE = 12
_SMALLEST_BLOCK_PX = 32
_LARGEST_BLOCK_PX = 2048
_READ_PX = 128


@dataclass(frozen=True, slots=True, eq=False)
class ClassCensus:
    """Labels by block of one source.

    Attributes:
        blocks: Rectangles that cover the source once.
        counts: (N, C) estimated labelled pixels of each class in each block, float64.
    """

    blocks: tuple[PixelRect, ...]
    counts: NDArray[np.float64]


def take_census(
    source: LabeledSource,
    num_classes: int,
    *,
    block_px: int | None = None,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> ClassCensus:
    """Counts labels block by block; each block is read at no more than 128 x 128 pixels.

    Args:
        source: The labelled image.
        num_classes: C.
        block_px: Side of a block; None for about 12 x 12 blocks of 32 to 2048 pixels.
        progress: Follows.
        cancel: Stops.
    """
    blocks = tuple(blocks_of(source.size, block_px or _default_block_px(source.size)))
    counts = np.zeros((len(blocks), num_classes))
    for number, block in enumerate(blocks):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(ProgressEvent(number / len(blocks), "count labels", "Counting labels"))
        shape = Size(min(block.height, _READ_PX), min(block.width, _READ_PX))
        classes = source.read(block, shape).classes
        labelled = np.bincount(classes[classes != IGNORE_INDEX], minlength=num_classes)
        counts[number] = labelled * (block.size.pixels / shape.pixels)
    return ClassCensus(blocks, counts)


def blocks_of(size: Size, block_px: int) -> Iterator[PixelRect]:
    """Yields square blocks that cover an image once, row by row; those at the far edges may be smaller."""
    for row in range(0, size.height, block_px):
        for col in range(0, size.width, block_px):
            yield PixelRect(row, col, min(block_px, size.height - row), min(block_px, size.width - col))


def _default_block_px(size: Size) -> int:
    return int(np.clip(max(size.height, size.width) // _BLOCKS_PER_SIDE, _SMALLEST_BLOCK_PX, _LARGEST_BLOCK_PX))
