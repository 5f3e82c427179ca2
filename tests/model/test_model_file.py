from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from magnet_geo.errors import ModelError, OutputError
from magnet_geo.model import Manifest, describe_model, model_hash, read_manifest, short_hash
from magnet_geo.model.model_file import METADATA_KEY, ModelWeights, read_weights, write_model
from tests.model.conftest import refinement_state


def write_foreign(path: Path, metadata: dict[str, str] | None) -> Path:
    save_file({"backbone.weight": torch.zeros(2)}, path, metadata=metadata)
    return path


def test_manifest_and_weights_come_back_equal(model_path: Path, manifest: Manifest, weights: ModelWeights) -> None:
    read = ModelWeights.from_tensors(manifest, read_weights(model_path))
    assert read_manifest(model_path) == manifest
    assert read.backbone.keys() == weights.backbone.keys()
    assert all(torch.equal(read.backbone[key], tensor) for key, tensor in weights.backbone.items())
    assert all(torch.equal(read.refinements[0][key], tensor) for key, tensor in weights.refinements[0].items())


def test_tensors_are_named_by_network_and_level(manifest: Manifest, weights: ModelWeights) -> None:
    shared = weights.tensors(manifest)
    assert {name.split(".")[0] for name in shared} == {"backbone", "refinement"}
    per_level = manifest.changed(architecture=manifest.architecture.model_dump() | {"refinement_per_level": True})
    two = ModelWeights(weights.backbone, (refinement_state(1), refinement_state(2)))
    names = two.tensors(per_level)
    assert {".".join(name.split(".")[:2]) for name in names if name.startswith("r")} == {"refinement.1", "refinement.2"}
    sorted_back = ModelWeights.from_tensors(per_level, names)
    assert torch.equal(sorted_back.refinements[1]["leave.bias"], two.refinements[1]["leave.bias"])


def test_a_wrong_number_of_refinements_is_an_error(manifest: Manifest, weights: ModelWeights) -> None:
    with pytest.raises(ModelError, match="needs 1 sets of refinement weights, not 0"):
        ModelWeights(weights.backbone, ()).tensors(manifest)


def test_tensors_of_no_network_are_an_error(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match=r"'head\.weight' belongs to no network"):
        ModelWeights.from_tensors(manifest, {"head.weight": torch.zeros(1)})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_float_type_is_read_as_float32(tmp_path: Path, manifest: Manifest, dtype: torch.dtype) -> None:
    tensors = {"backbone.a": torch.tensor([0.5, -2.0], dtype=dtype), "backbone.n": torch.tensor(7)}
    write_model(tmp_path / "m.safetensors", manifest, tensors)
    read = read_weights(tmp_path / "m.safetensors")
    assert read["backbone.a"].dtype == torch.float32
    assert read["backbone.a"].tolist() == [0.5, -2.0]
    assert read["backbone.n"].dtype == torch.int64


def test_tensors_that_share_memory_are_written_apart(tmp_path: Path, manifest: Manifest) -> None:
    whole = torch.arange(6.0).reshape(2, 3)
    write_model(tmp_path / "m.safetensors", manifest, {"backbone.a": whole, "backbone.b": whole.T})
    assert torch.equal(read_weights(tmp_path / "m.safetensors")["backbone.b"], whole.T)


def test_the_same_model_gives_the_same_bytes(model_path: Path, manifest: Manifest, weights: ModelWeights) -> None:
    again = model_path.with_name("again.safetensors")
    write_model(again, manifest, weights.tensors(manifest))
    assert again.read_bytes() == model_path.read_bytes()


def test_writing_leaves_nothing_but_the_file(model_path: Path) -> None:
    assert list(model_path.parent.iterdir()) == [model_path]


def test_who_may_read_the_file_is_for_the_user_to_say(model_path: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    assert model_path.stat().st_mode == plain.stat().st_mode


def test_a_failed_write_keeps_the_old_file(
    model_path: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = model_path.read_bytes()
    monkeypatch.setattr("safetensors.torch.save_file", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_model(model_path, manifest, {})
    assert model_path.read_bytes() == before
    assert list(model_path.parent.iterdir()) == [model_path]


def test_writing_into_a_missing_folder_is_an_error(tmp_path: Path, manifest: Manifest) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_model(tmp_path / "missing" / "m.safetensors", manifest, {"backbone.a": torch.zeros(1)})


def test_the_hash_is_the_files_sha256(model_path: Path) -> None:
    expected = hashlib.sha256(model_path.read_bytes()).hexdigest()
    assert model_hash(model_path) == expected
    assert short_hash(expected) == expected[:12]
    assert describe_model(model_path).sha256 == expected


@pytest.mark.parametrize("kept", [1, 8, 100, 5000, -1])
def test_a_truncated_file_is_an_error(model_path: Path, kept: int) -> None:
    model_path.write_bytes(model_path.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"damaged or incomplete|not a model file"):
        read_manifest(model_path)
    with pytest.raises(ModelError):
        read_weights(model_path)


def test_a_checkpoint_in_disguise_is_sent_to_import(tmp_path: Path) -> None:
    zipped, pickled = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    torch.save({"a": torch.zeros(1)}, zipped)
    pickled.write_bytes(pickle.dumps({"a": 1}))
    for path in (zipped, pickled):
        with pytest.raises(ModelError, match="PyTorch checkpoint, not a model file; run 'magnet-geo model import'"):
            read_manifest(path)


def test_any_zip_is_taken_for_a_checkpoint_and_never_opened(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "hello")
    (tmp_path / "m.safetensors").write_bytes(buffer.getvalue())
    with pytest.raises(ModelError, match="model import"):
        read_manifest(tmp_path / "m.safetensors")


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html></html>", b"\xff" * 64, b"version https://git-lfs"])
def test_other_files_are_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a model file"):
        read_manifest(path)


def test_a_header_that_claims_too_much_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(ModelError, match="damaged"):
        read_manifest(path)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(ModelError, match="There is no file"):
            read_manifest(path)
        with pytest.raises(ModelError, match="There is no file"):
            model_hash(path)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_foreign_safetensors_are_an_error(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    with pytest.raises(ModelError, match="without a magnet-geo manifest"):
        read_manifest(write_foreign(tmp_path / "m.safetensors", metadata))


def test_a_newer_model_file_asks_for_an_update(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "m.safetensors", {METADATA_KEY: json.dumps({"format_version": 99})})
    with pytest.raises(ModelError, match=r"m\.safetensors is a manifest of a newer version \(99.*update magnet-geo"):
        read_manifest(path)


def test_an_invalid_field_is_named_with_the_file(tmp_path: Path, manifest: Manifest) -> None:
    text = json.dumps(json.loads(manifest.to_json()) | {"gsd_m": -1})
    path = write_foreign(tmp_path / "m.safetensors", {METADATA_KEY: text})
    with pytest.raises(ModelError, match=r"The manifest of .*m\.safetensors is not valid: gsd_m: "):
        read_manifest(path)


def test_reading_a_manifest_loads_no_torch(model_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import magnet_geo.model as m; m.list_models();"
        "m.create_preset('deepglobe'); m.describe_model(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, str(model_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
