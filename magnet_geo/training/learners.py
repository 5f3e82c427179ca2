"""What each stage learns: a module that takes a batch and gives its loss.

N batch, B bands, C classes, H and W the size of a network input.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from magnet_geo.grid import PixelRect, Size
from magnet_geo.networks import Backbone, Refinement, prepare_for_inference
from magnet_geo.normalization import Normalization
from magnet_geo.progressive.resampling import bilinear_at
from magnet_geo.progressive.upsampled_map import roi_align
from magnet_geo.training.chains import PlaceBatch, SeenLevel
from magnet_geo.training.crops import CropBatch
from magnet_geo.training.objective import Objective


class NetworkInput(nn.Module):
    """Model values to what the network wants; pixels that are not valid become 0.

    Args:
        normalization: Of values / 255.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, normalization: Normalization) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(normalization.mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(normalization.std).view(1, -1, 1, 1), persistent=False)

    def forward(self, images: Tensor, valid: Tensor) -> Tensor:
        """Normalize (N, B, H, W) values in 0-255 with (N, H, W) boolean validity: float32, channels last in memory."""
        values = (images.float() / 255 - self.mean) / self.std
        return values.masked_fill_(~valid[:, None], 0).contiguous(memory_format=torch.channels_last)


class BackboneLearner(nn.Module):
    """The loss of a backbone, summed over its heads.

    Args:
        backbone: Learns.
        normalization: Of its inputs.
        objective: Of each head.
        auxiliary_weight: Weight of every head but the first.
        dtype: Of the forward pass; float32 for no mixed precision.
    """

    def __init__(
        self,
        backbone: Backbone,
        normalization: Normalization,
        objective: Objective,
        *,
        auxiliary_weight: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.network_input = NetworkInput(normalization)
        self._objective, self._auxiliary_weight, self._dtype = objective, auxiliary_weight, dtype

    def forward(self, batch: CropBatch) -> Tensor:
        """Return the scalar loss of a batch."""
        images = self.network_input(batch.images, batch.valid)
        with torch.autocast(images.device.type, self._dtype, enabled=self._dtype != torch.float32):
            main, *auxiliary = self.backbone.heads(images)
        loss = self._objective(main, batch.classes)
        for logits in auxiliary:
            loss = loss + self._auxiliary_weight * self._objective(logits, batch.classes)
        return loss


class RefinementLearner(nn.Module):
    """The mean loss of the refined predictions of every level of a place but the coarsest.

    Args:
        refinements: One module for all levels, or one per level from 1 on; they learn.
        backbone: Gives the scale-specific predictions in inference precision; it does not learn.
        normalization: Of the backbone's inputs.
        objective: Of each level's logits.
        roi_aligned: Whether crops of the coarser prediction are RoI-aligned, as published, or cut.
        device: Where all run.
        dtype: Of both networks.
    """

    def __init__(
        self,
        refinements: Sequence[Refinement],
        backbone: Backbone,
        normalization: Normalization,
        objective: Objective,
        *,
        roi_aligned: bool,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.refinements = nn.ModuleList(refinements)
        self.network_input = NetworkInput(normalization)
        self._objective, self._roi_aligned, self._dtype = objective, roi_aligned, dtype
        # In a tuple, so that it is no part of what learns, is averaged and is stored.
        self._frozen = (prepare_for_inference(backbone, device=device, dtype=dtype),)

    def forward(self, batch: PlaceBatch) -> Tensor:
        """Return the scalar loss of a batch."""
        cumulative = self._scale_specific(batch.levels[0])
        losses = []
        for level in batch.levels[1:]:
            scale_specific = self._scale_specific(level)
            cropped = crop_cumulative(cumulative, level, roi_aligned=self._roi_aligned)
            refinement = self.refinements[0 if len(self.refinements) == 1 else level.levels[0] - 1]
            with torch.autocast(cropped.device.type, self._dtype, enabled=self._dtype != torch.float32):
                logits = refinement(scale_specific=scale_specific, cumulative=cropped).float()
            losses.append(self._objective(logits, level.crops.classes))
            cumulative = logits.detach().softmax(dim=1)
        return torch.stack(losses).mean()

    @torch.no_grad()
    def _scale_specific(self, level: SeenLevel) -> Tensor:
        inputs = self.network_input(level.crops.images, level.crops.valid).to(self._dtype)
        logits = self._frozen[0](inputs).float()
        return torch.softmax(logits * level.sharpness.view(-1, 1, 1, 1), dim=1)


def crop_cumulative(cumulative: Tensor, level: SeenLevel, *, roi_aligned: bool) -> Tensor:
    """Return the coarser level's (N, C, H, W) probabilities where the patches of this level lie, at their size.

    Args:
        cumulative: (N, C, h, w) probabilities of the level before.
        level: The level whose patches count.
        roi_aligned: Whether the crop is resampled by RoI-align; patches are cut as they are otherwise.
    """
    height, width = level.crops.images.shape[-2:]
    crops = []
    for maps, rect, within in zip(cumulative, level.rects, level.withins, strict=True):
        if roi_aligned:
            # RoI-align without the half-pixel shift reads one row and column more.
            rows, cols = min(rect.height + 1, within.height - rect.row), min(rect.width + 1, within.width - rect.col)
            finer = _resized_part(maps, PixelRect(rect.row, rect.col, rows, cols), within)
            crops.append(roi_align(finer, PixelRect(0, 0, rect.height, rect.width), Size(height, width)))
        else:
            crops.append(_resized_part(maps, rect, within))
    return torch.stack(crops)


def _resized_part(maps: Tensor, rect: PixelRect, within: Size) -> Tensor:
    """Return a rectangle of (C, h, w) maps as if all of them were resized bilinearly to `within` first."""
    rows, cols = (
        (torch.arange(first, first + count, dtype=torch.float64) + 0.5) * (size / whole) - 0.5
        for first, count, size, whole in (
            (rect.row, rect.height, maps.shape[-2], within.height),
            (rect.col, rect.width, maps.shape[-1], within.width),
        )
    )
    return bilinear_at(maps, rows=rows, cols=cols)
