"""The labelled tiles behind the model `landcover`, and what is kept for which purpose.

H and W the size of a tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray

from magnet_geo.networks.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD
from magnet_geo.normalization import Normalization

CLASS_NAMES = ("water", "land", "road", "building", "vegetation")
TRAIN_TILES = (4, 6, 7, 8)
VALIDATION_TILES = (1, 3)
DECIMATIONS = (4, 2, 1)
PATCH_PX = 512
NORMALIZATION = Normalization(mean=(IMAGENET_MEAN,) * 3, std=(IMAGENET_STD,) * 3)
IGNORE_INDEX = 255
#: Each tile was labelled in 3 x 3 parts, by people of different habits.
PARTS_PER_SIDE = 3
#: Parts of training tiles that the backbone never sees: on them the refinement module meets honest predictions.
KEPT_BACK = {6: (3,), 7: (4,), 8: (1,)}


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One labelled tile.

    Attributes:
        number: Of the data set.
        pixels: (H, W, 3) uint8, at least 1: black is kept for padding.
        classes: (H, W) uint8 class index, `IGNORE_INDEX` where unlabelled.
        parts: (H, W) uint8, 0-8: the part that was labelled on its own.
    """

    number: int
    pixels: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    parts: NDArray[np.uint8]

    @classmethod
    def read(cls, folder: Path, number: int) -> Tile:
        """Reads `tileN_rgb.jpg` and `tileN_mask.png`."""
        pixels = cv2.cvtColor(cv2.imread(str(folder / f"tile{number}_rgb.jpg")), cv2.COLOR_BGR2RGB)
        with rasterio.open(folder / f"tile{number}_mask.png") as dataset:
            values = dataset.read(1)
        # Value 0 (unlabelled) wraps to 255.
        classes = (values - np.uint8(1)).astype(np.uint8)
        rows, cols = (_thirds(size) for size in classes.shape)
        parts = rows[:, None] * PARTS_PER_SIDE + cols[None, :]
        return cls(number, np.maximum(pixels, 1), classes, parts.astype(np.uint8))


def _thirds(size: int) -> NDArray[np.int64]:
    return np.minimum(np.arange(size) * PARTS_PER_SIDE // size, PARTS_PER_SIDE - 1)
