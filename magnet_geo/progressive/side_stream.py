"""`SideStream`: gets the next image ready on a GPU beside the networks of the present one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import torch


class HasDeviceMemory(Protocol):
    """Something whose tensors one stream of a GPU makes and another one uses."""

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """Keep the tensors' memory until what the stream was told is done, see `Tensor.record_stream`."""
        ...


MadeT = TypeVar("MadeT", bound=HasDeviceMemory)


class SideStream:
    """A CUDA stream for another thread; on other devices its work just happens.

    In the stream of the networks, the upload of the next image would wait for all kernels of the present one, and so
    would the thread that asks whether all of its pixels are valid.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def make(self, function: Callable[[], MadeT]) -> Callable[[], MadeT]:
        """Call a function whose copies and kernels go beside what the device is doing.

        Returns:
            Gives what was made, for use in the present stream of whoever asks: that stream waits for it.
        """
        if self._stream is None:
            made = function()
            return lambda: made
        with torch.cuda.stream(self._stream):
            made = function()
            done = self._stream.record_event()

        def use() -> MadeT:
            stream = torch.cuda.current_stream(self._device)
            stream.wait_event(done)
            made.used_by(stream)
            return made

        return use
