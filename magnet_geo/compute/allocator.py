"""What the allocator holds: given back to the system between two windows, and reused within one."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

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


def malloc_trim() -> None:
    """Hand what was freed until now back to the system, on Linux with glibc: for what a process does only once."""
    _call_glibc("malloc_trim", 0)


def _call_glibc(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function is not None:
        function(*numbers)


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


def trim_above(planned_bytes: int, *, is_limit: bool = False) -> None:
    """Between two windows: give freed memory back to the system if the process holds much of it.

    Args:
        planned_bytes: Peak of the plan.
        is_limit: Whether it must not be exceeded.
    """
    held = resident_bytes()
    if held is not None and held > (_MUCH_WITHIN_LIMIT if is_limit else _MUCH) * planned_bytes:
        malloc_trim()
