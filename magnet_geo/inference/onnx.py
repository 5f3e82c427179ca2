"""ONNX models on a device: networks of other makers behind the same two calls as ours."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from typing_extensions import override

from magnet_geo.compute.device import Precision, choose_device
from magnet_geo.errors import DeviceError
from magnet_geo.model.graph_file import GraphBundle
from magnet_geo.networks.onnx_graph import OnnxGraph, graph_runs_on_cuda
from magnet_geo.progressive import Predictor


class GraphPredictor(Predictor):
    """Probabilities from whatever a foreign graph gives; see `Predictor`."""

    def __init__(
        self, graph: Callable[[Tensor], Tensor], *, num_classes: int, gives_logits: bool, device: torch.device
    ) -> None:
        """Take a graph.

        Args:
            graph: (N, B, h, w) normalized inputs to (N, K, h, w); K = C, or 1 for the second of two classes.
            num_classes: C.
            gives_logits: Whether its output is logits and not probabilities.
            device: Where patches and maps are kept.
        """
        self.num_classes, self.batch_size, self.device, self.dtype = num_classes, 1, device, torch.float32
        self._graph, self._gives_logits = graph, gives_logits

    @override
    def scale_specific(self, inputs: Tensor) -> Tensor:
        return graph_probabilities(self._graph(inputs), gives_logits=self._gives_logits)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Never called: a foreign model has one level.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(f"A foreign model has no refinement of level {level}.")


def graph_probabilities(output: Tensor, *, gives_logits: bool) -> Tensor:
    """Probabilities of the classes.

    Args:
        output: (N, K, h, w); one channel alone speaks of the second of two classes.
        gives_logits: Whether it is logits.

    Returns:
        (N, C, h, w) float32.
    """
    if output.shape[1] == 1:
        second = torch.sigmoid(output) if gives_logits else output
        return torch.cat((1 - second, second), dim=1)
    return torch.softmax(output, dim=1) if gives_logits else output


def graph_predictor(bundle: GraphBundle, *, device: str, precision: Precision) -> GraphPredictor:
    """Prepare a foreign graph.

    Args:
        bundle: Model as loaded.
        device: ``auto``, ``cpu`` or ``cuda[:N]``; ``auto`` takes CUDA where onnxruntime has it.
        precision: ``auto`` or ``fp32``: a graph brings its own.

    Raises:
        DeviceError: The device is absent, or the precision is not the graph's.
        ModelError: onnxruntime is missing or refuses the graph.
    """
    if precision not in ("auto", "fp32"):
        raise DeviceError(f"An ONNX graph brings its own precision; leave `precision='{precision}'` out.")
    if bundle.manifest.graph is None:
        raise AssertionError("a graph bundle's manifest describes a graph")
    on = _device(device)
    entry = bundle.manifest.graph
    graph = OnnxGraph(bundle.content, channels_last=entry.layout == "nhwc", on_gpu=on.type == "cuda")
    return GraphPredictor(
        graph, num_classes=len(bundle.manifest.classes), gives_logits=entry.output == "logits", device=on
    )


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() and graph_runs_on_cuda() else "cpu")
    found = choose_device(name)
    if found.type not in ("cpu", "cuda"):
        raise DeviceError(f"An ONNX graph does not run on '{name}'; use `device='cpu'` or cuda.")
    return found
