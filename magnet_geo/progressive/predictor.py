"""The two networks behind the progressive loop, as functions of probabilities."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

import torch
from torch import Tensor, nn

from magnet_geo.compute.allocator import keep_freed_memory, malloc_trim
from magnet_geo.compute.patch_executor import threads_per_patch
from magnet_geo.networks.cpu.fusion import lay_out_for_threads
from magnet_geo.networks.cpu.prepare import RefinementInStrips, prepare_for_inference
from magnet_geo.networks.refinement import Refinement

logger = logging.getLogger(__name__)


class Predictor(Protocol):
    """Scale-specific and refined predictions of batches of patches."""

    num_classes: int
    batch_size: int
    device: torch.device
    dtype: torch.dtype

    def scale_specific(self, inputs: Tensor) -> Tensor:
        """Return backbone and softmax: (N, B, h, w) normalized inputs to (N, C, h, w) float32 probabilities."""
        ...

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Return refinement and softmax: two (N, C, h, w) probability maps to one, float32."""
        ...


class NetworkPredictor(Predictor):
    """Runs a backbone and its refinement modules on one device in one precision.

    Where a GPU's memory does not hold a batch, the batch is halved and done again in parts; later batches are as small.
    """

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
        self._laid_out_for, self._laying_out = 0, Lock()
        self._backbone = prepare_for_inference(backbone, device=device, dtype=dtype)
        distinct = {id(refinement): refinement for refinement in refinements}
        prepared = {key: RefinementInStrips(r, device=device, dtype=dtype) for key, r in distinct.items()}
        self._refinements = [prepared[id(refinement)] for refinement in refinements]
        if device.type == "cpu":
            # Tracing leaves networks behind in cycles of references.
            gc.collect()
            malloc_trim()
            keep_freed_memory()

    def scale_specific(self, inputs: Tensor) -> Tensor:
        """Return (N, C, h, w) float32 probabilities of (N, B, h, w) normalized inputs."""
        return self._run(self._scale_specific, inputs)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Return one (N, C, h, w) float32 probability map of two."""

        def run(own: Tensor, coarser: Tensor) -> Tensor:
            return self._refined(level, scale_specific=own, cumulative=coarser)

        return self._run(run, scale_specific, cumulative)

    def _scale_specific(self, inputs: Tensor) -> Tensor:
        inputs = inputs.to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
        return torch.softmax(self._backbone(inputs).float(), dim=1)

    def _refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        refined: Tensor = self._refinements[level - 1](scale_specific=scale_specific, cumulative=cumulative)
        return refined

    def _run(self, run: Callable[..., Tensor], *batches: Tensor) -> Tensor:
        lays_out = self.device.type == "cpu" and self._lay_out(threads_per_patch(self.batch_size))
        result = self._backing_off(run, *batches)
        if lays_out:
            # The weights as they were before lie between what is in use.
            malloc_trim()
        return result

    def _lay_out(self, threads: int) -> bool:
        """Have the weights laid out for this many threads per patch, where they are not; return whether."""
        with self._laying_out:
            if threads == self._laid_out_for:
                return False
            for network in (self._backbone, *self._refinements):
                lay_out_for_threads(network, threads)
            self._laid_out_for = threads
            return True

    def _backing_off(self, run: Callable[..., Tensor], *batches: Tensor) -> Tensor:
        """Run a batch; after running out of GPU memory in halves, down to single patches."""
        count = len(batches[0])
        try:
            return run(*batches)
        except torch.OutOfMemoryError:
            if count == 1:
                raise
        # Outside the handler: the traceback would keep the failed pass's tensors alive.
        self._shrink_to(-(-count // 2))
        parts = zip(*(torch.split(batch, self.batch_size) for batch in batches), strict=True)
        return torch.cat([self._backing_off(run, *part) for part in parts])

    def _shrink_to(self, batch_size: int) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if batch_size < self.batch_size:
            logger.warning(
                "The GPU's memory does not hold %d patches at a time: going on with %d.", self.batch_size, batch_size
            )
            self.batch_size = batch_size
