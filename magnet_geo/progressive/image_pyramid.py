"""One MagNet image at every level of its pyramid: what patches are cut from.

Shapes: B bands, H rows, W columns, N patches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, Size
from magnet_geo.normalization import Normalization


class ImagePyramid(Protocol):
    """An image that hands out network inputs."""

    pyramid: MagnificationPyramid

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """Network inputs of some patches: (N, B, h, w) float32, normalized, invalid pixels 0."""
        ...

    def valid(self, level: int) -> Tensor | None:
        """Usable pixels of a level: (H, W) boolean, or None where all are."""
        ...


def build_image_pyramid(
    values: NDArray[np.generic],
    valid: NDArray[np.bool_] | None,
    *,
    pyramid: MagnificationPyramid,
    normalization: Normalization,
    device: torch.device,
) -> ImagePyramid:
    """The image pyramid that fits the manner of ``pyramid``.

    Args:
        values: (B, H, W) model values, uint8 or float32 in 0-255.
        valid: (H, W), or None where every pixel is valid.
        pyramid: Levels; grown by `MagnificationPyramid.for_image` where the image is larger than a window.
        normalization: Of values / 255.
        device: Where the levels are kept.
    """
    size = Size(*values.shape[-2:])
    pyramid = pyramid.for_image(size)
    if pyramid.manner is PyramidManner.PUBLISHED:
        return PublishedImage(values, valid, pyramid=pyramid, normalization=normalization, device=device)
    return DecimatedImage(values, valid, pyramid=pyramid, normalization=normalization, device=device)


class PublishedImage:
    """Levels by OpenCV's bilinear rule without antialiasing, in the image's own dtype, as published."""

    def __init__(
        self,
        values: NDArray[np.generic],
        valid: NDArray[np.bool_] | None,
        *,
        pyramid: MagnificationPyramid,
        normalization: Normalization,
        device: torch.device,
    ) -> None:
        self.pyramid = pyramid
        self._affine = _NormalizingAffine(normalization, device)
        self._device = device
        self._image = np.array(np.moveaxis(values, 0, -1), order="C")
        self._valid = None if valid is None or valid.all() else valid
        if self._valid is not None:
            self._image[~self._valid] = np.asarray(normalization.mean) * 255
        self._level = (-1, self._image)

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """See `ImagePyramid.inputs`."""
        if self._level[0] != level:
            self._level = level, _resize_hwc(self._image, self.pyramid.levels[level], cv2.INTER_LINEAR)
        image = self._level[1]
        crops = [_resize_hwc(image[patch.slices], self.pyramid.network_input, cv2.INTER_LINEAR) for patch in patches]
        return self._affine(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).to(self._device))

    def valid(self, level: int) -> Tensor | None:
        """See `ImagePyramid.valid`."""
        if self._valid is None:
            return None
        size = self.pyramid.levels[level]
        nearest = cv2.resize(self._valid.astype(np.uint8), (size.width, size.height), interpolation=cv2.INTER_NEAREST)
        return torch.from_numpy(nearest > 0).to(self._device)


class DecimatedImage:
    """Levels by averaging the valid pixels of whole blocks; what lies outside the image is invalid."""

    def __init__(
        self,
        values: NDArray[np.generic],
        valid: NDArray[np.bool_] | None,
        *,
        pyramid: MagnificationPyramid,
        normalization: Normalization,
        device: torch.device,
    ) -> None:
        self.pyramid = pyramid
        finest = _NormalizingAffine(normalization, device)(
            torch.from_numpy(np.ascontiguousarray(values)).to(device)[None]
        )
        window = pyramid.window
        padding = (0, window.width - finest.shape[-1], 0, window.height - finest.shape[-2])
        usable = (
            torch.ones(finest.shape[-2:], dtype=torch.bool)
            if valid is None
            else torch.from_numpy(np.ascontiguousarray(valid))
        )
        self._finest_valid = F.pad(usable.to(device), padding)
        finest = F.pad(finest, padding) if any(padding) else finest
        self._all_valid = bool(self._finest_valid.all())
        if not self._all_valid:
            finest.masked_fill_(~self._finest_valid, 0)
        self._levels: dict[int, Tensor] = {1: finest}

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """See `ImagePyramid.inputs`."""
        image = self._level(self._decimation(level))[0]
        return torch.stack([image[(slice(None), *patch.slices)] for patch in patches])

    def valid(self, level: int) -> Tensor | None:
        """See `ImagePyramid.valid`."""
        if self._all_valid:
            return None
        decimation = self._decimation(level)
        if decimation == 1:
            return self._finest_valid
        return F.max_pool2d(self._finest_valid[None].float(), decimation)[0] > 0

    def _decimation(self, level: int) -> int:
        return self.pyramid.window.height // self.pyramid.levels[level].height

    def _level(self, decimation: int) -> Tensor:
        if decimation not in self._levels:
            level = F.avg_pool2d(self._levels[1], decimation)
            if not self._all_valid:
                weight = F.avg_pool2d(self._finest_valid[None, None].float(), decimation)
                level /= weight.clamp(min=1 / decimation**2)
            self._levels[decimation] = level
        return self._levels[decimation]


class _NormalizingAffine:
    """``(values / 255 - mean) / std`` as one multiplication and one addition."""

    def __init__(self, normalization: Normalization, device: torch.device) -> None:
        mean = torch.tensor(normalization.mean, dtype=torch.float32, device=device)[:, None, None]
        std = torch.tensor(normalization.std, dtype=torch.float32, device=device)[:, None, None]
        self._factor, self._offset = 1 / (255 * std), -mean / std

    def __call__(self, values: Tensor) -> Tensor:
        return torch.addcmul(self._offset, values.to(torch.float32), self._factor)


def _resize_hwc(image: NDArray[Any], size: Size, interpolation: int) -> NDArray[Any]:
    if image.shape[:2] == (size.height, size.width):
        return image
    resized = np.asarray(cv2.resize(image, (size.width, size.height), interpolation=interpolation))
    return resized.reshape(size.height, size.width, -1)
