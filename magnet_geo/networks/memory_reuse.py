"""Freed memory stays with the process, so that the next layer's activations need no new pages from the system."""

from __future__ import annotations

import ctypes
import sys

# Names and numbers of glibc's malloc.h. Larger blocks than the first cannot be kept; it allows no more.
_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES = -3, 32 * 2**20
_M_TRIM_THRESHOLD, _KEPT_BYTES = -1, 512 * 2**20


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed from now on, up to half a gigabyte; nothing happens where there is no glibc.

    By default it hands large blocks back at once: a float32 refinement of 508 x 508 pixels then spends a fifth of its
    time on page faults. What is kept counts towards the process's memory.
    """
    _call_glibc("mallopt", _M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
    _call_glibc("mallopt", _M_TRIM_THRESHOLD, _KEPT_BYTES)


def give_back_freed_memory() -> None:
    """Hand what was freed until now back to the system, on Linux with glibc: for what a process does only once."""
    _call_glibc("malloc_trim", 0)


def _call_glibc(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function is not None:
        function(*numbers)
