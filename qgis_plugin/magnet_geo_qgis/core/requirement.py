"""The private environment: which Python may make it, what is installed into it, and how one knows what it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .engine import PACKAGE
from .text import tr

MIN_PYTHON = (3, 11)
CPU, CUDA = "cpu", "cuda"
# What the packages take on disk, measured on Linux with Python 3.11; torch's CUDA build is by far the largest.
DISK_MB = {CPU: 1900, CUDA: 7500}
DOWNLOAD_MB = {CPU: 500, CUDA: 3500}

PROBE_CODE = """
import importlib.util, json, platform, sys
def version(name):
    from importlib import metadata
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
print(json.dumps({
    'python': list(sys.version_info[:3]), 'prefix': sys.prefix, 'base': sys.base_prefix,
    'executable': sys.executable, 'platform': platform.platform(), 'bits': sys.maxsize.bit_length() + 1,
    'venv': bool(importlib.util.find_spec('venv') and importlib.util.find_spec('ensurepip')),
    'packages': {name: version(name) for name in ('magnet-geo', 'torch', 'rasterio', 'numpy', 'pyproj', 'shapely')},
}))
""".strip()


@dataclass(frozen=True)
class Probe:
    """What a Python says about itself.

    Attributes:
        executable: The program that was asked.
        python: Its version.
        prefix: Where its packages lie.
        platform: Its system.
        can_make_venv: Whether it can make virtual environments.
        packages: Versions by name; None where one is missing.
    """

    executable: str
    python: tuple[int, ...]
    prefix: str
    platform: str
    can_make_venv: bool
    packages: dict[str, Optional[str]]

    @property
    def has_engine(self) -> bool:
        """Whether magnet-geo is installed in it."""
        return bool(self.packages.get(PACKAGE))

    def objection(self) -> str:
        """Why it cannot make the private environment; empty where it can."""
        if self.python < MIN_PYTHON:
            found, wanted = ".".join(map(str, self.python)), ".".join(map(str, MIN_PYTHON))
            return tr("Python {found} is too old; the engine needs {wanted} or newer.").format(
                found=found, wanted=wanted
            )
        if not self.can_make_venv:
            return tr(
                "This Python cannot make virtual environments; on Debian and Ubuntu run "
                "'sudo apt-get install python3-venv', or choose another Python."
            )
        return ""


def parse_probe(text: str) -> Optional[Probe]:
    """Gives what a Python answered to `PROBE_CODE`; None where it is no such answer."""
    for line in reversed(text.strip().splitlines()):
        try:
            found = json.loads(line)
            return _probe(found)
        except (ValueError, KeyError, TypeError):
            continue
    return None


@dataclass(frozen=True)
class EngineRequirement:
    """What is installed into the private environment.

    Attributes:
        source: A name with a version for the package index, a wheel, or a folder with the sources.
        torch: CPU or CUDA.
        torch_index: Package index for torch alone; empty for the usual one.
        constraints: File that pins versions; empty for none.
    """

    source: str = PACKAGE
    torch: str = CPU
    torch_index: str = ""
    constraints: str = ""

    @property
    def digest(self) -> str:
        """Changes when anything of it does; names the environment's folder."""
        pins = Path(self.constraints).read_text(encoding="utf-8") if self.constraints else ""
        text = "\n".join((self.source, self.torch, self.torch_index, pins))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def pip_steps(self) -> list[tuple[str, list[str]]]:
        """The installation: a name for each step and the arguments of pip."""
        pinned = ["-c", self.constraints] if self.constraints else []
        common = ["install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", *pinned]
        index = ["--index-url", self.torch_index] if self.torch_index else []
        return [
            (tr("Installing PyTorch"), [*common, *index, "torch>=2.4"]),
            (tr("Installing magnet-geo"), [*common, "--upgrade-strategy", "only-if-needed", self.source]),
        ]

    def stamp(self, engine_version: str) -> str:
        """What is written into a finished environment."""
        return json.dumps({"source": self.source, "torch": self.torch, "digest": self.digest, "engine": engine_version})


def tested_versions() -> str:
    """Gives the file in the plugin's zip that pins what the engine was tested with; empty in a folder of sources."""
    path = Path(__file__).parents[1] / "constraints.txt"
    return str(path) if path.is_file() else ""


def folder_name(probe: Probe, requirement: EngineRequirement) -> str:
    """Name of an environment's folder: the Python and the requirement, so that neither changes unnoticed."""
    return f"py{probe.python[0]}{probe.python[1]}-{requirement.digest}"


def pip_reason(lines: Sequence[str]) -> str:
    """The line of pip's output that says why it failed."""
    for line in reversed(lines):
        if line.startswith("ERROR:") and "pip's dependency resolver" not in line:
            return line.partition("ERROR:")[2].strip()
    return next((line for line in reversed(lines) if line.strip()), "")


def _probe(found: dict[str, Any]) -> Probe:
    return Probe(
        executable=str(found["executable"]),
        python=tuple(int(number) for number in found["python"]),
        prefix=str(found["prefix"]),
        platform=str(found["platform"]),
        can_make_venv=bool(found["venv"]),
        packages=dict(found["packages"]),
    )
