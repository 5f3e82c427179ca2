"""How much a model loses on changed scenes: pixel size, contrast, haze, an 11-bit stretch.

    python benchmarks/accuracy/robustness.py DATA_FOLDER [--tiles 1 3] [--model landcover] [--json FILE]

Every change is made to the tiles themselves; the product maps them in full and as they are (`--gsd native`), and
the map is judged at the tile's own size.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import rasterio
from labeled_tiles import confusion, read_labels, read_scene, run_product
from numpy.typing import NDArray

from magnet_geo.inference import Segmenter, load_model
from magnet_geo.training.validation import class_iou

HAZE, HAZE_LEVEL = 0.3, 215
Pixels = NDArray[np.generic]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    model = load_model(options.model)
    rows = {name: _score(options.data, options.tiles, model, change) for name, change in CHANGES.items()}
    base = rows["as it is"]
    print("| change | mIoU, full | loss in points |\n| --- | --- | --- |")
    for name, value in rows.items():
        print(f"| {name} | {value:.3f} | {100 * (base - value):z.1f} |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def unchanged(pixels: Pixels) -> Pixels:
    """Gives the pixels as they are."""
    return pixels


def half_pixel_size(pixels: Pixels) -> Pixels:
    """Gives twice as many rows and columns, interpolated."""
    return _resized(pixels, 2.0, cv2.INTER_CUBIC)


def double_pixel_size(pixels: Pixels) -> Pixels:
    """Gives half as many rows and columns, averaged."""
    return _resized(pixels, 0.5, cv2.INTER_AREA)


def less_contrast(pixels: Pixels) -> Pixels:
    """Gives 70 % of the contrast about the mean of each band."""
    mean = pixels.mean(axis=(1, 2), keepdims=True)
    return _bytes(mean + 0.7 * (pixels - mean))


def haze(pixels: Pixels) -> Pixels:
    """Gives the scene under a bright veil."""
    return _bytes((1 - HAZE) * pixels.astype(np.float64) + HAZE * HAZE_LEVEL)


def eleven_bits(pixels: Pixels) -> Pixels:
    """Gives 11-bit values of a darker, curved exposure; the product stretches them by their percentiles."""
    values = (np.asarray(pixels, np.float64) / 255) ** 1.2
    return np.asarray(np.rint(180 + 1500 * values), np.uint16)


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "as it is": unchanged,
    "half the pixel size": half_pixel_size,
    "double the pixel size": double_pixel_size,
    "30 % less contrast": less_contrast,
    f"haze ({HAZE:.0%})": haze,
    "11-bit values, stretched": eleven_bits,
}


def _score(folder: Path, tiles: list[int], model: Segmenter, change: Callable[[Pixels], Pixels]) -> float:
    counts = np.zeros((len(model.manifest.classes),) * 2, np.int64)
    for tile in tiles:
        labels = read_labels(folder, tile)
        pixels = change(read_scene(folder / f"tile{tile}_rgb.jpg"))
        with tempfile.TemporaryDirectory() as scratch:
            scene = Path(scratch) / "scene.tif"
            _write(scene, pixels)
            classes = run_product(scene, model, "full").classes
        nearest = cv2.resize(classes, labels.shape[::-1], interpolation=cv2.INTER_NEAREST)
        counts += confusion(np.asarray(nearest, np.uint8), labels, model)
    return round(float(np.nanmean(class_iou(counts))), 4)


def _write(path: Path, pixels: Pixels) -> None:
    bands, height, width = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=bands, dtype=pixels.dtype.name, photometric="RGB"
    ) as target:
        target.write(pixels)


def _resized(pixels: Pixels, factor: float, interpolation: int) -> Pixels:
    image = np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
    return np.ascontiguousarray(
        np.moveaxis(cv2.resize(image, None, fx=factor, fy=factor, interpolation=interpolation), -1, 0)
    )


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 1, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
