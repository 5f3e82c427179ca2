"""Foreign models: a graph goes in, is checked, maps as its network does, and comes out byte by byte."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from magnet_geo.errors import ModelError
from magnet_geo.grid import Size
from magnet_geo.model import read_manifest
from magnet_geo.model.graph_file import export_graph, read_graph
from magnet_geo.model.graph_import import import_graph
from magnet_geo.networks.onnx_graph import OnnxGraph
from tests.tiny_graph import MANIFEST, TinyNetwork, write_graph

pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")


def made(folder: Path, *, manifest: str = MANIFEST, **graph: object) -> Path:
    """Imports a tiny graph and gives the model file."""
    (folder / "model.yaml").write_text(manifest)
    write_graph(folder / "model.onnx", **graph)  # type: ignore[arg-type]
    import_graph(folder / "model.onnx", folder / "model.yaml", folder / "model.safetensors")
    return folder / "model.safetensors"


def test_a_graph_comes_out_as_it_went_in(tmp_path: Path) -> None:
    model = made(tmp_path)
    export_graph(model, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()


def test_the_manifest_is_completed_from_the_graph(tmp_path: Path) -> None:
    fixed = read_manifest(made(tmp_path, size=64))
    assert fixed.pyramid.levels == (Size(64, 64),)
    assert fixed.halo_px == 8
    assert (fixed.architecture.num_classes, fixed.architecture.in_channels) == (3, 2)
    # (value - mean) / std over values of 0-2: as shares of that range.
    assert fixed.normalization.mean == pytest.approx((0.1, 0.15))
    assert fixed.normalization.std == pytest.approx((0.05, 0.1))
    assert read_manifest(made(tmp_path)).pyramid.levels == (Size(128, 128),)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("batch", [None, 2])
def test_a_graph_gives_what_its_network_gives(channels_last: bool, batch: int | None, tmp_path: Path) -> None:
    write_graph(tmp_path / "model.onnx", channels_last=channels_last, batch=batch)
    graph = OnnxGraph((tmp_path / "model.onnx").read_bytes(), channels_last=channels_last)
    images = torch.randn(3, 2, 40, 56, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(graph(images), TinyNetwork()(images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("  - {name: c, color: '#0000ff'}\n", ""), r"gives \(1, 3, 128, 128\).* 2 classes need \(1, 2, 128, 128\)"),
        (("layout: nchw", "layout: nhwc"), r"takes .* bands, but|gives \(1, |fails on images"),
        (("output: logits", "output: probabilities"), "which are no probabilities; write output: logits"),
        (("licence: none\n", ""), "lacks licence; add them"),
        (("mean: [0.2, 0.3]", "mean: [0.2]"), "1 numbers for 2 bands"),
        (("bands: [red, nir]", "bands: 3"), "cannot be used"),
        (("output: logits", "output: maps"), r"graph\.output"),
    ],
)
def test_a_manifest_that_does_not_fit_is_told(change: tuple[str, str], sentence: str, tmp_path: Path) -> None:
    assert change[0] in MANIFEST
    with pytest.raises(ModelError, match=sentence):
        made(tmp_path, manifest=MANIFEST.replace(*change))
    assert not (tmp_path / "model.safetensors").exists()


def test_a_manifest_of_other_bands_is_told(tmp_path: Path) -> None:
    other = MANIFEST.replace("[red, nir]", "[red, green, nir]").replace("[0.2, 0.3]", "0.2").replace("[0.1, 0.2]", "1")
    with pytest.raises(
        ModelError, match=r"takes 2 bands in the layout nchw, but the manifest names 3 \(red, green, nir\)"
    ):
        made(tmp_path, manifest=other)


def test_probabilities_are_not_taken_for_logits(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="write output: probabilities"):
        made(tmp_path, softmax=True)
    made(tmp_path, softmax=True, manifest=MANIFEST.replace("output: logits", "output: probabilities"))


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(MANIFEST)
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="cannot load the ONNX graph"):
        import_graph(tmp_path / "model.onnx", tmp_path / "model.yaml", tmp_path / "model.safetensors")


def test_a_model_file_of_networks_holds_no_graph(model_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no ONNX graph"):
        read_graph(model_path)


def test_a_missing_onnxruntime_is_told_with_the_way_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_graph(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'magnet-geo\[onnx\]'"):
        OnnxGraph((tmp_path / "model.onnx").read_bytes(), channels_last=False)


def test_the_map_of_a_scene_is_the_network_s(tmp_path: Path) -> None:
    from magnet_geo.inference import load_model
    from magnet_geo.scene import segment_scene
    from tests.scene.stub_model import read, write_scene

    model = load_model(made(tmp_path, size=64), device="cpu")
    values = np.random.default_rng(2).integers(1, 20000, (2, 60, 50), dtype=np.uint16)
    scene = write_scene(tmp_path / "scene.tif", values)
    options = _options(sensor="sentinel2")
    segment_scene(scene, output=tmp_path / "map.tif", model=model, options=options)
    reflectance = torch.from_numpy(np.minimum(values * 1e-4, 2).astype(np.float32))
    normal = (reflectance - torch.tensor([0.2, 0.3])[:, None, None]) / torch.tensor([0.1, 0.2])[:, None, None]
    expected = _padded(normal, 64)
    assert np.mean(read(tmp_path / "map.tif") == expected[:60, :50]) > 0.999


def _options(**changes: object) -> object:
    from magnet_geo.scene import SegmentOptions

    return SegmentOptions(**changes)  # type: ignore[arg-type]


def _padded(image: Tensor, side: int) -> np.ndarray:
    padded = nn.functional.pad(image, (0, side - image.shape[2], 0, side - image.shape[1]))
    with torch.inference_mode():
        return TinyNetwork()(padded[None])[0].argmax(0).numpy()
