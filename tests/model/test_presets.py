from __future__ import annotations

import pytest

from magnet_geo.errors import ModelError, OptionError
from magnet_geo.grid import PyramidManner, Size
from magnet_geo.model import Manifest, PresetOverrides, apply_overrides, create_preset, preset_names
from magnet_geo.model.presets import parse_scales


def selected(manifest: Manifest, mode: str) -> tuple[float, int | None, int]:
    assert manifest.selection is not None
    if mode == "full":
        full = manifest.selection.full
        return full.n_points, None, full.smooth_kernel
    fast = manifest.selection.fast
    assert fast is not None
    return fast.n_points, fast.n_patches, fast.smooth_kernel


def test_the_four_published_configurations_are_there() -> None:
    assert preset_names() == ("cityscapes", "cityscapes-fast", "deepglobe", "deepglobe-fast")


def test_cityscapes_is_as_published() -> None:
    manifest = create_preset("cityscapes")
    pyramid = manifest.pyramid
    assert pyramid.levels == (Size(128, 256), Size(256, 512), Size(512, 1024), Size(1024, 2048))
    assert (pyramid.patch, pyramid.network_input) == (Size(128, 256), Size(128, 256))
    assert pyramid.manner is PyramidManner.PUBLISHED
    assert selected(manifest, "full") == (32768, None, 5)
    assert selected(manifest, "fast") == (0.9, 4, 5)
    assert manifest.architecture.backbone == "hrnet18+ocr"
    assert manifest.architecture.refinement_per_level
    assert list(manifest.class_scheme().values) == list(range(19))
    assert manifest.class_scheme().classes[11].rgb == (220, 20, 60)
    assert manifest.gsd_m is None


def test_deepglobe_is_as_published() -> None:
    manifest = create_preset("deepglobe")
    pyramid = manifest.pyramid
    assert pyramid.levels == (Size(612, 612), Size(1224, 1224), Size(2448, 2448))
    assert (pyramid.patch, pyramid.network_input) == (Size(612, 612), Size(508, 508))
    assert selected(manifest, "full") == (0.75, None, 11)
    assert selected(manifest, "fast") == (0.9, 3, 11)
    assert manifest.architecture.backbone == "fpn"
    assert not manifest.architecture.refinement_per_level
    assert manifest.counted_indices == (1, 2, 3, 4, 5, 6)
    assert manifest.class_scheme().classes[3].rgb == (255, 0, 255)
    assert manifest.gsd_m == 0.5


@pytest.mark.parametrize("name", ["cityscapes", "deepglobe"])
def test_a_fast_preset_differs_in_its_default_mode_only(name: str) -> None:
    full, fast = create_preset(name), create_preset(f"{name}-fast")
    assert full.selection is not None
    assert fast.selection is not None
    assert (full.selection.default, fast.selection.default) == ("full", "fast")
    assert fast.changed(selection=full.selection) == full


def test_an_unknown_preset_is_an_error_that_names_the_known() -> None:
    with pytest.raises(ModelError, match="'mars'; choose one of: cityscapes, cityscapes-fast"):
        create_preset("mars")


@pytest.mark.parametrize("name", preset_names())
def test_no_overrides_change_nothing(name: str) -> None:
    assert apply_overrides(create_preset(name), PresetOverrides()) == create_preset(name)


def test_every_knob_reaches_the_manifest() -> None:
    overrides = PresetOverrides(
        network="psp",
        scales=parse_scales("300-200,600-400"),
        crop_size=Size(height=200, width=300),
        input_size=Size(height=100, width=150),
        n_points=0.25,
        n_patches=2,
        smooth_kernel=3,
    )
    manifest = apply_overrides(create_preset("deepglobe").changed(halo_px=0), overrides)
    pyramid = manifest.pyramid
    assert manifest.architecture.backbone == "psp"
    assert pyramid.levels == (Size(height=200, width=300), Size(height=400, width=600))
    assert (pyramid.patch, pyramid.network_input) == (Size(200, 300), Size(100, 150))
    assert selected(manifest, "full") == (0.25, None, 3)
    assert selected(manifest, "fast") == (0.25, 2, 3)
    assert manifest.selection is not None
    assert manifest.selection.default == "fast"


def test_minus_one_patches_means_full_magnet() -> None:
    manifest = apply_overrides(create_preset("deepglobe-fast"), PresetOverrides(n_patches=-1))
    assert manifest == create_preset("deepglobe")


def test_a_patch_count_replaces_thresholds(manifest: Manifest) -> None:
    assert selected(apply_overrides(manifest, PresetOverrides(n_patches=2)), "fast") == (0.5, 2, 3)


def test_zero_patches_is_an_error() -> None:
    with pytest.raises(OptionError, match="-1 for all of them, not 0"):
        PresetOverrides(n_patches=0)


def test_overrides_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ModelError, match=r"pyramid: The patch .* is larger than the level"):
        apply_overrides(create_preset("deepglobe"), PresetOverrides(scales=parse_scales("512-512,1024-1024")))


def test_points_of_a_coarse_only_model_are_an_error(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match="coarse-only"):
        apply_overrides(manifest.without_refinement(), PresetOverrides(n_points=0.5))


@pytest.mark.parametrize("text", ["", "612", "612-", "a-b", "612-612,", "0-5", "612x612", "1-2-3", "-5-5"])
def test_scales_that_are_no_pairs_are_an_error(text: str) -> None:
    with pytest.raises(OptionError, match="no pair of width and height"):
        parse_scales(text)
