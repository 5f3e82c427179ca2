"""One model, one file: safetensors with the manifest as metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from magnet_geo.atomic_file import atomic_path
from magnet_geo.errors import ModelError
from magnet_geo.model.manifest import Manifest

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY = "magnet_geo"
SHORT_HASH_LENGTH = 12
_CHUNK_BYTES = 1 << 20
_BACKBONE = "backbone."
_REFINEMENT = "refinement."
_ZIP_START, _PICKLE_START = b"PK\x03\x04", b"\x80"


@dataclass(frozen=True, slots=True, eq=False)
class ModelWeights:
    """State dicts of a model's networks.

    Attributes:
        backbone: State dict of the backbone.
        refinements: None for a coarse-only model, one for all levels, or one per level from 1 on.
    """

    backbone: Mapping[str, Tensor]
    refinements: tuple[Mapping[str, Tensor], ...]

    def tensors(self, manifest: Manifest) -> dict[str, Tensor]:
        """Tensors by their names in a model file of this manifest.

        Raises:
            ModelError: The manifest wants another number of refinement weights.
        """
        prefixes = _refinement_prefixes(manifest)
        if len(prefixes) != len(self.refinements):
            raise ModelError(
                f"The model '{manifest.name}' needs {len(prefixes)} sets of refinement weights, not "
                f"{len(self.refinements)}; change refinement_per_level or the weights."
            )
        named = {_BACKBONE + key: tensor for key, tensor in self.backbone.items()}
        for prefix, state in zip(prefixes, self.refinements, strict=True):
            named |= {prefix + key: tensor for key, tensor in state.items()}
        return named

    @classmethod
    def from_tensors(cls, manifest: Manifest, tensors: Mapping[str, Tensor]) -> ModelWeights:
        """Sort a model file's tensors by network.

        Args:
            manifest: The file's manifest.
            tensors: Tensors by name.

        Raises:
            ModelError: A tensor belongs to no network of the manifest.
        """
        prefixes = (_BACKBONE, *_refinement_prefixes(manifest))
        states: dict[str, dict[str, Tensor]] = {prefix: {} for prefix in prefixes}
        for name, tensor in tensors.items():
            prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
            if prefix is None:
                raise ModelError(
                    f"Tensor '{name}' belongs to no network of the model '{manifest.name}'; write it again."
                )
            states[prefix][name.removeprefix(prefix)] = tensor
        return cls(states.pop(_BACKBONE), tuple(states.values()))


def write_model(path: Path, manifest: Manifest, tensors: Mapping[str, Tensor]) -> None:
    """Write a model file; an existing one is replaced in one step.

    Args:
        path: Where to.
        manifest: What the model says about itself.
        tensors: As `ModelWeights.tensors` names them; any float type, kept as it is.

    Raises:
        OutputError: The file cannot be written.
    """
    from safetensors.torch import save_file

    owned = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(owned, temporary, metadata={METADATA_KEY: manifest.to_json()})


def read_manifest(path: Path) -> Manifest:
    """Read what a model file says about itself; weights stay on disk.

    Args:
        path: A model file.

    Raises:
        ModelError: It is no model file, or a damaged or newer one.
    """
    metadata = read_metadata(path)
    if METADATA_KEY not in metadata:
        raise ModelError(
            f"{path} is a safetensors file without a magnet-geo manifest; run 'magnet-geo model import' on its weights."
        )
    return Manifest.from_json(metadata[METADATA_KEY], source=f"The manifest of {path}")


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of any safetensors file, empty where it has none.

    Raises:
        ModelError: It is no safetensors file, or a damaged one.
    """
    _require_file(path)
    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ModelError(_refusal(path, error)) from error


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a model file.

    Args:
        path: A model file.

    Returns:
        Tensors by name on the CPU; every float type becomes float32.

    Raises:
        ModelError: It cannot be read.
    """
    import torch
    from safetensors.torch import load_file

    _require_file(path)
    try:
        tensors = load_file(path, device="cpu")
    except (SafetensorError, OSError) as error:
        raise ModelError(_refusal(path, error)) from error
    return {
        name: tensor.to(torch.float32) if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
    }


def model_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits.

    Raises:
        ModelError: It cannot be read.
    """
    _require_file(path)
    digest = sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def short_hash(full: str) -> str:
    """Return the start of a hash, as it stands in tags and tables."""
    return full[:SHORT_HASH_LENGTH]


def is_safetensors(path: Path) -> bool:
    """Whether a file starts like safetensors: eight bytes of length, then a JSON object.

    Raises:
        ModelError: It cannot be read.
    """
    return _first_bytes(path)[8:] == b"{"


def _refinement_prefixes(manifest: Manifest) -> list[str]:
    if manifest.architecture.refinement_per_level:
        return [f"{_REFINEMENT}{level}." for level in manifest.refined_levels]
    return [_REFINEMENT] if manifest.refined_levels else []


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise ModelError(f"There is no file {path}; check the path.")


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(9)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(f"{path} cannot be read ({error.strerror}); check the disk and the permissions.")


def _refusal(path: Path, error: Exception) -> str:
    start = _first_bytes(path)
    if start[8:] == b"{":
        return f"{path} is damaged or incomplete ({error}); copy or download it again."
    if start.startswith((_ZIP_START, _PICKLE_START)):
        return f"{path} is a PyTorch checkpoint, not a model file; run 'magnet-geo model import' on it first."
    return f"{path} is not a model file (safetensors with a manifest); check the path."
