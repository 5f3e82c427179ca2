"""One map in the making: windows' probabilities in, blended and classified parts out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import PixelRect, ReadScale, Size
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.scene.core_map import CoreMap, MapSettings, make_core_map
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.seam_blender import SeamBlender

_CLASSES, _CONFIDENCE, _PROBABILITIES = "classes", "confidence", "probabilities"


@dataclass(frozen=True, slots=True)
class MapStream:
    """How the windows of one map become its parts.

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

    def part(self, window: ModelWindow, probabilities: Tensor, blender: SeamBlender) -> CoreMap:
        """Gives a window's part of the map.

        Args:
            window: The window.
            probabilities: (C, H, W) of any stage; brought to the size of the window.
            blender: Of this window, with what its neighbors left.
        """
        full = resize_bilinear(probabilities[None], self.window_size)[0]
        return make_core_map(full, window=window, blender=blender, scale=self.scale, settings=self.settings)

    def pack(self, part: CoreMap) -> dict[str, NDArray[Any]]:
        """Gives the arrays of a part by name, told apart from those of other maps."""
        arrays = {_CLASSES: part.classes, _CONFIDENCE: part.confidence, _PROBABILITIES: part.probabilities}
        return {f"{self.name}.{kind}": array for kind, array in arrays.items() if array is not None}

    def unpack(self, core: PixelRect, arrays: Mapping[str, NDArray[Any]]) -> CoreMap:
        """Gives back what `pack` took apart.

        Args:
            core: Where it lies: the final part of its window.
            arrays: Those of all maps of the run.
        """
        classes, confidence, probabilities = (
            arrays.get(f"{self.name}.{kind}") for kind in (_CLASSES, _CONFIDENCE, _PROBABILITIES)
        )
        return CoreMap(core, np.asarray(classes, np.uint8), confidence, probabilities)
