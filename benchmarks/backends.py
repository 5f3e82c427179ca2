"""Other CPU backends against our prepared networks: milliseconds of one core per patch, softmax included.

    pip install openvino onnx onnxruntime
    python benchmarks/backends.py

Random weights; the least CPU time of four passes, so that other work on the machine counts little. ONNX Runtime's CPU
backend has no bfloat16. torch.compile needs a C++ compiler; what compiling takes is not counted, but told.
"""

from __future__ import annotations

import copy
import io
import time
import warnings
from collections.abc import Callable

import torch
import torch._inductor.config as inductor
from torch import Tensor, nn

from magnet_geo.compute.allocator import keep_freed_memory
from magnet_geo.networks import RefinementInStrips, create_backbone, create_refinement, prepare_for_inference

CASES = (("fpn", 7, 508), ("magnet", 7, 508), ("light-fpn-lite2", 5, 512), ("light-weighted", 5, 512))
REFINEMENTS = ("magnet", "light-weighted")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
OPENVINO_PRECISIONS = {"fp32": "f32", "bf16": "bf16"}


class Probabilities(nn.Module):
    """A network and its softmax, called by position."""

    def __init__(self, network: nn.Module, is_refinement: bool) -> None:
        super().__init__()
        self.network, self.is_refinement = network, is_refinement

    def forward(self, first: Tensor, second: Tensor | None = None) -> Tensor:
        """Maps a batch of images, or of two predictions, to probabilities."""
        logits = self.network(scale_specific=first, cumulative=second) if self.is_refinement else self.network(first)
        return torch.softmax(logits, dim=1)


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    keep_freed_memory()
    print("| network | precision | ours | OpenVINO | ONNX Runtime | torch.compile | compiling, s |\n|" + " --- |" * 7)
    for name, classes, side in CASES:
        is_refinement = name in REFINEMENTS
        create = create_refinement if is_refinement else create_backbone
        network = (create(classes, name=name) if is_refinement else create(name, num_classes=classes)).eval()
        maps = [torch.randn(1, classes, side, side).softmax(1) for _ in range(2)]
        inputs = maps if is_refinement else [torch.randn(1, 3, side, side)]
        wrapped = Probabilities(network, is_refinement).eval()
        for precision in DTYPES:
            ours = milliseconds(_ours(network, inputs, is_refinement, DTYPES[precision]))
            openvino = milliseconds(_openvino(wrapped, inputs, OPENVINO_PRECISIONS[precision]))
            runtime = f"{milliseconds(_onnxruntime(wrapped, inputs)):.0f}" if precision == "fp32" else ""
            started = time.perf_counter()
            run_compiled = _compiled(wrapped, inputs, DTYPES[precision])
            compiling = time.perf_counter() - started
            compiled = milliseconds(run_compiled)
            row = (name, precision, f"{ours:.0f}", f"{openvino:.0f}", runtime, f"{compiled:.0f}", f"{compiling:.0f}")
            print(f"| {' | '.join(row)} |", flush=True)


def milliseconds(run: Callable[[], object], times: int = 4) -> float:
    """Least CPU time of a few calls, after one that does not count."""
    run()
    taken = []
    for _ in range(times):
        started = time.process_time()
        run()
        taken.append(time.process_time() - started)
    return min(taken) * 1e3


def _ours(network: nn.Module, inputs: list[Tensor], is_refinement: bool, dtype: torch.dtype) -> Callable[[], object]:
    if is_refinement:
        in_strips = RefinementInStrips(network, device="cpu", dtype=dtype)
        return torch.no_grad()(lambda: in_strips(scale_specific=inputs[0], cumulative=inputs[1]))
    prepared = prepare_for_inference(network, device="cpu", dtype=dtype)
    ready = inputs[0].to(dtype).contiguous(memory_format=torch.channels_last)
    return torch.no_grad()(lambda: torch.softmax(prepared(ready).float(), dim=1))


def _compiled(wrapped: nn.Module, inputs: list[Tensor], dtype: torch.dtype) -> Callable[[], object]:
    """By inductor with frozen weights; compiled when this returns."""
    inductor.freezing = True
    ready = [tensor.to(dtype).contiguous(memory_format=torch.channels_last) for tensor in inputs]
    compiled = torch.compile(copy.deepcopy(wrapped).to(dtype).to(memory_format=torch.channels_last))

    @torch.no_grad()
    def run() -> object:
        return compiled(*ready)

    run()
    return run


def _openvino(wrapped: nn.Module, inputs: list[Tensor], precision: str) -> Callable[[], object]:
    import openvino

    shapes = [tuple(tensor.shape) for tensor in inputs]
    with torch.no_grad():
        model = openvino.convert_model(wrapped, example_input=tuple(inputs), input=shapes)
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    arrays = [tensor.numpy() for tensor in inputs]
    return lambda: request.infer(arrays)


def _onnxruntime(wrapped: nn.Module, inputs: list[Tensor]) -> Callable[[], object]:
    import onnxruntime

    graph = io.BytesIO()
    torch.onnx.export(wrapped, tuple(inputs), graph, dynamo=False, opset_version=17)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = {place.name: tensor.numpy() for place, tensor in zip(session.get_inputs(), inputs, strict=True)}
    return lambda: session.run(None, feed)


if __name__ == "__main__":
    main()
