"""The published configurations as manifests without weights, and the knobs that change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from magnet_geo.errors import ModelError, OptionError
from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size
from magnet_geo.model.manifest import RGB, Manifest
from magnet_geo.model.manifest_parts import (
    Architecture,
    FastSelection,
    PointSelection,
    Selection,
)
from magnet_geo.model.preset_classes import CITYSCAPES_CLASSES, DEEPGLOBE_CLASSES
from magnet_geo.normalization import Normalization, TrainedScaling

IMAGENET = Normalization(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
BYTE_SCALING = TrainedScaling(dtype="uint8", low=(0.0,) * 3, high=(255.0,) * 3)
ALL_PATCHES = -1
_LICENCE = "The terms of whoever trained the weights apply."

_CITYSCAPES = Manifest(
    name="cityscapes",
    title="MagNet for Cityscapes street scenes",
    version="published",
    description="The configuration published for Cityscapes: four levels, one refinement module per stage.",
    domain="Street scenes from a car's front camera; not meant for imagery from above.",
    architecture=Architecture(
        backbone="hrnet18+ocr", refinement="magnet", refinement_per_level=True, num_classes=19, in_channels=3
    ),
    classes=CITYSCAPES_CLASSES,
    bands=RGB,
    scaling=BYTE_SCALING,
    normalization=IMAGENET,
    gsd_m=None,
    pyramid=MagnificationPyramid(
        levels=(Size(128, 256), Size(256, 512), Size(512, 1024), Size(1024, 2048)),
        patch=Size(128, 256),
        network_input=Size(128, 256),
        manner=PyramidManner.PUBLISHED,
    ),
    halo_px=64,
    selection=Selection(
        full=PointSelection(n_points=32768, smooth_kernel=5, points_per="image"),
        fast=FastSelection(n_points=0.9, smooth_kernel=5, points_per="image", n_patches=4),
    ),
    licence=_LICENCE,
    data="Cityscapes, fine annotations; see its own terms.",
)
_DEEPGLOBE = Manifest(
    name="deepglobe",
    title="MagNet for DeepGlobe land cover",
    version="published",
    description="The configuration published for DeepGlobe: three levels, one refinement module for both stages.",
    domain="Satellite RGB at 0.5 m.",
    architecture=Architecture(backbone="fpn", refinement="magnet", num_classes=7, in_channels=3),
    classes=DEEPGLOBE_CLASSES,
    uncounted_values=(0,),
    bands=RGB,
    scaling=BYTE_SCALING,
    normalization=IMAGENET,
    gsd_m=0.5,
    pyramid=MagnificationPyramid(
        levels=(Size(612, 612), Size(1224, 1224), Size(2448, 2448)),
        patch=Size(612, 612),
        network_input=Size(508, 508),
        manner=PyramidManner.PUBLISHED,
    ),
    halo_px=204,
    selection=Selection(
        full=PointSelection(n_points=0.75, smooth_kernel=11, points_per="image"),
        fast=FastSelection(n_points=0.9, smooth_kernel=11, points_per="image", n_patches=3),
    ),
    licence=_LICENCE,
    data="DeepGlobe Land Cover Classification; see its own terms.",
)
_MODES: Mapping[str, tuple[Manifest, Literal["full", "fast"]]] = {
    "cityscapes": (_CITYSCAPES, "full"),
    "cityscapes-fast": (_CITYSCAPES, "fast"),
    "deepglobe": (_DEEPGLOBE, "full"),
    "deepglobe-fast": (_DEEPGLOBE, "fast"),
}


@dataclass(frozen=True, slots=True)
class PresetOverrides:
    """What of a preset is changed; None leaves it as published.

    Attributes:
        network: Name of another backbone.
        scales: Whole image at each level, coarse to fine.
        crop_size: Size of a patch; the halo follows.
        input_size: What a patch is resized to before the network.
        n_points: Share (at most 1) or count of points, in both modes.
        n_patches: Patches per level; a count makes ``fast`` the default mode, -1 (all) makes it ``full``.
        smooth_kernel: Side of the median filter over the error score, in both modes.
    """

    network: str | None = None
    scales: tuple[Size, ...] | None = None
    crop_size: Size | None = None
    input_size: Size | None = None
    n_points: float | None = None
    n_patches: int | None = None
    smooth_kernel: int | None = None

    def __post_init__(self) -> None:
        if self.n_patches is not None and self.n_patches < 1 and self.n_patches != ALL_PATCHES:
            raise OptionError(
                f"n_patches is a count of patches or {ALL_PATCHES} for all of them, not {self.n_patches}."
            )


def preset_names() -> tuple[str, ...]:
    """Names of the published configurations."""
    return tuple(_MODES)


def create_preset(name: str) -> Manifest:
    """Return the manifest of a published configuration; a ``-fast`` one differs in its default mode only.

    Args:
        name: One of `preset_names()`.

    Raises:
        ModelError: There is no such preset.
    """
    if name not in _MODES:
        raise ModelError(f"There is no preset named '{name}'; choose one of: {', '.join(preset_names())}.")
    manifest, mode = _MODES[name]
    if manifest.selection is None or manifest.selection.default == mode:
        return manifest
    return manifest.changed(selection=manifest.selection.model_copy(update={"default": mode}))


def apply_overrides(manifest: Manifest, overrides: PresetOverrides) -> Manifest:
    """Return a manifest with the overrides' values.

    Args:
        manifest: Usually a preset.
        overrides: What to change.

    Raises:
        ModelError: The new values contradict each other or the manifest.
    """
    return manifest.changed(
        architecture=manifest.architecture.model_dump() | _given(backbone=overrides.network),
        pyramid=_changed_pyramid(manifest, overrides),
        halo_px=_changed_halo_px(manifest, overrides),
        selection=_changed_selection(manifest, overrides),
    )


def parse_size_pair(text: str) -> Size:
    """Return the size behind a published ``width-height`` pair, such as ``612-612``.

    Raises:
        OptionError: It is no such pair.
    """
    width, separator, height = text.strip().partition("-")
    if not (separator and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise OptionError(f"'{text}' is no pair of width and height in pixels; write it like 612-612.")
    return Size(height=int(height), width=int(width))


def parse_scales(text: str) -> tuple[Size, ...]:
    """Return the level sizes behind a published list, such as ``612-612,1224-1224,2448-2448``.

    Raises:
        OptionError: A part is no ``width-height`` pair.
    """
    return tuple(parse_size_pair(pair) for pair in text.split(","))


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _changed_pyramid(manifest: Manifest, overrides: PresetOverrides) -> MagnificationPyramid:
    pyramid = manifest.pyramid
    try:
        return MagnificationPyramid(
            overrides.scales or pyramid.levels,
            overrides.crop_size or pyramid.patch,
            overrides.input_size or pyramid.network_input,
            pyramid.manner,
        )
    except ValueError as error:
        raise ModelError(f"The changed manifest of '{manifest.name}' is not valid: pyramid: {error}") from error


def _changed_halo_px(manifest: Manifest, overrides: PresetOverrides) -> int:
    """The halo in proportion to the patch, and at most a quarter of a changed window."""
    if overrides.scales is None and overrides.crop_size is None:
        return manifest.halo_px
    published, window = manifest.pyramid.patch, manifest.pyramid.window
    if overrides.scales is not None:
        window = overrides.scales[-1]
    patch = overrides.crop_size or published
    ratio = min(patch.height / published.height, patch.width / published.width)
    return min(round(manifest.halo_px * ratio), min(window.height, window.width) // 4)


def _changed_selection(manifest: Manifest, overrides: PresetOverrides) -> dict[str, object] | None:
    points = _given(n_points=overrides.n_points, smooth_kernel=overrides.smooth_kernel)
    if manifest.selection is None:
        if points or overrides.n_patches is not None:
            raise ModelError(f"'{manifest.name}' is a coarse-only model: it has no points or patches to choose.")
        return None
    full, fast = manifest.selection.full, manifest.selection.fast
    changes: dict[str, object] = {"full": full.model_dump() | points}
    if fast is not None:
        changes["fast"] = fast.model_dump() | points
    if overrides.n_patches == ALL_PATCHES:
        changes["default"] = "full"
    elif overrides.n_patches is not None:
        base = (fast or full).model_dump() | points
        changes |= {"default": "fast", "fast": base | {"n_patches": overrides.n_patches, "patch_thresholds": None}}
    return manifest.selection.model_dump() | changes
