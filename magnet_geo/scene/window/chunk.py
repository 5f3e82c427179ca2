"""The finished map of one window: classes, certainty and probabilities of its write region, and how they are stored.

Shapes: C classes, H and W a window, h and w a part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.classes import ClassScheme
from magnet_geo.grid import PixelRect, ReadScale, Size
from magnet_geo.inference.segmenter import final_probabilities
from magnet_geo.progressive import certainty, winning_classes
from magnet_geo.progressive.resampling import bilinear_at, resize_bilinear
from magnet_geo.scene.window.model_window import ModelWindow
from magnet_geo.scene.window.seams import SeamBlender

CERTAINTY_STEPS = 254
CERTAINTY_NODATA = 255
_CLASSES, _CONFIDENCE, _PROBABILITIES = "classes", "confidence", "probabilities"


@dataclass(frozen=True, slots=True)
class MapSettings:
    """What is made of the probabilities.

    Attributes:
        scheme: Class values and nodata.
        temperature: Of the final probabilities.
        min_confidence: Certainty below which a pixel becomes unclassified; 0 for never.
        with_confidence: Whether the certainty is wanted.
        with_probabilities: Whether the probabilities are wanted.
    """

    scheme: ClassScheme
    temperature: float
    min_confidence: float
    with_confidence: bool
    with_probabilities: bool


@dataclass(frozen=True, slots=True, eq=False)
class MapChunk:
    """A chunk of the map.

    Attributes:
        rect: Where it lies, in scene pixels: the write region of a window.
        classes: (h, w) uint8 class values.
        confidence: (h, w) uint8 certainty in steps of 1/254, 255 where not valid; None if not wanted.
        probabilities: (C, h, w) uint8 on the same scale; None if not wanted.
    """

    rect: PixelRect
    classes: NDArray[np.uint8]
    confidence: NDArray[np.uint8] | None
    probabilities: NDArray[np.uint8] | None


def make_chunk(
    probabilities: Tensor,
    *,
    window: ModelWindow,
    blender: SeamBlender,
    scale: ReadScale,
    settings: MapSettings,
) -> MapChunk:
    """Bring a window's probabilities to the scene's pixels, blend them with its neighbors' and decide the classes.

    Works in strips of rows, so that probabilities at the scene's resolution never stand as a whole.

    Args:
        probabilities: (C, H, W) of the whole window, in model pixels.
        window: The window; what is not valid becomes nodata.
        blender: Of this window.
        scale: Scene pixels per model pixel.
        settings: What is wanted.
    """
    chunk, valid = blank_chunk(window.window.write, settings), window.write_valid

    def sample(rect: PixelRect) -> Tensor:
        return _sample(probabilities, rect.relative_to(window.window.read), scale)

    for rows, blended in blender.join(sample):
        fill_chunk(chunk, rows, blended, valid=valid[rows], settings=settings)
    return chunk


def blank_chunk(rect: PixelRect, settings: MapSettings) -> MapChunk:
    """Make a chunk in which nothing is valid yet."""
    height, width = rect.height, rect.width
    confidence = np.full((height, width), CERTAINTY_NODATA, np.uint8) if settings.with_confidence else None
    shares: NDArray[np.uint8] | None = None
    if settings.with_probabilities:
        shares = np.full((len(settings.scheme), height, width), CERTAINTY_NODATA, np.uint8)
    return MapChunk(rect, np.full((height, width), settings.scheme.nodata, np.uint8), confidence, shares)


def fill_chunk(
    chunk: MapChunk, rows: slice, probabilities: Tensor, *, valid: NDArray[np.bool_], settings: MapSettings
) -> None:
    """Decide some rows of a chunk.

    Args:
        chunk: Its arrays are written into.
        rows: Which rows.
        probabilities: (C, rows, w) blended.
        valid: (rows, w) boolean; what is not valid stays as it is.
        settings: What is wanted.
    """
    if valid.any():
        confidence, shares = _rows(chunk.confidence, rows), _rows(chunk.probabilities, rows)
        _fill(probabilities, valid, settings, chunk.classes[rows], confidence, shares)


def _rows(array: NDArray[np.uint8] | None, rows: slice) -> NDArray[np.uint8] | None:
    return None if array is None else array[..., rows, :]


def _fill(
    probabilities: Tensor,
    valid: NDArray[np.bool_],
    settings: MapSettings,
    classes: NDArray[np.uint8],
    confidence: NDArray[np.uint8] | None,
    shares: NDArray[np.uint8] | None,
) -> None:
    winners = settings.scheme.values.take(winning_classes(probabilities).cpu().numpy())
    if confidence is not None or shares is not None or settings.min_confidence > 0:
        final = final_probabilities(probabilities, settings.temperature)
        sure = certainty(final)
        if settings.min_confidence > 0:
            winners[(sure < settings.min_confidence).cpu().numpy()] = settings.scheme.unclassified or 0
        if confidence is not None:
            np.copyto(confidence, _steps(sure), where=valid)
        if shares is not None:
            np.copyto(shares, _steps(final), where=valid)
    np.copyto(classes, winners, where=valid)


def _steps(fractions: Tensor) -> NDArray[np.uint8]:
    steps: NDArray[np.uint8] = (fractions * CERTAINTY_STEPS).round().to(torch.uint8).cpu().numpy()
    return steps


def _sample(probabilities: Tensor, rect: PixelRect, scale: ReadScale) -> Tensor:
    """Probabilities of scene pixels: cut out, interpolated, or averaged where a scene pixel holds several."""
    if scale.is_native:
        return probabilities[(slice(None), *rect.slices)].clone()
    per_axis = ceil(1 / scale.ratio)
    rows = _positions(rect.row, rect.height, scale, per_axis)
    cols = _positions(rect.col, rect.width, scale, per_axis)
    samples = bilinear_at(probabilities, rows=rows, cols=cols)
    return samples if per_axis == 1 else F.avg_pool2d(samples, per_axis)


def _positions(start: int, count: int, scale: ReadScale, per_axis: int) -> Tensor:
    steps = (torch.arange(count * per_axis, dtype=torch.float64) + 0.5) / per_axis
    return (start + steps) / scale.ratio - 0.5


@dataclass(frozen=True, slots=True)
class MapProduct:
    """How the windows of one map become its chunks.

    Attributes:
        name: Of the map within a run.
        settings: What is made of the probabilities.
        scale: Scene pixels per model pixel.
        window_size: A window in model pixels.
    """

    name: str
    settings: MapSettings
    scale: ReadScale
    window_size: Size

    def chunk(self, window: ModelWindow, probabilities: Tensor, blender: SeamBlender) -> MapChunk:
        """Make a window's chunk of the map.

        Args:
            window: The window.
            probabilities: (C, H, W) of any stage; brought to the size of the window.
            blender: Of this window, with what its neighbors left.
        """
        full = resize_bilinear(probabilities[None], self.window_size)[0]
        return make_chunk(full, window=window, blender=blender, scale=self.scale, settings=self.settings)

    def pack(self, chunk: MapChunk) -> dict[str, NDArray[Any]]:
        """Return the arrays of a chunk by name, distinct from those of other maps."""
        arrays = {_CLASSES: chunk.classes, _CONFIDENCE: chunk.confidence, _PROBABILITIES: chunk.probabilities}
        return {f"{self.name}.{kind}": array for kind, array in arrays.items() if array is not None}

    def unpack(self, rect: PixelRect, arrays: Mapping[str, NDArray[Any]]) -> MapChunk:
        """Return the chunk that `pack` took apart.

        Args:
            rect: Where it lies: the write region of its window.
            arrays: Those of all maps of the run.
        """
        classes, confidence, probabilities = (
            arrays.get(f"{self.name}.{kind}") for kind in (_CLASSES, _CONFIDENCE, _PROBABILITIES)
        )
        return MapChunk(rect, np.asarray(classes, np.uint8), confidence, probabilities)
