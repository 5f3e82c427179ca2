"""A model whose networks are plain arithmetic with a known receptive field, and scenes for it."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import rasterio
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.transform import Affine
from torch import Tensor

from magnet_geo.inference import Segmenter
from magnet_geo.model import Manifest

CLASSES = 3
HALO = 16
WINDOW = 128
TRANSFORM = Affine(2.0, 0.0, 400_001.0, 0.0, -2.0, 5_000_000.5)
_ENTRIES = [
    {"value": 3, "name": "water", "color": "#0000ff"},
    {"value": 1, "name": "wood", "color": "#00ff00"},
    {"value": 7, "name": "town", "color": "#ff0000"},
]


class StubPredictor:
    """Shares of linear scores, averaged over a box of ``2 * radius + 1`` pixels with zeros outside a patch.

    Nothing but sums, products and quotients, so that a pixel's result does not depend on its place in a tensor.
    """

    def __init__(self, bands: int = 3, radius: int = 0) -> None:
        self.num_classes, self.batch_size = CLASSES, 1
        self.device, self.dtype = torch.device("cpu"), torch.float32
        self.radius = radius
        self.forward_passes = 0
        self._weights = torch.randn((CLASSES, bands), generator=torch.Generator().manual_seed(5)).tolist()

    def scale_specific(self, inputs: Tensor) -> Tensor:
        self.forward_passes += 1
        scores = [sum(w * inputs[:, b] for b, w in enumerate(weights)) for weights in self._weights]
        return _shares(self._box(torch.stack(scores, dim=1)).clamp(min=0) + 0.05)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        return _shares(self._box(scale_specific * 0.625 + cumulative * 0.375))

    def _box(self, maps: Tensor) -> Tensor:
        side = 2 * self.radius + 1
        return F.avg_pool2d(maps, side, stride=1, padding=self.radius)


def _shares(maps: Tensor) -> Tensor:
    return maps / (maps[:, 0:1] + maps[:, 1:2] + maps[:, 2:3])


def stub_manifest(
    *,
    bands: int = 3,
    decimations: tuple[int, ...] = (4, 2, 1),
    window: int = WINDOW,
    patch: int = 32,
    halo: int = HALO,
    gsd_m: float | None = None,
    dtype: str = "uint8",
    n_points: float = 0.75,
    nodata: int = 255,
    published: bool = False,
) -> Manifest:
    """A model of square windows; a published one feeds patches at a smaller size and has points compete per image."""
    points = {"n_points": n_points, "smooth_kernel": 3, "points_per": "image" if published else "patch"}
    fewer = {"n_patches": 3} if published else {"patch_thresholds": [0.5] * (len(decimations) - 1)}
    selection = {"full": points, "fast": points | fewer}
    refined = len(decimations) > 1
    return Manifest.from_values(
        {
            "name": "stub",
            "title": "A stub",
            "version": "1",
            "architecture": {
                "backbone": "light-fpn",
                "refinement": "light" if refined else None,
                "num_classes": CLASSES,
                "in_channels": bands,
            },
            "classes": _ENTRIES,
            "nodata": nodata,
            "bands": ("red", "green", "blue", "nir")[:bands],
            "scaling": {"dtype": dtype, "low": [0] * bands, "high": [255] * bands},
            "normalization": {"mean": [0.5] * bands, "std": [0.25] * bands},
            "gsd_m": gsd_m,
            "pyramid": {
                "levels": [[window // d, window // d] for d in decimations],
                "patch": [patch, patch],
                "network_input": [patch * 3 // 4] * 2 if published else [patch] * 2,
                "manner": "published" if published else "decimation",
            },
            "halo_px": halo,
            "selection": selection if refined else None,
            "licence": "none",
        }
    )


def stub_model(*, radius: int = 0, **manifest: object) -> Segmenter:
    made = stub_manifest(**manifest)  # type: ignore[arg-type]
    return Segmenter(made, StubPredictor(len(made.bands), radius), model_hash="00")


def texture(bands: int, height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Blocks of 8 pixels with noise over them, never 0 or 255."""
    generator = np.random.default_rng(seed)
    blocks = generator.integers(40, 216, (bands, -(-height // 8), -(-width // 8)))
    large = blocks.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]
    return (large + generator.integers(-30, 31, large.shape)).astype(np.uint8)


def write_scene(
    path: Path,
    values: NDArray[np.generic],
    *,
    transform: Affine | None = TRANSFORM,
    crs: str | None = "EPSG:32633",
    colors: tuple[str, ...] = (),
    **profile: object,
) -> str:
    """Write (B, H, W) values and give the path."""
    count, height, width = values.shape
    place = {} if transform is None else {"transform": transform}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = rasterio.open(
            path,
            "w",
            driver="GTiff",
            photometric="MINISBLACK",
            count=count,
            height=height,
            width=width,
            dtype=values.dtype,
            crs=crs,
            **place,
            **profile,
        )
    with dataset:
        if colors:
            dataset.colorinterp = [ColorInterp[name] for name in colors]
        dataset.write(values)
    return str(path)


def read(path: str | Path) -> NDArray[np.uint8]:
    """All bands, (H, W) where there is one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path) as dataset:
            values: NDArray[np.uint8] = dataset.read()
    return values[0] if len(values) == 1 else values


def class_values(model: Segmenter, probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What the map of (C, H, W) probabilities holds."""
    return model.manifest.class_scheme().values[probabilities.argmax(0)]


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder by name."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}
