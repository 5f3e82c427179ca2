"""`ModelDescription`: what ``model list --json`` and ``model show --json`` say about a model file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import model_hash, read_manifest


class ModelDescription(BaseModel):
    """One model file.

    Attributes:
        path: Where it is.
        size_bytes: Its size.
        sha256: Its hash, 64 hexadecimal digits.
        manifest: What it says about itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    size_bytes: int
    sha256: str
    manifest: Manifest


def describe_model(path: Path) -> ModelDescription:
    """Describe a model file without loading its weights.

    Raises:
        ModelError: It is no model file.
    """
    manifest = read_manifest(path)
    return ModelDescription(path=str(path), size_bytes=path.stat().st_size, sha256=model_hash(path), manifest=manifest)
