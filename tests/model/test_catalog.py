from __future__ import annotations

from pathlib import Path

import pytest

from magnet_geo.errors import ModelError
from magnet_geo.model import catalog, find_model, list_models, load_bundle


def test_every_bundled_model_loads_under_its_own_name() -> None:
    for name, path in list_models().items():
        bundle = load_bundle(name)
        assert (bundle.manifest.name, bundle.path) == (name, path)


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("b.safetensors", "a.safetensors", "notes.txt"):
        (folder / name).touch()
    monkeypatch.setattr(catalog, "files", lambda _: folder)
    return folder


def test_bundled_models_are_listed_by_name(bundled: Path) -> None:
    assert list_models() == {"a": bundled / "a.safetensors", "b": bundled / "b.safetensors"}


def test_a_bundled_name_comes_before_a_file(bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").touch()
    assert find_model("a") == bundled / "a.safetensors"
    assert find_model("./a") == Path("a")


def test_an_unknown_model_is_an_error_that_lists_the_bundled(bundled: Path) -> None:
    with pytest.raises(ModelError, match=r"'c' is neither .* one of the bundled models \(a, b\)"):
        find_model("c")
    with pytest.raises(ModelError, match="is a folder"):
        find_model(bundled)
