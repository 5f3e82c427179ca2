"""Crops for the backbone: turned, sheared, zoomed and recolored places of the tiles at every decimation.

P the side of a crop, N crops of a batch.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from meadows import painted_green
from numpy.random import Generator
from numpy.typing import NDArray
from tiles import CLASS_NAMES, IGNORE_INDEX, NORMALIZATION, Tile
from torch import Tensor

from magnet_geo.training.augmentation import ColorJitter

_PARTS = 9
_UNLABELED = 5
_CODES_PER_PART = 6
_LAND, _VEGETATION = CLASS_NAMES.index("land"), CLASS_NAMES.index("vegetation")


@dataclass(frozen=True, slots=True)
class CropSettings:
    """How crops are drawn.

    Attributes:
        crop_px: Side P.
        batch_size: Crops of a batch.
        decimations: What the pyramid of the model shows.
        shares: Share of the crops per decimation.
        usual_zoom: Greatest factor on the decimation for most crops, applied both ways.
        rare_zoom: The same for the others: scenes whose pixel size is not that of the model.
        rare_share: Share of the others.
        aspect: Greatest logarithm of a stretch.
        gray_share: Share of the crops that lose most of their color.
        meadow_share: Share of the crops whose land is painted green and called vegetation.
        label_stride: Every so many pixels have a label, as the network decides.
        color: Other changes of color.
    """

    crop_px: int = 384
    batch_size: int = 6
    decimations: tuple[int, ...] = (1, 2, 4)
    shares: tuple[float, ...] = (0.4, 0.33, 0.27)
    usual_zoom: float = 1.4
    rare_zoom: float = 2.2
    rare_share: float = 0.3
    aspect: float = 0.15
    gray_share: float = 0.1
    meadow_share: float = 0.0
    label_stride: int = 2
    color: ColorJitter = field(
        default_factory=lambda: ColorJitter(
            gain=0.26, gamma=1.52, contrast=0.455, saturation=0.52, haze=0.39, blur_sigma_px=1.56
        )
    )


class TileLevels:
    """A tile at decimations 1, 2, 4 and 8, each pixel's class and annotator in one code."""

    def __init__(self, tile: Tile) -> None:
        self.number = tile.number
        labels = np.where(tile.classes == IGNORE_INDEX, _UNLABELED, tile.classes)
        codes = (tile.parts * _CODES_PER_PART + labels).astype(np.uint8)
        self.levels = {factor: _decimated(tile.pixels, codes, factor) for factor in (1, 2, 4, 8)}


def _decimated(
    pixels: NDArray[np.uint8], codes: NDArray[np.uint8], factor: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    height, width = (size // factor for size in codes.shape)
    whole = pixels[: height * factor, : width * factor]
    small = whole if factor == 1 else cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    centers = codes[factor // 2 :: factor, factor // 2 :: factor][:height, :width]
    return np.maximum(small, 1).astype(np.uint8), np.ascontiguousarray(centers)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one step learns from.

    Attributes:
        inputs: (N, 3, P, P) float32 network input, channels last.
        classes: (N, P/s, P/s) int64 classes of every s-th pixel, s the stride of the labels.
        parts: Likewise, which annotator of all tiles labelled it.
    """

    inputs: Tensor
    classes: Tensor
    parts: Tensor


def batches(
    tiles: Sequence[TileLevels],
    weights: Sequence[float],
    kept_back: Mapping[int, Sequence[int]],
    settings: CropSettings,
    seed: int,
) -> Iterator[Batch]:
    """Yields batches without end, made ahead in a second thread.

    Args:
        tiles: Where crops are taken.
        weights: How often each is chosen.
        kept_back: Parts per tile number that are seen but not learned.
        settings: How crops are drawn.
        seed: Of all draws.
    """
    generator = np.random.default_rng(seed)
    shares = np.asarray(weights) / np.sum(weights)
    ready: queue.Queue[Batch] = queue.Queue(3)

    def fill() -> None:
        while True:
            ready.put(_batch(tiles, shares, kept_back, settings, generator))

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield ready.get()


def _batch(
    tiles: Sequence[TileLevels],
    shares: NDArray[np.float64],
    kept_back: Mapping[int, Sequence[int]],
    settings: CropSettings,
    generator: Generator,
) -> Batch:
    images, classes, parts = [], [], []
    for _ in range(settings.batch_size):
        index = int(generator.choice(len(tiles), p=shares))
        image, codes = draw_crop(tiles[index], settings, generator)
        row, col = generator.integers(settings.label_stride, size=2)
        codes = codes[row :: settings.label_stride, col :: settings.label_stride]
        part, label = codes // _CODES_PER_PART, codes % _CODES_PER_PART
        hidden = (label == _UNLABELED) | np.isin(part, tuple(kept_back.get(tiles[index].number, ())))
        images.append(image)
        classes.append(np.where(hidden, IGNORE_INDEX, label))
        parts.append(part + _PARTS * index)
    inputs = network_input(np.stack(images))
    return Batch(inputs, torch.from_numpy(np.stack(classes)).long(), torch.from_numpy(np.stack(parts)).long())


def draw_crop(
    tile: TileLevels, settings: CropSettings, generator: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Gives one augmented crop: (P, P, 3) pixels, 0 outside the tile, and (P, P) codes."""
    side = settings.crop_px
    zoom = settings.rare_zoom if generator.random() < settings.rare_share else settings.usual_zoom
    reach = generator.choice(settings.decimations, p=settings.shares) * zoom ** generator.uniform(-1, 1)
    factor = max(level for level in tile.levels if level <= max(1, reach * 1.01))
    pixels, codes = tile.levels[factor]
    scale = reach / factor
    placed = _placement(codes.shape, side, scale, settings.aspect, generator)
    flags = cv2.WARP_INVERSE_MAP
    image = cv2.warpAffine(pixels, placed, (side, side), flags=flags | cv2.INTER_LINEAR)
    if scale > settings.usual_zoom:
        # A second, shifted sample stands for the area that one bilinear sample would skip.
        shifted = placed + np.array([[0, 0, scale / 4], [0, 0, scale / 4]])
        other = cv2.warpAffine(pixels, shifted, (side, side), flags=flags | cv2.INTER_LINEAR)
        image = ((image.astype(np.uint16) + other) // 2).astype(np.uint8)
    crop = cv2.warpAffine(codes, placed, (side, side), flags=flags | cv2.INTER_NEAREST, borderValue=_UNLABELED)
    if settings.meadow_share and generator.random() < settings.meadow_share:
        land = crop % _CODES_PER_PART == _LAND
        image, crop = painted_green(image, land, generator), np.where(land, crop + (_VEGETATION - _LAND), crop)
    image = settings.color.draw(generator).apply(np.where(image.min(axis=2, keepdims=True) > 0, image, 0))
    if generator.random() < settings.gray_share:
        image = _grayer(image, generator.uniform(0.6, 1.0))
    return image, np.asarray(crop, np.uint8)


def _placement(
    shape: tuple[int, ...], side: int, scale: float, aspect: float, generator: Generator
) -> NDArray[np.float64]:
    """(2, 3) affine from crop pixels to tile pixels."""
    free = generator.random() < 0.5
    angle = generator.uniform(0, 2 * np.pi) if free else np.pi / 2 * generator.integers(4)
    stretch = np.exp(generator.uniform(-aspect, aspect))
    mirror = -1 if generator.random() < 0.5 else 1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([scale * stretch * mirror, scale / stretch])
    half = side * scale / 2
    center = np.array([_middle(size, half, generator) for size in reversed(shape)])
    return np.hstack([matrix, (center - matrix @ np.full(2, side / 2 - 0.5))[:, None]])


def _middle(size: int, half: float, generator: Generator) -> float:
    low, high = half * 0.8, size - half * 0.8
    return float(generator.uniform(low, high) if high > low else size / 2 + generator.uniform(-0.1, 0.1) * half)


def _grayer(image: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    gray = image.astype(np.float32).mean(axis=2, keepdims=True)
    mixed = np.clip(image * (1 - share) + gray * share, 1, 255).astype(np.uint8)
    return np.where(image.any(axis=2, keepdims=True), mixed, 0).astype(np.uint8)


def network_input(images: NDArray[np.uint8]) -> Tensor:
    """Gives the (N, 3, P, P) float32 input of (N, P, P, 3) pixels; padding, 0 in every band, becomes 0."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (NORMALIZATION.mean, NORMALIZATION.std))
    inputs = (pixels.float() / 255 - mean) / std * pixels.any(dim=1, keepdim=True)
    return inputs.contiguous(memory_format=torch.channels_last)
