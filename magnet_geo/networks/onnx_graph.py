"""A foreign network as an ONNX graph, run by onnxruntime: an extra, loaded when the first graph is.

Shape letters: N images, B bands, K channels of the output, H and W pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.errors import DeviceError, ModelError

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OnnxGraph:
    """One graph with one image as input and one map as output.

    Attributes:
        channels_last: Whether images and maps are (N, H, W, K) and not (N, K, H, W).
    """

    def __init__(self, content: bytes, *, channels_last: bool, on_gpu: bool = False) -> None:
        """Load a graph.

        Args:
            content: The bytes of an ``.onnx`` file.
            channels_last: How its input and output lie.
            on_gpu: Whether it runs on CUDA.

        Raises:
            ModelError: onnxruntime is missing, refuses the graph, or the graph has other inputs or outputs.
        """
        self.channels_last, self._content, self._on_gpu = channels_last, content, on_gpu
        self._threads = 0
        self._session = self._start()
        self._input, self._output = self._ends()

    @property
    def batch(self) -> int | None:
        """Images per pass; None for any number."""
        return _fixed(self._input.shape[0])

    @property
    def bands(self) -> int | None:
        """Bands of an image; None where the graph does not say."""
        return _fixed(self._input.shape[3 if self.channels_last else 1])

    @property
    def size(self) -> tuple[int, int] | None:
        """Rows and columns of an image; None for any."""
        height, width = map(_fixed, self._input.shape[1:3] if self.channels_last else self._input.shape[2:4])
        return None if height is None or width is None else (height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Run the graph.

        Args:
            images: (N, B, H, W) float32.

        Returns:
            (N, K, H, W) float32 on the images' device.

        Raises:
            ModelError: The graph fails.
        """
        values = images.to("cpu", torch.float32).numpy()
        if self.channels_last:
            values = values.transpose(0, 2, 3, 1)
        maps = self._run(np.ascontiguousarray(values))
        if self.channels_last and maps.ndim == 4:
            maps = maps.transpose(0, 3, 1, 2)
        return torch.from_numpy(np.ascontiguousarray(maps, dtype=np.float32)).to(images.device)

    def _run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        self._follow_threads()
        count = self.batch
        if count is None or count == len(values):
            return self._pass(values)
        padding = np.zeros((-len(values) % count, *values.shape[1:]), np.float32)
        padded = np.concatenate([values, padding])
        passes = [self._pass(padded[start : start + count]) for start in range(0, len(padded), count)]
        return np.concatenate(passes)[: len(values)]

    def _pass(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            maps: NDArray[np.float32] = self._session.run([self._output.name], {self._input.name: values})[0]
        except _errors() as error:
            raise ModelError(f"The ONNX graph fails on images of {values.shape}: {_first_line(error)}.") from error
        return maps

    def _follow_threads(self) -> None:
        """PyTorch's number of threads, which a run may set after the model is loaded, is the graph's too."""
        if not self._on_gpu and self._threads != torch.get_num_threads():
            self._session = self._start()

    def _start(self) -> Any:
        runtime = _onnxruntime()
        if self._on_gpu and _CUDA not in runtime.get_available_providers():
            raise DeviceError(
                "This onnxruntime has no CUDA; install onnxruntime-gpu in its place, or use `device='cpu'`."
            )
        self._threads = torch.get_num_threads()
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self._threads, 1
        options.log_severity_level = 3
        providers = [_CUDA, _CPU] if self._on_gpu else [_CPU]
        try:
            return runtime.InferenceSession(self._content, options, providers=providers)
        except _errors() as error:
            raise ModelError(
                f"onnxruntime {runtime.__version__} cannot load the ONNX graph: {_first_line(error)}."
            ) from error

    def _ends(self) -> tuple[Any, Any]:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"The ONNX graph has {len(inputs)} inputs and {len(outputs)} outputs; export it with one image as "
                "input and one map as output."
            )
        if inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            raise ModelError(
                f"The ONNX graph takes {inputs[0].type} of {len(inputs[0].shape)} dimensions; export it with a float32 "
                "input of 4: batch, bands, rows, columns."
            )
        return inputs[0], outputs[0]


def graph_runs_on_cuda() -> bool:
    """Whether the installed onnxruntime has CUDA."""
    return _CUDA in _onnxruntime().get_available_providers()


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            "This model is an ONNX graph, and onnxruntime, which runs it, is not installed; install it with: "
            "pip install 'magnet-geo[onnx]'"
        ) from error
    return onnxruntime


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: its errors have no common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return tuple(kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))


def _fixed(length: object) -> int | None:
    return length if isinstance(length, int) and length > 0 else None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
