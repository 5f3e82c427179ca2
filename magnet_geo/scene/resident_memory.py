"""Keeps the process within its memory plan: what the allocator holds back is given to the system again.

The C library keeps freed memory for later, in pieces that do not always fit what comes; over thousands of windows they
add up. Linux with glibc only; elsewhere nothing is done.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from magnet_geo.networks.memory_reuse import give_back_freed_memory

_STATM = Path("/proc/self/statm")
_MEMINFO, _GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
# More than this share of the plan is held back. Fresh pages cost time, so that what nearly fits into a plan is left
# alone; a limit is not for the average but for the peak, which lies above what is held when one window follows another.
_MUCH, _MUCH_WITHIN_LIMIT = 0.95, 0.85


def resident_bytes() -> int | None:
    """Main memory the process holds now, in bytes; None where it is not known."""
    if not sys.platform.startswith("linux"):
        return None
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def machine_bytes(meminfo: Path = _MEMINFO, group: Path = _GROUP) -> int | None:
    """Return all main memory that this process may ever take, in bytes; None where the system does not tell.

    Args:
        meminfo: What Linux says of the machine.
        group: What it says of this process's control group, such as a container's.
    """
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        total = int(lines["MemTotal"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        return min(total, int((group / "memory.max").read_text()))
    except (OSError, ValueError):
        return total


def keep_within(planned_bytes: int, *, is_limit: bool = False) -> None:
    """Between two windows: give freed memory back to the system if the process holds much of it.

    Args:
        planned_bytes: Peak of the plan.
        is_limit: Whether it must not be exceeded.
    """
    held = resident_bytes()
    if held is not None and held > (_MUCH_WITHIN_LIMIT if is_limit else _MUCH) * planned_bytes:
        give_back_freed_memory()
