"""`ModelBundle`: a manifest and its networks with their weights, ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from magnet_geo.errors import ModelError
from magnet_geo.model.catalog import find_model
from magnet_geo.model.checkpoint import read_checkpoint
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import ModelWeights, model_hash, read_manifest, read_weights
from magnet_geo.networks import Backbone, Refinement, create_backbone, create_refinement
from magnet_geo.networks.state import load_state, require_fit


@dataclass(frozen=True, slots=True, eq=False)
class ModelBundle:
    """A model in memory: CPU, float32, evaluation mode.

    Attributes:
        manifest: What the model says about itself.
        backbone: The segmentation network.
        refinements: One module per level from 1 on, the same one repeated where levels share weights;
            empty for a coarse-only model.
        sha256: Hash of the model file, or of the manifest and checkpoints it was put together from.
        path: The model file; None where there is none.
    """

    manifest: Manifest
    backbone: Backbone
    refinements: tuple[Refinement, ...]
    sha256: str
    path: Path | None = None

    def __post_init__(self) -> None:
        if len(self.refinements) != len(self.manifest.refined_levels):
            raise ModelError(
                f"{len(self.refinements)} refinement modules do not fit {len(self.manifest.refined_levels)} refined "
                f"levels of '{self.manifest.name}'."
            )


def load_bundle(name_or_path: str | Path) -> ModelBundle:
    """Load a model file.

    Args:
        name_or_path: Name of a bundled model, or a path.

    Raises:
        ModelError: There is none, it cannot be read, or its weights do not fit its networks.
    """
    path = find_model(name_or_path)
    manifest = read_manifest(path)
    if manifest.graph is not None:
        raise ModelError(
            f"The model '{manifest.name}' is a foreign ONNX graph: it maps scenes, but cannot be trained or tested in "
            "stages; choose a model of magnet-geo's own networks."
        )
    weights = ModelWeights.from_tensors(manifest, read_weights(path))
    backbone, refinements = build_networks(manifest, weights, source=path)
    return ModelBundle(manifest, backbone, refinements, model_hash(path), path)


def bundle_from_checkpoints(manifest: Manifest, backbone: Path, refinements: Sequence[Path]) -> ModelBundle:
    """Put a model together from checkpoints, without a model file.

    Args:
        manifest: Usually a preset; whether levels share weights follows from the number of checkpoints.
        backbone: Checkpoint of the backbone.
        refinements: One checkpoint for all levels from 1 on, or one per level; none for a coarse-only manifest.

    Raises:
        ModelError: Their number is wrong, one cannot be read, or one does not fit.
    """
    manifest, weights = read_checkpoints(manifest, backbone, refinements)
    digest = sha256(manifest.to_json().encode())
    for path in (backbone, *refinements):
        digest.update(bytes.fromhex(model_hash(path)))
    networks = build_networks(manifest, weights, source=manifest.name)
    return ModelBundle(manifest, *networks, sha256=digest.hexdigest())


def read_checkpoints(manifest: Manifest, backbone: Path, refinements: Sequence[Path]) -> tuple[Manifest, ModelWeights]:
    """Read checkpoints and make the manifest say how many refinements there are.

    Args:
        manifest: Usually a preset.
        backbone: Checkpoint of the backbone.
        refinements: As for `bundle_from_checkpoints`.

    Raises:
        ModelError: Their number is wrong, or one cannot be read.
    """
    manifest = _shared_or_per_level(manifest, len(refinements))
    return manifest, ModelWeights(read_checkpoint(backbone), tuple(read_checkpoint(path) for path in refinements))


def build_networks(
    manifest: Manifest, weights: ModelWeights, *, source: str | Path
) -> tuple[Backbone, tuple[Refinement, ...]]:
    """Build the networks of a manifest and give them their weights.

    Args:
        manifest: Which networks.
        weights: Their state dicts; every key and shape must fit.
        source: What an error message calls the model.

    Returns:
        The backbone and one refinement module per refined level, as in a `ModelBundle`.

    Raises:
        ModelError: A network is unknown or weights do not fit.
    """
    parts = manifest.architecture
    # Without memory first: a manifest may ask for networks that no machine holds, and whose weights it does not bring.
    with torch.device("meta"):
        planned = create_backbone(parts.backbone, num_classes=parts.num_classes, in_channels=parts.in_channels)
    require_fit(planned, weights.backbone, what=f"The backbone of {source}")
    backbone = create_backbone(parts.backbone, num_classes=parts.num_classes, in_channels=parts.in_channels)
    load_state(backbone, weights.backbone, what=f"The backbone of {source}")
    modules = [_refinement(manifest, state, what=f"A refinement of {source}") for state in weights.refinements]
    if not parts.refinement_per_level:
        modules *= len(manifest.refined_levels)
    return backbone.to(torch.float32).eval(), tuple(modules)


def _refinement(manifest: Manifest, state: Mapping[str, Tensor], *, what: str) -> Refinement:
    with torch.device("meta"):
        planned = create_refinement(manifest.architecture.num_classes, name=manifest.architecture.refinement or "")
    require_fit(planned, state, what=what)
    module = create_refinement(manifest.architecture.num_classes, name=manifest.architecture.refinement or "")
    load_state(module, state, what=what)
    return module.to(torch.float32).eval()


def _shared_or_per_level(manifest: Manifest, count: int) -> Manifest:
    levels = len(manifest.refined_levels)
    if count not in (min(levels, 1), levels):
        wanted = f"1 for all levels or {levels}, one per level," if levels > 1 else str(levels)
        raise ModelError(f"The model '{manifest.name}' needs {wanted} refinement checkpoints, but {count} were given.")
    per_level = count > 1
    if per_level == manifest.architecture.refinement_per_level:
        return manifest
    return manifest.changed(architecture=manifest.architecture.model_copy(update={"refinement_per_level": per_level}))
