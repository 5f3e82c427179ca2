"""A foreign model put where the engine expects networks of our own."""

from __future__ import annotations

import torch

from magnet_geo.errors import DeviceError
from magnet_geo.model.graph_file import GraphBundle
from magnet_geo.networks.onnx_graph import OnnxGraph, graph_runs_on_cuda
from magnet_geo.progressive.graph_predictor import GraphPredictor
from magnet_geo.scene.hardware import Precision, choose_device


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
        raise DeviceError(f"An ONNX graph brings its own precision; leave --precision {precision} out.")
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
        raise DeviceError(f"An ONNX graph does not run on '{name}'; use --device cpu or cuda.")
    return found
