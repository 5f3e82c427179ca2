"""One MagNet image at every level of its pyramid: what patches are cut from.

Shapes: B bands, H rows, W columns, N patches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid, PixelRect
from magnet_geo.normalization import Normalization


class ImagePyramid(Protocol):
    """An image that hands out network inputs."""

    pyramid: MagnificationPyramid

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """Return network inputs of some patches: (N, B, h, w) float32, normalized, invalid pixels 0."""
        ...

    def valid(self, level: int) -> Tensor | None:
        """Return the usable pixels of a level: (H, W) boolean, or None where all are."""
        ...

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """Keep the tensors' memory until a stream of a GPU has done what it was told."""
        ...


class NormalizingAffine:
    """``(values / 255 - mean) / std`` as one multiplication and one addition."""

    def __init__(self, normalization: Normalization, device: torch.device) -> None:
        mean = torch.tensor(normalization.mean, dtype=torch.float32, device=device)[:, None, None]
        std = torch.tensor(normalization.std, dtype=torch.float32, device=device)[:, None, None]
        self._factor, self._offset = 1 / (255 * std), -mean / std

    def __call__(self, values: Tensor) -> Tensor:
        """Normalize (..., B, H, W) values of any type: float32."""
        return torch.addcmul(self._offset, values.to(torch.float32), self._factor)

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """Keep both numbers' memory until a stream of a GPU has done what it was told."""
        self._factor.record_stream(stream)
        self._offset.record_stream(stream)


def on_device(array: NDArray[Any], device: torch.device) -> Tensor:
    """Return an array as a tensor; to a GPU from pinned memory, so that the copy runs beside what the GPU is doing."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
