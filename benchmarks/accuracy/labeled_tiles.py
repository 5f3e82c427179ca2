"""Labelled tiles, what the product and a plain sliding window make of them, and how both are scored.

C classes, B bands, H and W rows and columns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import torch
from numpy.typing import NDArray

from magnet_geo.grid import MagnificationPyramid, PixelRect, Size, WindowPlan
from magnet_geo.inference import Segmenter
from magnet_geo.inference.segmenter import final_probabilities
from magnet_geo.progressive import build_image_pyramid
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene

SLID_HALO_PX = 64
SURE_STEPS = 254


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What a run made of a tile.

    Attributes:
        classes: (H, W) uint8 class values.
        probabilities: (C, H, W) float32, empty unless asked for.
        passes: Passes of the backbone.
        refined_share: Share of the patches that were refined.
    """

    classes: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    passes: int
    refined_share: float


def read_scene(path: Path) -> NDArray[np.uint8]:
    """Gives the (B, H, W) pixels of an image."""
    with rasterio.open(path) as dataset:
        return dataset.read()


def read_labels(folder: Path, tile: int) -> NDArray[np.uint8]:
    """Gives the (H, W) class values of a tile, 0 where unlabelled."""
    with rasterio.open(folder / f"tile{tile}_mask.png") as dataset:
        return dataset.read(1)


def labels_beside(scene: Path) -> NDArray[np.uint8]:
    """Gives the (H, W) class values of the tile that an image shows."""
    return read_labels(scene.parent, int(scene.stem.removeprefix("tile").removesuffix("_rgb")))


def run_product(scene: Path, model: Segmenter, mode: str, *, with_probabilities: bool = False) -> Predicted:
    """Maps a scene as `magnet-geo segment --refine MODE` does."""
    with tempfile.TemporaryDirectory() as folder:
        output, shares = Path(folder) / "map.tif", Path(folder) / "shares.tif"
        options = SegmentOptions(
            refine=RefineMode.parse(mode), gsd="native", probabilities=shares if with_probabilities else None
        )
        result = segment_scene(scene, output=output, model=model, options=options)
        with rasterio.open(output) as dataset:
            classes = dataset.read(1)
        probabilities = np.zeros((0, *classes.shape), np.float32)
        if with_probabilities:
            with rasterio.open(shares) as dataset:
                probabilities = dataset.read().astype(np.float32) / SURE_STEPS
    windows = sum(1 for _ in _window_plan(classes.shape, model))
    refined = sum(level.refined for level in result.levels)
    return Predicted(classes, probabilities, windows + refined, result.refined_share)


def slide(scene: Path, model: Segmenter) -> Predicted:
    """Runs the backbone alone on overlapping patches of the full resolution and keeps the middle of each."""
    image = read_scene(scene)
    patch = model.manifest.pyramid.patch
    size = Size(*image.shape[1:])
    probabilities = np.zeros((len(model.manifest.classes), size.height, size.width), np.float32)
    passes = 0
    for window in WindowPlan(size, patch, SLID_HALO_PX):
        inside = window.read.intersection(PixelRect(0, 0, size.height, size.width))
        part = _one_pass(np.ascontiguousarray(image[(slice(None), *inside.slices)]), model, patch)
        probabilities[(slice(None), *window.core.slices)] = part[(slice(None), *window.core_in_read.slices)]
        passes += 1
    return Predicted(model.manifest.class_scheme().values[probabilities.argmax(0)], probabilities, passes, 0.0)


@torch.inference_mode()
def _one_pass(values: NDArray[np.uint8], model: Segmenter, patch: Size) -> NDArray[np.float32]:
    pyramid = MagnificationPyramid.from_decimations(patch.height, (1,))
    image = build_image_pyramid(
        values, None, pyramid=pyramid, normalization=model.manifest.normalization, device=model.predictor.device
    )
    own = model.predictor.scale_specific(image.inputs(0, pyramid.patches(0)))[0].cpu()
    return final_probabilities(own, model.manifest.temperature).numpy()


def confusion(predicted: NDArray[np.uint8], labels: NDArray[np.uint8], model: Segmenter) -> NDArray[np.int64]:
    """Gives the (C, C) counts of truth (rows) against prediction (columns) over labelled pixels."""
    index = np.full(256, -1)
    index[model.manifest.class_scheme().values] = np.arange(len(model.manifest.classes))
    truth, found = index[labels], index[predicted]
    counted = (truth >= 0) & (found >= 0)
    size = len(model.manifest.classes)
    return np.bincount(truth[counted] * size + found[counted], minlength=size**2).reshape(size, size)


def score_tiles(
    folder: Path, tiles: list[int], model: Segmenter, predict: Callable[[Path], Predicted]
) -> tuple[NDArray[np.int64], int, float]:
    """Gives the confusion of some tiles together, the passes, and the mean share of refined patches."""
    counts = np.zeros((len(model.manifest.classes),) * 2, np.int64)
    passes, shares = 0, []
    for tile in tiles:
        predicted = predict(folder / f"tile{tile}_rgb.jpg")
        counts += confusion(predicted.classes, read_labels(folder, tile), model)
        passes += predicted.passes
        shares.append(predicted.refined_share)
    return counts, passes, float(np.mean(shares))


def _window_plan(shape: tuple[int, ...], model: Segmenter) -> WindowPlan:
    return WindowPlan(Size(*shape), model.manifest.pyramid.window, model.manifest.halo_px)
