"""How torch's libraries use memory and threads, decided before they are loaded."""

from __future__ import annotations

import os
import sys

_HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
_SPIN_COUNT, _WAIT_POLICY = "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"


def settle_process() -> None:
    """Set what suits windows of maps on a CPU, where the user said nothing; no effect once torch is in use.

    Torch asks Linux for pages of 2 MB: in pages of 4 kB, half of the time of enlarging a window's map goes into the
    pages. An idle thread of OpenMP waits a tenth of a millisecond for more work before it sleeps, not for
    milliseconds: it would take a core from the patches that are computed side by side.
    """
    if sys.platform == "linux":
        os.environ.setdefault(_HUGE_PAGES, "1")
    if _WAIT_POLICY not in os.environ:
        os.environ.setdefault(_SPIN_COUNT, "10000")
