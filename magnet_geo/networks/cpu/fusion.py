"""Convolutions that sum and activate their output while it is in the cache, by oneDNN's fused operations.

They spare a processor one pass over memory per activation and per sum, and the weights are laid out for it once, not
at every call. Shape letters: N images, I and O channels in and out, H and W pixels.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from magnet_geo.networks.backbone import LogitsOfSize
from magnet_geo.networks.cpu.composition import ComposedConvolutions, TapSum

logger = logging.getLogger(__name__)

_NO_ACTIVATION: tuple[str, tuple[float, ...]] = ("none", ())
_RELU: tuple[str, tuple[float, ...]] = ("relu", ())
_RELU6: tuple[str, tuple[float, ...]] = ("hardtanh", (0.0, 6.0))
_ACTIVATION_MODULES = {nn.ReLU: _RELU, nn.ReLU6: _RELU6}
_IDLE_MODULES = (nn.Identity, nn.Dropout2d)
_ACTIVATION_FUNCTIONS: dict[Callable[..., Any], tuple[str, tuple[float, ...]]] = {
    F.relu: _RELU,
    torch.relu: _RELU,
    F.relu6: _RELU6,
}


class FusedConvolution(nn.Module):
    """A convolution, the sum with another tensor and an activation as one operation, for inference on a CPU.

    Args:
        convolution: Padded with zeros; its weights are copied in their present dtype.
        activation: Name and bounds as oneDNN has them: `none`, `relu` or `hardtanh`.

    Attributes:
        row_radius: Rows above and below that a row of the result depends on.
        overwrites: Whether the result may take the place of the tensor that is added.
    """

    def __init__(self, convolution: nn.Conv2d, activation: tuple[str, tuple[float, ...]] = _NO_ACTIVATION) -> None:
        super().__init__()
        self._name, self._bounds = activation
        self._padding, self._stride = list(convolution.padding), list(convolution.stride)
        self._dilation, self._groups = list(convolution.dilation), convolution.groups
        self.row_radius = convolution.dilation[0] * (convolution.kernel_size[0] // 2)
        self.overwrites = False
        self._threads = 1
        self._weight = convolution.weight.detach()
        self._bias = None if convolution.bias is None else convolution.bias.detach()

    def forward(self, features: Tensor, added: Tensor | None = None) -> Tensor:
        """Map (N, I, H, W), and (N, O, h, w) to be added, to (N, O, h, w), channels last."""
        features = features.contiguous(memory_format=torch.channels_last)
        place = (self._padding, self._stride, self._dilation, self._groups)
        weight = self._laid_out_for(features.shape)
        fused = torch.ops.mkldnn._convolution_pointwise
        if added is None:
            result: Tensor = fused(features, weight, self._bias, *place, self._name, list(self._bounds), "")
        else:
            added = added.contiguous(memory_format=torch.channels_last)
            unary = None if self._name == "none" else self._name
            sum_and_unary = ("add", 1.0, unary, list(self._bounds), None)
            if self.overwrites:
                in_place = torch.ops.mkldnn._convolution_pointwise_.binary
                result = in_place(added, features, weight, self._bias, *place, *sum_and_unary)
            else:
                result = fused.binary(features, added, weight, self._bias, *place, *sum_and_unary)
        return result

    def __getstate__(self) -> dict[str, object]:
        # An opaque tensor can be neither copied nor pickled.
        return self.__dict__ | {"_weight": self._plain_weight()}

    def lay_out_for(self, threads: int) -> None:
        """Have the weights laid out for so many threads per image from the next image on."""
        if threads != self._threads:
            self._threads, self._weight = threads, self._plain_weight()

    def _plain_weight(self) -> Tensor:
        return self._weight.to_dense() if self._weight.is_mkldnn else self._weight

    def _laid_out_for(self, shape: torch.Size) -> Tensor:
        """The weights as this processor wants them for an image of the first shape seen; other shapes are as fast.

        Who comes first must make no difference, as the layout decides how sums are formed: it depends neither on the
        number of images nor on the threads of this call. Two threads may both lay them out: either result serves.
        """
        weight = self._weight
        if not weight.is_mkldnn:
            place = (self._padding, self._stride, self._dilation, self._groups)
            before = torch.get_num_threads()
            torch.set_num_threads(self._threads)
            try:
                weight = torch.ops.mkldnn._reorder_convolution_weight(weight, *place, [1, *shape[1:]])
            finally:
                torch.set_num_threads(before)
            self._weight = weight
        return weight


def lay_out_for_threads(module: nn.Module, threads: int) -> None:
    """Have the fused convolutions of a network laid out for so many threads per patch, from the next patch on."""
    for part in module.modules():
        if isinstance(part, FusedConvolution):
            part.lay_out_for(threads)


def fuse_convolutions(module: nn.Module, *, dtype: torch.dtype) -> nn.Module:
    """Return a network with fused convolutions, or the same network where that is not possible.

    Args:
        module: In eval mode, on the CPU; its parts become parts of the result.
        dtype: Of its weights and inputs.

    Returns:
        A module that is called like the given one.
    """
    if not fused_operations_work(dtype):
        return module
    try:
        graph = _LeafTracer().trace(module)
    except (fx.proxy.TraceError, RuntimeError, TypeError) as error:
        logger.info("%s runs with its activations unfused: %s", type(module).__name__, error)
        return module
    _erase_idle_nodes(graph, module)
    for node in list(graph.nodes):
        if node.op == "call_module" and _is_plain(module.get_submodule(str(node.target))):
            _fuse_at(node, graph, module)
    _reuse_memory_of_sums(graph, module)
    traced = fx.GraphModule(module, graph, type(module).__name__)
    for name, part in list(traced.named_modules()):
        if isinstance(part, nn.Conv2d) and _is_plain(part):
            traced.set_submodule(name, FusedConvolution(part))
    return traced


class _LeafTracer(fx.Tracer):
    """Trace through everything but the modules whose way depends on the size of the input."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, ComposedConvolutions | TapSum | LogitsOfSize) or super().is_leaf_module(
            m, module_qualified_name
        )


def fused_operations_work(dtype: torch.dtype) -> bool:
    """Whether this build of torch and this processor fuse convolutions of a dtype.

    oneDNN lays out bfloat16 weights only where the processor has AVX-512 or AVX-NE-CONVERT; the names of the
    operations are torch's own, without promise.
    """
    try:
        with torch.inference_mode():
            probe = FusedConvolution(nn.Conv2d(1, 1, 1).to(dtype), _RELU)
            for probe.overwrites in (False, True):
                probe(torch.zeros(1, 1, 2, 2, dtype=dtype), torch.zeros(1, 1, 2, 2, dtype=dtype))
    except (AttributeError, RuntimeError, TypeError) as error:
        logger.info("Convolutions run unfused: %s", error)
        return False
    return True


def _is_plain(part: nn.Module) -> bool:
    return isinstance(part, nn.Conv2d) and part.padding_mode == "zeros" and not isinstance(part.padding, str)


def _fuse_at(node: fx.Node, graph: fx.Graph, module: nn.Module) -> None:
    """Replace a convolution, and the sum and activation that alone use its output, by one node."""
    chain, added, activation = [node], None, _NO_ACTIVATION
    user = _only_user(node)
    if user is not None and _is_sum(user):
        added = next((other for other in user.args if other is not node), None)
        chain.append(user)
        user = _only_user(user)
    if user is not None and (found := _activation(user, module)) is not None:
        chain.append(user)
        activation = found
    name = f"fused_{node.name}"
    module.add_module(name, FusedConvolution(cast(nn.Conv2d, module.get_submodule(str(node.target))), activation))
    with graph.inserting_before(chain[-1]):
        fused = graph.call_module(name, node.args if added is None else (*node.args, added))
    chain[-1].replace_all_uses_with(fused)
    for replaced in reversed(chain):
        graph.erase_node(replaced)


def _reuse_memory_of_sums(graph: fx.Graph, module: nn.Module) -> None:
    """Let sums overwrite what is added where the graph made it itself and nothing looks at it later."""
    place = {node: number for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        part = _part(node, module)
        if not isinstance(part, FusedConvolution) or len(node.args) < 2:
            continue
        features, added = node.args
        is_new = isinstance(_part(added, module), FusedConvolution) or added.target is F.interpolate
        last = all(place[user] <= place[node] for user in added.users)
        part.overwrites = is_new and last and features is not added


def _part(node: fx.Node, module: nn.Module) -> nn.Module | None:
    return module.get_submodule(str(node.target)) if node.op == "call_module" else None


def _erase_idle_nodes(graph: fx.Graph, module: nn.Module) -> None:
    """Take out what does nothing in eval mode, such as the places of folded batch norms."""
    for node in list(graph.nodes):
        if node.op == "call_module" and isinstance(module.get_submodule(str(node.target)), _IDLE_MODULES):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _is_sum(node: fx.Node) -> bool:
    """Whether a node adds two different tensors of one shape, which sums of two nodes without more are here."""
    by_function = node.op == "call_function" and node.target in (operator.add, torch.add)
    by_method = node.op == "call_method" and node.target in ("add", "add_")
    two = len(node.args) == 2 and all(isinstance(argument, fx.Node) for argument in node.args)
    return (by_function or by_method) and two and not node.kwargs and node.args[0] is not node.args[1]


def _activation(node: fx.Node, module: nn.Module) -> tuple[str, tuple[float, ...]] | None:
    if node.op == "call_module":
        return _ACTIVATION_MODULES.get(type(module.get_submodule(str(node.target))))
    return _ACTIVATION_FUNCTIONS.get(node.target) if node.op == "call_function" else None  # type: ignore[arg-type]
