"""`MapBuffers`: memory of the cumulative maps, used for image after image.

Shapes: C classes, H and W the level's rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid


class MapBuffers:
    """Memory of the cumulative maps, for image after image: fresh main memory costs more time than filling it.

    On a GPU, torch itself keeps what is freed.
    """

    def __init__(self, *, finest: FinestBuffer | None = None) -> None:
        """Begin with nothing.

        Args:
            finest: Memory of the finest level, which others may use too.
        """
        self._finest = finest or FinestBuffer()
        self._maps: dict[int, Tensor] = {}

    @classmethod
    def in_turn(cls, wait: Callable[[], object]) -> tuple[MapBuffers, MapBuffers]:
        """Return buffers for images in turn, each begun, up to its finest level, while the last is still refined.

        Args:
            wait: Returns once nobody reads the finest map of an earlier image any more.
        """
        finest = FinestBuffer(wait)
        return cls(finest=finest), cls(finest=finest)

    def of_level(self, level: int, *, pyramid: MagnificationPyramid, like: Tensor) -> Tensor:
        """Return memory for a level's map; in main memory the same while a level asks for the same shape.

        Args:
            level: 1 or more.
            pyramid: Levels of the image.
            like: A map of any level.

        Returns:
            (C, H, W) float32 of any values, where ``like`` is.
        """
        shape = (len(like), pyramid.levels[level].height, pyramid.levels[level].width)
        if like.device.type != "cpu":
            return torch.empty(shape, device=like.device)
        if level == len(pyramid.levels) - 1:
            return self._finest.of_shape(shape)
        held = self._maps.get(level)
        if held is None or held.shape != shape:
            held = self._maps[level] = torch.empty(shape)
        return held


class FinestBuffer:
    """The largest map by far: there is one of them, whatever else goes on."""

    def __init__(self, wait: Callable[[], object] = lambda: None) -> None:
        """Begin with nothing.

        Args:
            wait: Returns once nobody reads the map any more.
        """
        self._map, self._wait = torch.empty(0), wait

    def of_shape(self, shape: tuple[int, int, int]) -> Tensor:
        """Return (C, H, W) float32 of any values, as soon as nobody reads it any more."""
        self._wait()
        if self._map.shape != shape:
            self._map = torch.empty(shape)
        return self._map
