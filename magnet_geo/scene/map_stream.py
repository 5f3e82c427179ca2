"""One map in the making: windows' probabilities in, blended and classified parts out to its writer."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from magnet_geo.grid import ReadScale, Size
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.scene.core_map import MapSettings, make_core_map
from magnet_geo.scene.map_writer import MapWriter
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.seam_blender import SeamBlender


@dataclass(frozen=True, slots=True)
class MapStream:
    """Takes windows in plan order.

    Attributes:
        writer: Where the parts go.
        blender: Joins the windows of this map.
        settings: What is made of the probabilities.
        scale: Scene pixels per model pixel.
        window_size: A window in model pixels.
    """

    writer: MapWriter
    blender: SeamBlender
    settings: MapSettings
    scale: ReadScale
    window_size: Size

    def put(self, window: ModelWindow, probabilities: Tensor) -> None:
        """Add a window.

        Args:
            window: The window.
            probabilities: (C, H, W) of any stage; brought to the size of the window.

        Raises:
            OutputError: It, or an earlier one, could not be written.
        """
        full = resize_bilinear(probabilities[None], self.window_size)[0]
        part = make_core_map(full, window=window, blender=self.blender, scale=self.scale, settings=self.settings)
        self.writer.put(part)
