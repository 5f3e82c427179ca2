"""The models that ship with the package, and the way from a name to a file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from magnet_geo.errors import ModelError

SUFFIX = ".safetensors"


def list_models() -> dict[str, Path]:
    """Paths of the bundled model files by name, sorted by name."""
    folder = Path(str(files("magnet_geo.model.data")))
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def find_model(name_or_path: str | Path) -> Path:
    """Return the file of a model: a bundled one of this name first, else the file itself.

    Args:
        name_or_path: Bundled name or path.

    Raises:
        ModelError: Neither exists.
    """
    bundled = list_models()
    if str(name_or_path) in bundled:
        return bundled[str(name_or_path)]
    path = Path(name_or_path)
    if path.is_file():
        return path
    choices = f"one of the bundled models ({', '.join(bundled)}) or " if bundled else ""
    fault = "is a folder" if path.is_dir() else "is neither a bundled model nor a file"
    raise ModelError(f"'{name_or_path}' {fault}; give {choices}the path of a {SUFFIX} file.")
