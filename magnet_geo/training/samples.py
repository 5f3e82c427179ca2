"""Crops for the backbone: labelled images held at several decimations, cut at seeded random places.

H and W an image's size, B bands, P the side of a crop in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage
from magnet_geo.errors import TrainingError
from magnet_geo.normalization import Normalization
from magnet_geo.training.augmentation import ColorJitter, Dihedral

__all__ = [
    "IGNORE_INDEX",
    "CropSettings",
    "LabeledImage",
    "LabeledPyramid",
    "area_shares",
    "draw_batches",
    "draw_crop",
    "draw_offset",
    "network_input",
    "resize_square",
    "stack_classes",
    "stack_images",
]


class LabeledPyramid:
    """One labelled image at each decimation that training uses.

    Args:
        image: The image at full resolution.
        decimations: Factors, each at least 1.
    """

    def __init__(self, image: LabeledImage, decimations: Sequence[int]) -> None:
        self._levels = {factor: image.decimated(factor) for factor in decimations}
        self.area_px = image.classes.size

    def __getitem__(self, decimation: int) -> LabeledImage:
        """Gives the image at 1/decimation."""
        return self._levels[decimation]


@dataclass(frozen=True, slots=True)
class CropSettings:
    """How crops for the backbone are drawn.

    Attributes:
        crop_px: Side of a crop as the network sees it.
        decimations: Factors the crops are drawn at.
        decimation_shares: Share of the crops per factor; sums to 1.
        smallest_scale: Least extra zoom: the crop shows this times its side at the decimation.
        largest_scale: Greatest such factor.
        overhang_share: Share of the crop's side by which it may reach over the image's border.
        area_exponent: Images are drawn with probability proportional to area to this power.
        color: Changes of color.
    """

    crop_px: int = 384
    decimations: tuple[int, ...] = (1, 2, 4)
    decimation_shares: tuple[float, ...] = (0.4, 0.35, 0.25)
    smallest_scale: float = 0.7
    largest_scale: float = 1.4
    overhang_share: float = 0.1
    area_exponent: float = 0.5
    color: ColorJitter = field(default_factory=ColorJitter)

    def __post_init__(self) -> None:
        if len(self.decimations) != len(self.decimation_shares):
            raise TrainingError(
                f"{len(self.decimations)} decimations have {len(self.decimation_shares)} shares; give one each."
            )


def draw_crop(image: LabeledImage, settings: CropSettings, generator: Generator) -> LabeledImage:
    """Gives one augmented (P, P) crop of an image that is already decimated.

    Returns:
        A crop whose zero padding, if any, keeps the value 0 in every band.
    """
    scale = float(np.exp(generator.uniform(np.log(settings.smallest_scale), np.log(settings.largest_scale))))
    side_px = round(settings.crop_px * scale)
    overhang_px = int(side_px * settings.overhang_share)
    row, col = (draw_offset(size, side_px, overhang_px, generator) for size in image.classes.shape)
    cut = image.window(row=row, col=col, side_px=side_px).oriented(Dihedral.draw(generator))
    pixels, classes = resize_square(cut, settings.crop_px)
    return LabeledImage(settings.color.draw(generator).apply(pixels), classes)


def resize_square(image: LabeledImage, side_px: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Gives the pixels (area average down, bilinear up) and classes (nearest) at another size."""
    shrinks = image.classes.shape[0] > side_px
    size = (side_px, side_px)
    pixels = cv2.resize(
        np.ascontiguousarray(image.pixels), size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    classes = cv2.resize(np.ascontiguousarray(image.classes), size, interpolation=cv2.INTER_NEAREST)
    return pixels.reshape(side_px, side_px, -1).astype(np.uint8), classes.astype(np.uint8)


def draw_batches(
    pyramids: Sequence[LabeledPyramid], settings: CropSettings, *, batch_size: int, generator: Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields batches without end.

    Yields:
        (N, B, P, P) uint8 images and (N, P, P) int64 class index.
    """
    image_shares = area_shares(pyramids, settings.area_exponent)
    while True:
        crops = []
        for _ in range(batch_size):
            pyramid = pyramids[generator.choice(len(pyramids), p=image_shares)]
            decimation = int(generator.choice(settings.decimations, p=settings.decimation_shares))
            crops.append(draw_crop(pyramid[decimation], settings, generator))
        yield stack_images([crop.pixels for crop in crops]), stack_classes([crop.classes for crop in crops])


def area_shares(pyramids: Sequence[LabeledPyramid], exponent: float) -> NDArray[np.float64]:
    """Gives the probability of each image: area to a power, summing to 1."""
    weights = np.array([pyramid.area_px for pyramid in pyramids], dtype=np.float64) ** exponent
    return np.asarray(weights / weights.sum())


def stack_images(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Gives (H, W, B) arrays as one (N, B, H, W) uint8 tensor, channels last in memory."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)


def network_input(images: Tensor, normalization: Normalization) -> Tensor:
    """Gives the (N, B, H, W) float32 input of uint8 images; pixels that are 0 in every band (padding) become 0."""
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (normalization.mean, normalization.std))
    return (images.float() / 255 - mean) / std * images.any(dim=1, keepdim=True)


def stack_classes(classes: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Gives (H, W) arrays as one (N, H, W) int64 tensor."""
    return torch.from_numpy(np.stack(classes)).long()


def draw_offset(size: int, side_px: int, overhang_px: int, generator: Generator) -> int:
    """Gives a first row or column so that a cut lies in the image up to an overhang, or holds all of it."""
    first, last = sorted((-overhang_px, size - side_px + overhang_px))
    return int(generator.integers(first, last + 1))
