"""How much the private environment takes, said before it is made."""

from __future__ import annotations

import shutil
import sys

from ..core.requirement import CPU, CUDA, DISK_MB, DOWNLOAD_MB
from ..core.text import tr
from .finding import private_folder


def free_gb() -> float:
    """Gives the free space where the environment is made, in GB."""
    folder = private_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9


def size_text(torch: str, has_index: bool) -> str:
    """Gives what a choice downloads and takes, beside what is free."""
    # The usual index holds the CUDA build for Linux, whatever was chosen.
    from_usual = sys.platform.startswith("linux") and not has_index
    other = not sys.platform.startswith("linux") and not has_index
    kind = CUDA if from_usual or (torch == CUDA and not other) else CPU
    text = tr("Downloads about {down} GB and takes about {disk} GB in your profile; {free} GB are free.").format(
        down=f"{DOWNLOAD_MB[kind] / 1000:.1f}", disk=f"{DISK_MB[kind] / 1000:.1f}", free=f"{free_gb():.0f}"
    )
    if torch == CUDA and sys.platform == "win32" and not has_index:
        text += " " + tr("On Windows the usual index holds the CPU build only; name PyTorch's CUDA index.")
    if torch == CUDA and sys.platform == "darwin":
        text += " " + tr("There is no CUDA on macOS; the usual build computes on Apple's GPUs.")
    if from_usual and torch == CPU:
        text += " " + tr("On Linux the usual index brings the CUDA build; with PyTorch's CPU index it is far smaller.")
    return text
