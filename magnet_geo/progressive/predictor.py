"""The two networks behind the progressive loop, as functions of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from magnet_geo.networks.inference import prepare_for_inference, run_in_row_strips
from magnet_geo.networks.refinement import Refinement


class Predictor(Protocol):
    """Gives scale-specific and refined predictions of a batch of patches."""

    num_classes: int
    batch_size: int
    device: torch.device
    dtype: torch.dtype

    def scale_specific(self, inputs: Tensor) -> Tensor:
        """Backbone and softmax: (N, B, h, w) normalized inputs to (N, C, h, w) float32 probabilities."""
        ...

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Refinement and softmax: two (N, C, h, w) probability maps to one, float32."""
        ...


class NetworkPredictor:
    """Runs a backbone and its refinement modules on one device in one precision."""

    def __init__(
        self,
        backbone: nn.Module,
        refinements: Sequence[Refinement],
        *,
        num_classes: int,
        device: torch.device,
        dtype: torch.dtype,
        batch_size: int,
    ) -> None:
        """Prepare copies of the networks; the given modules are not changed.

        Args:
            backbone: Logits of (N, B, h, w) inputs.
            refinements: One per level from level 1 on; the same module may serve several levels.
            num_classes: C.
            device: Where to run.
            dtype: float32, bfloat16 or float16.
            batch_size: Patches per forward pass.
        """
        self.num_classes, self.batch_size, self.device, self.dtype = num_classes, batch_size, device, dtype
        self._backbone = prepare_for_inference(backbone, device=device, dtype=dtype)
        distinct = {id(refinement): refinement for refinement in refinements}
        prepared = {key: prepare_for_inference(r, device=device, dtype=dtype) for key, r in distinct.items()}
        self._refinements = [prepared[id(refinement)] for refinement in refinements]

    def scale_specific(self, inputs: Tensor) -> Tensor:
        """See `Predictor.scale_specific`."""
        inputs = inputs.to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
        return torch.softmax(self._backbone(inputs).float(), dim=1)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """See `Predictor.refined`."""
        logits = run_in_row_strips(
            self._refinements[level - 1],
            scale_specific=scale_specific.to(self.dtype),
            cumulative=cumulative.to(self.dtype),
        )
        return torch.softmax(logits.float(), dim=1)
