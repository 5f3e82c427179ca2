"""How torch's libraries use memory and threads, decided before they are loaded."""

from __future__ import annotations

import ctypes
import os
import sys

_HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
_SPIN_COUNT, _WAIT_POLICY = "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"
# Name and number of glibc's malloc.h, and what the user may say in its place.
_M_ARENA_MAX, _ARENA_MAX = -8, "MALLOC_ARENA_MAX"


def configure_process() -> None:
    """Set what suits windows of maps on a CPU, where the user said nothing; no effect once torch is in use.

    The commands do so when they start, and the first name of `magnet_geo` that needs torch does: importing the package
    never.

    Torch asks Linux for pages of 2 MB: in pages of 4 kB, half of the time of enlarging a window's map goes into the
    pages. An idle thread of OpenMP waits a tenth of a millisecond for more work before it sleeps, not for
    milliseconds: it would take a core from the patches that are computed side by side. All threads share what they
    freed: by default the C library keeps it for each thread by itself, and gives it back in large pieces.
    """
    if sys.platform == "linux":
        os.environ.setdefault(_HUGE_PAGES, "1")
        if _ARENA_MAX not in os.environ:
            _share_freed_memory()
    if _WAIT_POLICY not in os.environ:
        os.environ.setdefault(_SPIN_COUNT, "10000")


def _share_freed_memory() -> None:
    """Nothing happens where there is no glibc, or where threads have memory of their own already."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
