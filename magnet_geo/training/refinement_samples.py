"""Samples for the refinement module: one place seen at every level, as inference will meet it.

P the side of a patch, B bands; the first level is the coarsest and shows the whole window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.errors import TrainingError
from magnet_geo.training.augmentation import ColorJitter, Dihedral
from magnet_geo.training.samples import (
    LabeledImage,
    LabeledPyramid,
    area_shares,
    draw_offset,
    stack_classes,
    stack_images,
)


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """How places are drawn.

    Attributes:
        patch_px: Side P of a patch at every level.
        decimations: Decimation of each level, coarse to fine, each a multiple of the next.
        area_exponent: Images are drawn with probability proportional to area to this power.
        color: Changes of color, the same at every level of a place.
    """

    patch_px: int = 512
    decimations: tuple[int, ...] = (4, 2, 1)
    area_exponent: float = 0.5
    color: ColorJitter = field(default_factory=ColorJitter)

    def __post_init__(self) -> None:
        if any(coarse % fine for coarse, fine in pairwise(self.decimations)):
            raise TrainingError(f"Each decimation must be a multiple of the next, not {self.decimations}.")


@dataclass(frozen=True, slots=True)
class ChainPatch:
    """What one level of a chain shows.

    Attributes:
        image: (P, P) patch.
        row: First row of the patch in the coarser level's patch, once that is resized to this level.
        col: First column likewise.
    """

    image: LabeledImage
    row: int
    col: int


@dataclass(frozen=True, slots=True)
class ChainLevel:
    """One level of a batch of chains.

    Attributes:
        images: (N, B, P, P) uint8.
        classes: (N, P, P) int64 class index.
        offsets: (row, col) of each patch in the coarser level's patch, once that is resized to this level.
        zoom: How many of this level's rows one row of the coarser level becomes.
    """

    images: Tensor
    classes: Tensor
    offsets: tuple[tuple[int, int], ...]
    zoom: int


def draw_chain(pyramid: LabeledPyramid, settings: ChainSettings, generator: Generator) -> list[ChainPatch]:
    """Gives one augmented place, coarse to fine; each patch lies in the one before."""
    patch_px, coarsest = settings.patch_px, settings.decimations[0]
    dihedral, color = Dihedral.draw(generator), settings.color.draw(generator)
    row, col = (draw_offset(size, patch_px, 0, generator) for size in pyramid[coarsest].classes.shape)
    patches: list[ChainPatch] = []
    top = left = 0
    for coarse, fine in pairwise((coarsest, *settings.decimations)):
        zoom, scale = coarse // fine, coarsest // fine
        inner_row, inner_col = (int(generator.integers(patch_px * (zoom - 1) + 1)) for _ in range(2))
        top, left = top * zoom + inner_row, left * zoom + inner_col
        window = pyramid[fine].window(row=row * scale, col=col * scale, side_px=patch_px * scale)
        patch = window.oriented(dihedral).window(row=top, col=left, side_px=patch_px)
        pixels = color.apply(np.ascontiguousarray(patch.pixels))
        patches.append(ChainPatch(LabeledImage(pixels, patch.classes), inner_row, inner_col))
    return patches


def draw_chain_batches(
    pyramids: Sequence[LabeledPyramid], settings: ChainSettings, *, batch_size: int, generator: Generator
) -> Iterator[list[ChainLevel]]:
    """Yields batches of chains without end, each as its levels from coarse to fine."""
    image_shares = area_shares(pyramids, settings.area_exponent)
    zooms = [1, *(coarse // fine for coarse, fine in pairwise(settings.decimations))]
    while True:
        drawn = generator.choice(len(pyramids), size=batch_size, p=image_shares)
        chains = [draw_chain(pyramids[index], settings, generator) for index in drawn]
        yield [_stack(level, zoom) for level, zoom in zip(zip(*chains, strict=True), zooms, strict=True)]


def _stack(patches: Sequence[ChainPatch], zoom: int) -> ChainLevel:
    classes: list[NDArray[np.uint8]] = [patch.image.classes for patch in patches]
    return ChainLevel(
        images=stack_images([patch.image.pixels for patch in patches]),
        classes=stack_classes(classes),
        offsets=tuple((patch.row, patch.col) for patch in patches),
        zoom=zoom,
    )
