"""From an ``.onnx`` file to a model file: the graph is run once and must do what its manifest says."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from magnet_geo.errors import ModelError
from magnet_geo.model.graph_file import write_graph_model
from magnet_geo.model.graph_manifest import GraphManifestDraft
from magnet_geo.model.graph_weights import read_whole_graph
from magnet_geo.model.manifest import Manifest
from magnet_geo.networks.onnx_graph import OnnxGraph


def import_graph(graph: Path, manifest: Path, output: Path) -> Manifest:
    """Make a model file of a foreign graph.

    Args:
        graph: An ``.onnx`` file.
        manifest: A YAML or JSON file; see `GraphManifestDraft`.
        output: The model file; an existing one is replaced.

    Returns:
        The manifest as written.

    Raises:
        ModelError: The graph cannot be run, or does not do what the manifest says.
        OutputError: The file cannot be written.
    """
    content = read_whole_graph(graph)
    draft = GraphManifestDraft.read(manifest)
    loaded = OnnxGraph(content, channels_last=draft.channels_last)
    complete = draft.complete(size=loaded.size)
    check_graph(loaded, complete)
    write_graph_model(output, complete, content)
    return complete


def check_graph(graph: OnnxGraph, manifest: Manifest) -> None:
    """Run a graph once and compare what it takes and gives with a manifest.

    Raises:
        ModelError: They do not agree.
    """
    bands, height, width = (
        len(manifest.bands),
        manifest.pyramid.network_input.height,
        manifest.pyramid.network_input.width,
    )
    layout = manifest.graph.layout if manifest.graph else ""
    if graph.bands not in (None, bands):
        raise ModelError(
            f"The ONNX graph takes {graph.bands} bands in the layout {layout}, but the manifest names {bands} "
            f"({', '.join(manifest.bands)}); correct the bands or the layout."
        )
    if graph.size not in (None, (height, width)):
        raise ModelError(
            f"The ONNX graph takes images of {graph.size} pixels, but the manifest's patches are {height, width}; "
            "leave the pyramid out of the manifest."
        )
    maps = graph(torch.zeros(1, bands, height, width))
    classes = len(manifest.classes)
    channels = {classes, 1} if classes == 2 else {classes}
    if maps.ndim != 4 or maps.shape[1] not in channels or maps.shape[2:] != (height, width):
        raise ModelError(
            f"The ONNX graph gives {tuple(maps.shape)} for an image of {height} x {width} pixels, but the manifest's "
            f"{classes} classes need (1, {classes}, {height}, {width}); correct the classes or the layout."
        )
    _check_kind(maps, manifest)


def _check_kind(maps: Tensor, manifest: Manifest) -> None:
    """Logits that are called probabilities, or the other way round, would spoil every map without an error."""
    inside = bool(((maps >= -1e-4) & (maps <= 1 + 1e-4)).all())
    sums_to_one = maps.shape[1] > 1 and bool(((maps.sum(dim=1) - 1).abs() < 1e-3).all())
    is_probabilities = inside and (sums_to_one or maps.shape[1] == 1)
    if manifest.graph is not None and manifest.graph.output == "probabilities" and not is_probabilities:
        raise ModelError(
            f"The ONNX graph gives values from {float(maps.min()):.3g} to {float(maps.max()):.3g}, which are no "
            "probabilities; write output: logits in the manifest."
        )
    if manifest.graph is not None and manifest.graph.output == "logits" and inside and sums_to_one:
        raise ModelError(
            "The ONNX graph gives values that add up to 1, which are probabilities; write output: probabilities in the "
            "manifest."
        )
