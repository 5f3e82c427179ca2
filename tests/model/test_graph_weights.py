"""A foreign model says everything itself: weights of other files are taken in at import, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from magnet_geo.errors import ModelError
from magnet_geo.model.graph_file import load_graph_bundle, read_graph, write_graph_model
from magnet_geo.model.graph_import import import_graph
from magnet_geo.model.graph_weights import files_of_weights, read_whole_graph
from magnet_geo.networks.onnx_graph import OnnxGraph
from tests.tiny_graph import MANIFEST, write_graph

onnx = pytest.importorskip("onnx", reason="the onnx extra is not installed")
pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")
WEIGHTS = "weights.bin"


def split_graph(folder: Path, *, location: str = WEIGHTS) -> Path:
    """Writes the tiny graph with its weights in a file beside it."""
    whole = onnx.load(write_graph(folder / "whole.onnx", size=64))
    path = folder / "split.onnx"
    onnx.save_model(whole, path, save_as_external_data=True, location=WEIGHTS, size_threshold=0)
    if location != WEIGHTS:
        model = onnx.load(path, load_external_data=False)
        for tensor in model.graph.initializer:
            next(entry for entry in tensor.external_data if entry.key == "location").value = location
        path.write_bytes(model.SerializeToString())
    return path


def maps_of(content: bytes) -> np.ndarray:
    images = torch.arange(2 * 64 * 64, dtype=torch.float32).view(1, 2, 64, 64) / 1000
    return OnnxGraph(content, channels_last=False)(images).numpy()


def test_weights_beside_a_graph_are_taken_into_the_model_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split, elsewhere = split_graph(tmp_path), tmp_path / "elsewhere"
    (tmp_path / "model.yaml").write_text(MANIFEST)
    import_graph(split, tmp_path / "model.yaml", tmp_path / "model.safetensors")
    content = read_graph(tmp_path / "model.safetensors")
    assert files_of_weights(content) == ()
    np.testing.assert_array_equal(maps_of(content), maps_of((tmp_path / "whole.onnx").read_bytes()))
    # Other weights of that name where one stands: not looked at.
    elsewhere.mkdir()
    (elsewhere / WEIGHTS).write_bytes(np.zeros(1000, np.float32).tobytes())
    monkeypatch.chdir(elsewhere)
    found = load_graph_bundle(tmp_path / "model.safetensors")
    assert found is not None
    np.testing.assert_array_equal(maps_of(found.content), maps_of((tmp_path / "whole.onnx").read_bytes()))


def test_a_graph_that_holds_its_weights_is_read_as_it_is(tmp_path: Path) -> None:
    path = write_graph(tmp_path / "whole.onnx")
    assert read_whole_graph(path) == path.read_bytes()


def test_a_model_file_that_names_other_files_is_refused(tmp_path: Path) -> None:
    split = split_graph(tmp_path)
    (tmp_path / "model.yaml").write_text(MANIFEST)
    manifest = import_graph(split, tmp_path / "model.yaml", tmp_path / "model.safetensors")
    write_graph_model(tmp_path / "old.safetensors", manifest, split.read_bytes())
    with pytest.raises(ModelError, match=r"in 'old\.safetensors' has its weights in the file 'weights\.bin' and would"):
        load_graph_bundle(tmp_path / "old.safetensors")


def test_missing_weights_and_those_of_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(1000))
    for location in ("../outside.bin", str(tmp_path / "outside.bin"), "gone.bin"):
        path = split_graph(tmp_path / "inside", location=location)
        with pytest.raises(
            ModelError, match=r"has its weights in '.*', which cannot be read .*put the files beside it"
        ):
            read_whole_graph(path)
    (tmp_path / "inside" / "link.bin").symlink_to(tmp_path / "outside.bin")
    with pytest.raises(ModelError, match="cannot be read"):
        read_whole_graph(split_graph(tmp_path / "inside", location="link.bin"))


def test_weights_inside_a_branch_are_found(tmp_path: Path) -> None:
    split = onnx.load(split_graph(tmp_path), load_external_data=False)
    branch = onnx.helper.make_graph([], "branch", [], [], initializer=list(split.graph.initializer))
    node = onnx.helper.make_node("If", ["condition"], ["map"], then_branch=branch, else_branch=branch)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "outer", [], []))
    assert files_of_weights(model.SerializeToString()) == (WEIGHTS,)
