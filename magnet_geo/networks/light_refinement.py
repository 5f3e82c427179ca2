"""The light refinement module: a residual on the mean of both predictions, computed on 4 x 4 pixel cells.

N batch, C classes, H and W the map size, h and w its cells: ceil(H / 4), ceil(W / 4).
"""

from __future__ import annotations

import torch
from torch import Tensor, cat, fx, nn
from torch.nn import functional as F

from magnet_geo.networks.refinement import Refinement

CELL_PX = 4
_WIDTH = 64
_DILATIONS = (1, 2, 4, 1)
_FLOOR = 1e-3


class _SeparableResidual(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, groups=width, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, cells: Tensor) -> Tensor:
        return F.relu(cells + self.body(cells))


class LightRefinement(Refinement):
    """Corrects the mean of two predictions from their log-probabilities; untrained, it is that mean.

    Args:
        num_classes: Number of classes C.
        weighted: Whether the mean weighs them by `scale_specific_share`, a number that is part of the state.
    """

    def __init__(self, num_classes: int, *, weighted: bool = False) -> None:
        radius = CELL_PX * (sum(_DILATIONS) + 1)
        super().__init__(num_classes=num_classes, receptive_radius=radius, alignment=CELL_PX)
        cell_channels = num_classes * CELL_PX**2
        self.to_cells: nn.Module = nn.PixelUnshuffle(CELL_PX)
        self.enter = nn.Sequential(
            nn.Conv2d(2 * cell_channels, _WIDTH, 1, bias=False), nn.BatchNorm2d(_WIDTH), nn.ReLU(inplace=True)
        )
        self.blocks = nn.Sequential(*(_SeparableResidual(_WIDTH, dilation) for dilation in _DILATIONS))
        self.leave = nn.Conv2d(_WIDTH, cell_channels, 1)
        for parameter in self.leave.parameters():
            nn.init.zeros_(parameter)
        share = torch.tensor(0.5) if weighted else None
        self.scale_specific_share: Tensor | None
        self.register_buffer("scale_specific_share", share)

    def forward(self, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Return (N, C, H, W) logits of the refined prediction."""
        height, width = scale_specific.shape[-2:]
        share = 0.5 if self.scale_specific_share is None else self.scale_specific_share
        mean = torch.lerp(cumulative, scale_specific, share).clamp_min(_FLOOR).log()
        maps = cat([scale_specific, cumulative], dim=1).clamp_min(_FLOOR).log()
        maps = _with_whole_cells(maps)
        cells = self.enter(self.to_cells(maps))
        residual = F.pixel_shuffle(self.leave(self.blocks(cells)), CELL_PX)
        return mean + residual[..., :height, :width].contiguous()


@fx.wrap  # its way depends on the size
def _with_whole_cells(maps: Tensor) -> Tensor:
    """Completes the last cells of sizes that are not multiples of the cell by replication."""
    missing = [-side % CELL_PX for side in maps.shape[-2:]]
    return F.pad(maps, (0, missing[1], 0, missing[0]), mode="replicate") if any(missing) else maps
