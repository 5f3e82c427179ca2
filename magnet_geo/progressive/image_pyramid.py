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
from magnet_geo.progressive.resampling import block_mean


class ImagePyramid(Protocol):
    """An image that hands out network inputs."""

    pyramid: MagnificationPyramid

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """Network inputs of some patches: (N, B, h, w) float32, normalized, invalid pixels 0."""
        ...

    def valid(self, level: int) -> Tensor | None:
        """Usable pixels of a level: (H, W) boolean, or None where all are."""
        ...

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """See `HasDeviceMemory.used_by`."""
        ...


def build_image_pyramid(
    values: NDArray[np.generic],
    valid: NDArray[np.bool_] | None,
    *,
    pyramid: MagnificationPyramid,
    normalization: Normalization,
    device: torch.device,
    decimation: int = 1,
) -> ImagePyramid:
    """The image pyramid that fits the manner of ``pyramid``.

    Args:
        values: (B, H, W) model values, uint8 or float32 in 0-255.
        valid: (H, W), or None where every pixel is valid.
        pyramid: Levels; grown by `MagnificationPyramid.for_image` where the image is larger than a window.
        normalization: Of values / 255.
        device: Where the levels are kept.
        decimation: Pixels of the finest level that one pixel of ``values`` is the mean of, along each axis. Levels
            finer than that have no inputs. More than 1 for pyramids of decimations only.
    """
    size = Size(values.shape[-2] * decimation, values.shape[-1] * decimation)
    pyramid = pyramid.for_image(size)
    if pyramid.manner is PyramidManner.PUBLISHED:
        if decimation != 1:
            raise ValueError("A published pyramid is made of the image's own pixels.")
        return PublishedImage(values, valid, pyramid=pyramid, normalization=normalization, device=device)
    return DecimatedImage(
        values, valid, pyramid=pyramid, normalization=normalization, device=device, decimation=decimation
    )


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
        self._image = np.ascontiguousarray(np.moveaxis(values, 0, -1))
        self._valid = None if valid is None or valid.all() else valid
        if self._valid is not None:
            self._image = self._image.copy()
            self._image[~self._valid] = np.asarray(normalization.mean) * 255
        self._level = (-1, self._image)

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """See `ImagePyramid.inputs`."""
        if self._level[0] != level:
            self._level = level, _resize_hwc(self._image, self.pyramid.levels[level], cv2.INTER_LINEAR)
        image = self._level[1]
        crops = [_resize_hwc(image[patch.slices], self.pyramid.network_input, cv2.INTER_LINEAR) for patch in patches]
        return self._affine(_on_device(np.stack(crops), self._device).permute(0, 3, 1, 2))

    def valid(self, level: int) -> Tensor | None:
        """See `ImagePyramid.valid`."""
        if self._valid is None:
            return None
        size = self.pyramid.levels[level]
        nearest = cv2.resize(self._valid.astype(np.uint8), (size.width, size.height), interpolation=cv2.INTER_NEAREST)
        return torch.from_numpy(nearest > 0).to(self._device)

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """See `HasDeviceMemory.used_by`; crops go to the device when they are asked for."""
        self._affine.used_by(stream)


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
        decimation: int = 1,
    ) -> None:
        self.pyramid, self._affine = pyramid, _NormalizingAffine(normalization, device)
        self._given = decimation
        height, width = pyramid.window.height // decimation, pyramid.window.width // decimation
        padding = (0, width - values.shape[-1], 0, height - values.shape[-2])
        # Patches are normalized when they are asked for: many of the finest ones never are.
        self._finest = _padded(_on_device(values, device), padding)
        self._all_valid = not any(padding) and (valid is None or bool(valid.all()))
        if not self._all_valid:
            usable = np.ones(values.shape[-2:], np.bool_) if valid is None else valid
            self._finest_valid = _padded(_on_device(usable, device), padding)
        self._means: dict[int, Tensor] = {}
        self._shares: dict[int, Tensor] = {}

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """See `ImagePyramid.inputs`."""
        side = self._side(level)
        image = self._finest if side == 1 else self._mean(side)
        values = torch.stack([image[(slice(None), *patch.slices)] for patch in patches])
        if self._all_valid:
            return self._affine(values)
        share = torch.stack([self._valid_share(side)[patch.slices] for patch in patches])[:, None]
        if side > 1:
            values = values / share.clamp(min=1 / side**2)
        return self._affine(values).masked_fill_(share == 0, 0)

    def valid(self, level: int) -> Tensor | None:
        """See `ImagePyramid.valid`."""
        if self._all_valid:
            return None
        side = self._side(level)
        if side == 0:
            times = self._given // self._decimation(level)
            return self._finest_valid.repeat_interleave(times, 0).repeat_interleave(times, 1)
        return self._valid_share(side) > 0

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """See `HasDeviceMemory.used_by`."""
        self._affine.used_by(stream)
        validity = () if self._all_valid else (self._finest_valid,)
        for tensor in (self._finest, *validity, *self._means.values(), *self._shares.values()):
            tensor.record_stream(stream)

    def _decimation(self, level: int) -> int:
        return self.pyramid.window.height // self.pyramid.levels[level].height

    def _side(self, level: int) -> int:
        """Pixels of the image as given per pixel of a level, along each axis; 0 where the level is finer."""
        return self._decimation(level) // self._given

    def _mean(self, side: int) -> Tensor:
        """Mean of each block's pixels, the invalid ones taken as 0; from the next finer mean where there is one."""
        if side == 1:
            return self._finest if self._all_valid else self._finest.masked_fill(~self._finest_valid, 0)
        if side not in self._means:
            step = 2 if side % 2 == 0 else side
            self._means[side] = block_mean(self._mean(side // step), step)
        return self._means[side]

    def _valid_share(self, side: int) -> Tensor:
        """Share of valid pixels in each block: (h, w), float32, boolean for single pixels."""
        if side == 1:
            return self._finest_valid
        if side not in self._shares:
            self._shares[side] = block_mean(self._finest_valid[None], side)[0]
        return self._shares[side]


def _on_device(array: NDArray[Any], device: torch.device) -> Tensor:
    """An array as a tensor; to a GPU from pinned memory, so that the copy runs beside what the GPU is doing."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _padded(planes: Tensor, padding: tuple[int, int, int, int]) -> Tensor:
    """Planes with rows and columns of 0 behind them, themselves where none are needed."""
    return F.pad(planes, padding) if any(padding) else planes


class _NormalizingAffine:
    """``(values / 255 - mean) / std`` as one multiplication and one addition."""

    def __init__(self, normalization: Normalization, device: torch.device) -> None:
        mean = torch.tensor(normalization.mean, dtype=torch.float32, device=device)[:, None, None]
        std = torch.tensor(normalization.std, dtype=torch.float32, device=device)[:, None, None]
        self._factor, self._offset = 1 / (255 * std), -mean / std

    def __call__(self, values: Tensor) -> Tensor:
        return torch.addcmul(self._offset, values.to(torch.float32), self._factor)

    def used_by(self, stream: torch.cuda.Stream) -> None:
        self._factor.record_stream(stream)
        self._offset.record_stream(stream)


def _resize_hwc(image: NDArray[Any], size: Size, interpolation: int) -> NDArray[Any]:
    if image.shape[:2] == (size.height, size.width):
        return image
    resized = np.asarray(cv2.resize(image, (size.width, size.height), interpolation=interpolation))
    return resized.reshape(size.height, size.width, -1)
