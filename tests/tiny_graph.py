"""A network of one convolution, as torch and as an ONNX graph put together by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

BANDS, CLASSES = 2, 3
MANIFEST = """\
name: tiny-graph
title: A tiny graph
licence: none
bands: [red, nir]
window_px: 128
values: {unit: reflectance, low: 0, high: 2, mean: [0.2, 0.3], std: [0.1, 0.2]}
graph: {layout: nchw, output: logits}
classes:
  - {name: a, color: '#ff0000'}
  - {name: b, color: '#00ff00'}
  - {name: c, color: '#0000ff'}
"""


def _weights() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(6)
    kernel = random.normal(size=(CLASSES, BANDS, 3, 3)).astype(np.float32)
    return kernel, random.normal(size=CLASSES).astype(np.float32)


class TinyNetwork(nn.Module):
    """Logits of (N, 2, H, W) images: one 3 x 3 convolution with zeros around."""

    def forward(self, images: Tensor) -> Tensor:
        kernel, bias = map(torch.from_numpy, _weights())
        return nn.functional.conv2d(images, kernel, bias, padding=1)


def write_graph(
    path: Path,
    *,
    size: int | None = None,
    batch: int | None = None,
    channels_last: bool = False,
    softmax: bool = False,
) -> Path:
    """Writes the network as ``.onnx``.

    Args:
        path: Where to.
        size: Side of the images; None for any.
        batch: Images per pass; None for any.
        channels_last: Whether images and maps are (N, H, W, K).
        softmax: Whether it gives probabilities.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel, bias = _weights()
    steps, name = [], "image"

    def add(operator: str, *inputs: str, **attributes: object) -> None:
        nonlocal name
        target = f"after_{len(steps)}"
        steps.append(helper.make_node(operator, [name, *inputs], [target], **attributes))
        name = target

    if channels_last:
        add("Transpose", perm=[0, 3, 1, 2])
    add("Conv", "kernel", "bias", pads=[1, 1, 1, 1])
    if softmax:
        add("Softmax", axis=1)
    if channels_last:
        add("Transpose", perm=[0, 2, 3, 1])

    def shape(channels: int) -> list[int | str]:
        rows, cols = size or "height", size or "width"
        return [batch or "batch", *((rows, cols, channels) if channels_last else (channels, rows, cols))]

    graph = helper.make_graph(
        steps,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape(BANDS))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape(CLASSES))],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(onnx.ModelProto.SerializeToString(model))
    return path
