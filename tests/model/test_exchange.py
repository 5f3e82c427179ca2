from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from magnet_geo.errors import ModelError, OutputError
from magnet_geo.model import Manifest, create_preset, export_model, import_model, load_bundle
from tests.reference_weights import reference_state


def wrapped(path: Path, state: Mapping[str, Tensor]) -> Path:
    torch.save({"state_dict": {f"module.model.{key}": tensor for key, tensor in state.items()}}, path)
    return path


def assert_same(path: Path, state: Mapping[str, Tensor]) -> None:
    found = torch.load(path, weights_only=True)
    assert found.keys() == state.keys()
    for key, tensor in state.items():
        assert found[key].dtype == tensor.dtype
        assert torch.equal(found[key], tensor)


def variant(state: Mapping[str, Tensor], shift: float) -> dict[str, Tensor]:
    return {key: tensor + shift if tensor.is_floating_point() else tensor for key, tensor in state.items()}


def test_published_deepglobe_weights_go_in_and_come_back(tmp_path: Path) -> None:
    backbone, refinement = reference_state("fpn/7"), reference_state("refinement/7")
    model = tmp_path / "deepglobe.safetensors"
    paths = wrapped(tmp_path / "b.pth", backbone), wrapped(tmp_path / "r.pth", refinement)
    written = import_model(paths[0], [paths[1]], create_preset("deepglobe"), model)
    assert written == create_preset("deepglobe")
    bundle = load_bundle(model)
    assert len(bundle.refinements) == 2
    files = export_model(model, tmp_path / "out.pth", format="pth")
    assert [file.name for file in files] == ["out_backbone.pth", "out_refinement.pth"]
    assert_same(files[0], backbone)
    assert_same(files[1], refinement)


def test_published_cityscapes_weights_go_in_and_come_back(tmp_path: Path) -> None:
    backbone = reference_state("hrnet18+ocr/19")
    refinements = [variant(reference_state("refinement/19"), shift) for shift in (0.0, 0.25, 0.5)]
    paths = [wrapped(tmp_path / f"r{level}.pth", state) for level, state in enumerate(refinements)]
    model = tmp_path / "cityscapes.safetensors"
    import_model(wrapped(tmp_path / "b.pth", backbone), paths, create_preset("cityscapes"), model)
    assert len(load_bundle(model).refinements) == 3
    files = export_model(model, tmp_path / "out", format="pth")
    assert [file.name for file in files[1:]] == [f"out_refinement_{level}.pth" for level in (1, 2, 3)]
    for file, state in zip(files, [backbone, *refinements], strict=True):
        assert_same(file, state)


def test_weights_that_do_not_fit_write_nothing(tmp_path: Path) -> None:
    refinement = wrapped(tmp_path / "r.pth", reference_state("refinement/7"))
    with pytest.raises(ModelError, match="the weights do not fit"):
        import_model(refinement, [refinement], create_preset("deepglobe"), tmp_path / "m.safetensors")
    assert not (tmp_path / "m.safetensors").exists()


def test_the_safetensors_export_is_the_model_file(model_path: Path) -> None:
    (copy,) = export_model(model_path, model_path.with_name("copy.safetensors"))
    assert copy.read_bytes() == model_path.read_bytes()


def test_a_coarse_only_model_exports_its_backbone_alone(tmp_path: Path, model_path: Path, manifest: Manifest) -> None:
    backbone, _ = export_model(model_path, tmp_path / "a", format="pth")
    coarse = tmp_path / "coarse.safetensors"
    import_model(backbone, [], manifest.without_refinement(), coarse)
    assert [file.name for file in export_model(coarse, tmp_path / "c", format="pth")] == ["c_backbone.pth"]


@pytest.mark.parametrize("file_format", ["safetensors", "pth"])
def test_exporting_into_a_missing_folder_is_an_error(tmp_path: Path, model_path: Path, file_format: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        export_model(model_path, tmp_path / "missing" / "out", format=file_format)  # type: ignore[arg-type]


def test_only_model_files_are_exported(tmp_path: Path) -> None:
    path = wrapped(tmp_path / "c.pth", {"a": torch.zeros(1)})
    with pytest.raises(ModelError, match="not a model file"):
        export_model(path, tmp_path / "out.safetensors")
