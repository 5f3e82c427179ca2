"""Where the networks run and in which precision."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import cv2
import torch

from magnet_geo.errors import DeviceError, OptionError

Precision = Literal["auto", "fp32", "bf16", "fp16"]

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_FIRST_BF16_CUDA = (8, 0)


def available_cores() -> int:
    """Cores of the processor that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def use_threads(count: int | None) -> Iterator[None]:
    """Compute with so many CPU threads within the block; with None, with as many as before.

    Torch's number is that of the calling thread, and of threads to come.
    """
    if count is None:
        yield
        return
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def choose_device(name: str) -> torch.device:
    """Return the device behind ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        DeviceError: It is not there.
        OptionError: The name means nothing.
    """
    if name == "auto":
        return _best_device()
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not index.isdecimal()):
        raise OptionError(f"'{name}' is no device; choose auto, cpu, cuda, cuda:N or mps.")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"The device '{name}' was asked for, but PyTorch finds {torch.cuda.device_count()} CUDA devices; "
            "check the driver and that a CUDA build of PyTorch is installed, or use `device='cpu'`."
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("The device 'mps' was asked for, but this machine has no Apple GPU; use `device='cpu'`.")
    return torch.device(name)


def choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Return the number type the networks run in.

    ``auto`` takes bfloat16 where the hardware multiplies it natively: CUDA from compute capability 8.0 on,
    CPUs with AMX or AVX-512 BF16 that oneDNN may use (``ONEDNN_MAX_CPU_ISA``).

    Raises:
        DeviceError: The device cannot run this precision.
    """
    if precision == "auto":
        return torch.bfloat16 if _multiplies_bf16(device) else torch.float32
    if precision not in _DTYPES:
        raise OptionError(f"'{precision}' is no precision; choose auto, fp32, bf16 or fp16.")
    if precision == "fp16" and device.type == "cpu":
        raise DeviceError("The precision fp16 runs on GPUs only; use `precision='bf16'` or fp32 on the CPU.")
    return _DTYPES[precision]


def slow_precision(dtype: torch.dtype, device: torch.device) -> str | None:
    """Return a warning where a processor computes a precision far slower than float32, None otherwise."""
    if dtype != torch.bfloat16 or device.type != "cpu" or not _has_onednn() or _onednn_computes_bf16():
        return None
    return (
        "This processor has no fast way to compute bf16: the run takes many times as long as in fp32, "
        "which 'auto' takes here."
    )


def precision_name(dtype: torch.dtype) -> str:
    """``fp32``, ``bf16`` or ``fp16``."""
    return _NAMES[dtype]


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _multiplies_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _FIRST_BF16_CUDA
    if device.type == "cpu":
        found = torch.cpu.get_capabilities()
        return bool(found.get("amx_bf16") or found.get("avx512_bf16")) and _has_onednn() and _onednn_computes_bf16()
    return False


def _has_onednn() -> bool:
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def _onednn_computes_bf16() -> bool:
    """Whether the library that computes convolutions does it in bfloat16: it may be held to less than the CPU has."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
