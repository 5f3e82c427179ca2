"""`ModelDescription`: what ``model list --json`` and ``model show --json`` say about a model file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from magnet_geo.grid.read_scale import LARGEST_RATIO
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import model_hash, read_manifest
from magnet_geo.sensors import SENSORS


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


def fitting_sensors(manifest: Manifest) -> tuple[str, ...]:
    """Names of the sensors that have a model's bands at a pixel size it can read."""
    return tuple(
        name
        for name, sensor in SENSORS.items()
        if all(map(sensor.has, manifest.bands)) and _is_readable(sensor.gsd_m, manifest.gsd_m)
    )


def _is_readable(gsd_m: float, model_gsd_m: float | None) -> bool:
    return model_gsd_m is None or 1 / LARGEST_RATIO <= gsd_m / model_gsd_m <= LARGEST_RATIO
