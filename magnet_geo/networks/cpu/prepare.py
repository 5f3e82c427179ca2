"""Networks made ready to run: folded, cast, laid out and fused for the device; refinements run in strips.

Shape letters: N patches, C classes, H and W pixels.
"""

from __future__ import annotations

import copy
import logging
from collections import Counter
from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from magnet_geo.networks.cpu.fusion import fuse_convolutions
from magnet_geo.networks.cpu.row_trimming import trim_spoiled_rows
from magnet_geo.networks.cpu.simplification import simplify
from magnet_geo.networks.refinement import Refinement

logger = logging.getLogger(__name__)

# By measurement: in half precision strips of 128 rows take 2 % less time, and twice the memory.
_STRIP_ROWS = 64


def prepare_for_inference(module: nn.Module, *, device: torch.device | str, dtype: torch.dtype) -> nn.Module:
    """Return a copy of a network that runs faster and cannot be trained.

    Batch norms right after a convolution are folded into it in float32, then the weights are cast and laid out
    channels last; on a CPU, sums and activations become part of the convolution before them. Inputs must come in the
    same dtype; channels-last inputs save a copy.

    Args:
        module: A backbone, a refinement or any other module; stays as it is.
        device: Where the copy lives.
        dtype: Type of its weights, activations and logits.

    Returns:
        The copy, called like the module: eval mode, no gradients.
    """
    on_cpu = torch.device(device).type == "cpu"
    prepared = copy.deepcopy(module).float().eval().requires_grad_(False)
    if any(isinstance(part, nn.BatchNorm2d) for part in prepared.modules()):
        _fold_batch_norms(prepared)
    if on_cpu:
        prepared = simplify(prepared).eval().requires_grad_(False)
    prepared = prepared.to(device=device, dtype=dtype)
    # torch's stubs know no memory format without a tensor argument.
    prepared = prepared.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return fuse_convolutions(prepared, dtype=dtype) if on_cpu else prepared


class RefinementInStrips(nn.Module):
    """A refinement and its softmax, prepared for inference and computed strip by strip.

    The activations of a strip stay in the processor's cache; those of a whole patch go through memory at every layer,
    which costs more time than the rows that strips compute twice.

    Args:
        refinement: The module; stays as it is.
        device: Where the prepared copy lives.
        dtype: Type it runs in.
        strip_rows: Rows of one strip, rounded up to the refinement's alignment; None for a few, or more where the
            rows that neighboring strips compute twice would cost too much.
    """

    def __init__(
        self, refinement: Refinement, *, device: torch.device | str, dtype: torch.dtype, strip_rows: int | None = None
    ) -> None:
        super().__init__()
        self._prepared = prepare_for_inference(refinement, device=device, dtype=dtype)
        self._dtype, self._radius, self._alignment = dtype, refinement.receptive_radius, refinement.alignment
        self._trims = refinement.alignment == 1 and isinstance(self._prepared, fx.GraphModule)
        if self._trims:
            self._radius = trim_spoiled_rows(cast(fx.GraphModule, self._prepared))
        strip_rows = strip_rows or max(_STRIP_ROWS, 16 * refinement.receptive_radius)
        self._step = -(-strip_rows // refinement.alignment) * refinement.alignment

    def forward(self, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Return the refined probabilities.

        Args:
            scale_specific: (N, C, H, W) probabilities of the patch's own prediction.
            cumulative: (N, C, H, W) probabilities of the coarser levels.

        Returns:
            (N, C, H, W) float32 probabilities.
        """
        refined = torch.empty_like(scale_specific, dtype=torch.float32, memory_format=torch.contiguous_format)
        rows = scale_specific.shape[2]
        for start, stop, first, last in self._strips(rows):
            inputs = {
                "scale_specific": scale_specific[:, :, first:last].to(self._dtype),
                "cumulative": cumulative[:, :, first:last].to(self._dtype),
            }
            above, below = int(first > 0), int(last < rows)
            if self._trims:
                logits = self._prepared(**inputs, above=above, below=below)
                first += above * self._radius
            else:
                logits = self._prepared(**inputs)
            logits = logits[:, :, start - first : stop - first].float()
            refined[:, :, start:stop] = torch.softmax(logits, dim=1)
        return refined

    def _strips(self, rows: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield per strip the rows that are kept, start and stop, and those that are read, first and last."""
        # Strips alike: a processor's code is made anew for every shape.
        count = -(-rows // self._step)
        step = -(-rows // (count * self._alignment)) * self._alignment
        for start in range(0, rows, step):
            stop = min(start + step, rows)
            first = max(0, start - self._radius) // self._alignment * self._alignment
            yield start, stop, first, min(rows, stop + self._radius)


def _fold_batch_norms(module: nn.Module) -> None:
    try:
        graph = fx.symbolic_trace(module).graph
    except (fx.proxy.TraceError, RuntimeError, TypeError) as error:
        logger.info("%s runs with its batch norms unfolded: %s", type(module).__name__, error)
        return
    parts = dict(module.named_modules())
    calls = Counter(str(node.target) for node in graph.nodes if node.op == "call_module")
    for node in graph.nodes:
        pair = _foldable_pair(node, parts, calls)
        if pair is not None:
            convolution, norm = pair
            fused = fuse_conv_bn_eval(parts[convolution], parts[norm])
            module.set_submodule(convolution, fused)
            module.set_submodule(norm, nn.Identity())


def _foldable_pair(node: fx.Node, parts: dict[str, nn.Module], calls: Counter[str]) -> tuple[str, str] | None:
    """Return the names of a convolution and the batch norm that alone uses its output, if this node is that norm."""
    if node.op != "call_module" or not isinstance(parts[str(node.target)], nn.BatchNorm2d):
        return None
    source = node.args[0]
    if not isinstance(source, fx.Node) or source.op != "call_module" or len(source.users) != 1:
        return None
    names = str(source.target), str(node.target)
    used_once = all(calls[name] == 1 for name in names)
    return names if used_once and isinstance(parts[names[0]], nn.Conv2d) else None
