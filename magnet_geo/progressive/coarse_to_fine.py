"""The coarse-to-fine loop of MagNet on one image (paper, section 3), by either of its two methods.

Shapes: B bands, C classes, H and W the level's rows and columns, h and w a patch's, P patches of the level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, Size
from magnet_geo.normalization import Normalization
from magnet_geo.progressive.buffers import MapBuffers
from magnet_geo.progressive.certainty import patch_uncertainty, valid_patches
from magnet_geo.progressive.decimated import DecimatedImage, DecimatedMethod
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.predictor import Predictor
from magnet_geo.progressive.published import PublishedImage, PublishedMethod, ReplacedPoints
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.progressive.runner import ImageNetworks, Runner, choose_runner
from magnet_geo.progressive.selection_rule import PatchRule, PointRule, SelectionRules

UpsampledT = TypeVar("UpsampledT")


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What stands after one level.

    Attributes:
        level: 0 is the coarsest.
        probabilities: (C, H, W) float32 cumulative prediction; the next level may write over it.
        refined: (P,) True where the level's patch was refined; empty at level 0.
        points: Which points took the refined prediction, where they competed over the whole level.
    """

    level: int
    probabilities: Tensor
    refined: NDArray[np.bool_]
    points: ReplacedPoints | None = None


class Method(Protocol[UpsampledT]):
    """How the levels of one image follow from each other."""

    def coarse(self) -> Tensor:
        """Return the prediction of level 0: (C, H, W) float32."""
        ...

    def upsample(self, cumulative: Tensor, level: int) -> UpsampledT:
        """Return the prediction so far at the size of the next level."""
        ...

    def cut(self, upsampled: UpsampledT, patch: PixelRect) -> Tensor:
        """Return the pixels of a patch: (C, h, w)."""
        ...

    def refine(
        self, upsampled: UpsampledT, level: int, patches: Sequence[PixelRect], rule: PointRule
    ) -> tuple[Tensor, ReplacedPoints | None]:
        """Return the level's prediction, (C, H, W), with points of some patches replaced, and which points."""
        ...


_METHODS: Mapping[PyramidManner, Callable[[ImageNetworks, MapBuffers], Method[Any]]] = {
    PyramidManner.PUBLISHED: PublishedMethod,
    PyramidManner.DECIMATION: DecimatedMethod,
}


@torch.inference_mode()
def segment_stages(
    image: ImagePyramid,
    predictor: Predictor,
    rules: SelectionRules,
    *,
    runner: Runner | None = None,
    buffers: MapBuffers | None = None,
    wanted: Sequence[NDArray[np.bool_]] | None = None,
    on_batch: Callable[[int], None] = lambda patches: None,
) -> Iterator[Stage]:
    """Yield the cumulative prediction after each level, coarse to fine.

    Args:
        image: The image at every level.
        predictor: The networks.
        rules: Which patches are refined, and how many of their points are replaced.
        runner: Does the patches; None for the one that fits the predictor's device.
        buffers: Memory for the maps of this image; those of the image before are written over.
        wanted: Per level from 1 on, (P,) False for patches whose result is of no use; None where all are.
        on_batch: Called with the number of patches after each batch; may raise to stop.
    """
    networks = ImageNetworks(image, predictor, runner or choose_runner(predictor), on_batch)
    method = _METHODS[image.pyramid.manner](networks, buffers or MapBuffers())
    cumulative = method.coarse()
    yield Stage(0, cumulative, np.zeros(0, dtype=np.bool_))
    for level in range(1, len(image.pyramid.levels)):
        upsampled = method.upsample(cumulative, level)
        uncertainty = _uncertainty(method, upsampled, level, networks, rules.patches, wanted)
        chosen = rules.patches.choose(level, uncertainty)
        patches = list(compress(image.pyramid.patches(level), chosen))
        cumulative, points = method.refine(upsampled, level, patches, rules.points)
        yield Stage(level, cumulative, chosen, points)


def _uncertainty(
    method: Method[UpsampledT],
    upsampled: UpsampledT,
    level: int,
    networks: ImageNetworks,
    rule: PatchRule,
    wanted: Sequence[NDArray[np.bool_]] | None,
) -> NDArray[np.float64]:
    """Return what a rule chooses by: (P,), NaN for patches without a valid pixel and those that are not wanted."""
    patches, valid = networks.image.pyramid.patches(level), networks.image.valid(level)
    asked = np.ones(len(patches), np.bool_) if wanted is None else wanted[level - 1]
    if not rule.needs_uncertainty:
        return np.where(asked, valid_patches(patches, valid), np.nan)
    side_by_side = partial(networks.runner.imap_unordered, priority=networks.priority(level))
    return patch_uncertainty(partial(method.cut, upsampled), patches, valid, asked=asked, map_each=side_by_side)


def build_image_pyramid(
    values: NDArray[np.generic],
    valid: NDArray[np.bool_] | None,
    *,
    pyramid: MagnificationPyramid,
    normalization: Normalization,
    device: torch.device,
    decimation: int = 1,
) -> ImagePyramid:
    """Build the levels of an image, in the manner of ``pyramid``.

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


def full_size(stage: Stage, size: Size) -> Tensor:
    """Return a stage's probabilities at the size of the finest level: (C, H, W) float32."""
    return resize_bilinear(stage.probabilities[None], size)[0]
