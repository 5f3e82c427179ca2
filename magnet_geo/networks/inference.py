"""Networks made ready to run: folded, cast and laid out for the device; wide refinements run in strips.

Shape letters: N patches, C classes, H and W pixels.
"""

from __future__ import annotations

import copy
import logging
from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from magnet_geo.networks.backbone import Backbone
from magnet_geo.networks.refinement import Refinement

logger = logging.getLogger(__name__)

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def prepare_for_inference(module: ModuleT, *, device: torch.device | str, dtype: torch.dtype) -> ModuleT:
    """Gives a copy of a network that runs faster and cannot be trained.

    Batch norms right after a convolution are folded into it in float32, then the weights are cast and laid out
    channels last. Inputs must come in the same dtype; channels-last inputs save a copy.

    Args:
        module: A backbone, a refinement or any other module; stays as it is.
        device: Where the copy lives.
        dtype: Type of its weights, activations and logits.

    Returns:
        The copy: same class, eval mode, no gradients.
    """
    prepared = copy.deepcopy(module).float().eval().requires_grad_(False)
    if any(isinstance(part, nn.BatchNorm2d) for part in prepared.modules()):
        _fold_batch_norms(prepared)
    if isinstance(prepared, Backbone) and torch.device(device).type == "cpu":
        prepared.simplify()
    prepared = prepared.to(device=device, dtype=dtype).requires_grad_(False)
    # torch's stubs know no memory format without a tensor argument.
    return prepared.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def run_in_row_strips(
    refinement: Refinement, *, scale_specific: Tensor, cumulative: Tensor, strip_rows: int | None = None
) -> Tensor:
    """Gives what the refinement gives for the whole patch, computed strip by strip.

    A strip's activations are small enough for the allocator to reuse; a whole patch's are mapped anew by every
    layer, which costs more time than the rows that strips compute twice.

    Args:
        refinement: The module, in eval mode.
        scale_specific: (N, C, H, W) probabilities of the patch's own prediction.
        cumulative: (N, C, H, W) probabilities of the coarser levels.
        strip_rows: Rows of one strip, rounded up to the refinement's alignment; None for 64, or more where
            the rows that neighboring strips compute twice would cost too much.

    Returns:
        (N, C, H, W) logits.
    """
    rows = scale_specific.shape[2]
    strip_rows = strip_rows or max(64, 8 * refinement.receptive_radius)
    strips = []
    for start, stop, first, last in _row_strips(rows, strip_rows, refinement):
        logits = refinement(scale_specific=scale_specific[:, :, first:last], cumulative=cumulative[:, :, first:last])
        strips.append(logits[:, :, start - first : stop - first])
    return torch.cat(strips, dim=2)


def _row_strips(rows: int, strip_rows: int, refinement: Refinement) -> Iterator[tuple[int, int, int, int]]:
    """Yields per strip the rows that are kept, start and stop, and those that are read, first and last."""
    alignment, radius = refinement.alignment, refinement.receptive_radius
    step = -(-strip_rows // alignment) * alignment
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        first = max(0, start - radius) // alignment * alignment
        yield start, stop, first, min(rows, stop + radius)


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
    """Gives the names of a convolution and the batch norm that alone uses its output, if this node is that norm."""
    if node.op != "call_module" or not isinstance(parts[str(node.target)], nn.BatchNorm2d):
        return None
    source = node.args[0]
    if not isinstance(source, fx.Node) or source.op != "call_module" or len(source.users) != 1:
        return None
    names = str(source.target), str(node.target)
    used_once = all(calls[name] == 1 for name in names)
    return names if used_once and isinstance(parts[names[0]], nn.Conv2d) else None
