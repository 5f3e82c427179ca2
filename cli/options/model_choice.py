"""Which model a command runs: a bundled one, a model file, or a preset with checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from magnet_geo.model import Manifest, PresetOverrides, apply_overrides, create_preset, find_model, read_manifest

if TYPE_CHECKING:
    from magnet_geo.inference import Segmenter

DEFAULT_MODEL = "landcover"
_AS_PUBLISHED = PresetOverrides()


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model a user named.

    Attributes:
        name: Bundled name or model file; None for the default or a preset.
        preset: Published configuration, whose weights are in checkpoints.
        backbone: Checkpoint of its backbone.
        refinements: Checkpoints of its refinement modules; none for coarse only.
        overrides: What of the preset is changed.
    """

    name: str | None = None
    preset: str | None = None
    backbone: Path | None = None
    refinements: tuple[Path, ...] = ()
    overrides: PresetOverrides = _AS_PUBLISHED

    def __post_init__(self) -> None:
        if self.preset is not None and self.name is not None:
            raise click.UsageError("Give either --model or --preset, not both.")
        if self.preset is not None and self.backbone is None:
            raise click.UsageError("--preset needs the checkpoint of its backbone: --backbone FILE.")
        if self.preset is None and (self.backbone or self.refinements or self.overrides != _AS_PUBLISHED):
            raise click.UsageError("--backbone, --refinement and the preset's knobs need --preset.")

    def manifest(self) -> Manifest:
        """Return what the model says of itself, without loading its weights."""
        if self.preset is None:
            return read_manifest(find_model(self.name or DEFAULT_MODEL))
        manifest = apply_overrides(create_preset(self.preset), self.overrides)
        return manifest if self.refinements else manifest.without_refinement()

    def load(self, *, device: str, precision: Literal["auto", "fp32", "bf16", "fp16"]) -> Segmenter:
        """Return the model, ready to run."""
        from magnet_geo.inference import Segmenter, load_model
        from magnet_geo.model import bundle_from_checkpoints

        if self.preset is None or self.backbone is None:
            return load_model(self.name or DEFAULT_MODEL, device=device, precision=precision)
        bundle = bundle_from_checkpoints(self.manifest(), self.backbone, self.refinements)
        files = replace(
            self, backbone=self.backbone.absolute(), refinements=tuple(path.absolute() for path in self.refinements)
        )
        source = _Checkpoints(files, device, precision)
        return Segmenter.from_bundle(bundle, device=device, precision=precision, source=source)


@dataclass(frozen=True, slots=True)
class _Checkpoints:
    """A preset as other processes load it."""

    choice: ModelChoice
    device: str
    precision: Literal["auto", "fp32", "bf16", "fp16"]

    def load(self) -> Segmenter:
        return self.choice.load(device=self.device, precision=self.precision)
