from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner, Result

from magnet_geo.cli.main import main
from magnet_geo.grid import Size
from magnet_geo.model import Manifest, catalog, model_hash, read_manifest
from magnet_geo.model.model_file import ModelWeights, write_model
from tests.cli.runs import assert_refused
from tests.model.conftest import light_state, refinement_state, small_values


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def manifest() -> Manifest:
    return Manifest.from_values(small_values())


@pytest.fixture
def model_path(tmp_path: Path, manifest: Manifest) -> Path:
    path = tmp_path / "small.safetensors"
    write_model(path, manifest, ModelWeights(light_state(0), (refinement_state(1),)).tensors(manifest))
    return path


@pytest.fixture
def checkpoints(tmp_path: Path, manifest: Manifest) -> list[object]:
    """Arguments of an import of the small model."""
    torch.save(light_state(0), tmp_path / "b.pth")
    torch.save(refinement_state(1), tmp_path / "r.pth")
    (tmp_path / "m.json").write_text(manifest.to_json(), encoding="utf-8")
    files = {"--manifest": "m.json", "--backbone": "b.pth", "--refinement": "r.pth"}
    return [part for option, name in files.items() for part in (option, tmp_path / name)]


def test_show_writes_the_card(model_path: Path) -> None:
    result = run("model", "show", model_path)
    assert result.exit_code == 0
    for text in ("A small model", "urban", "#00ffff", "0.5 m", "128 x 128 px, 3 levels", "light-fpn + light"):
        assert text in result.stdout


def test_show_leaves_brackets_in_texts_alone(tmp_path: Path, manifest: Manifest) -> None:
    path = tmp_path / "m.safetensors"
    table = {"title": "[red]IoU", "columns": ["[b]class"], "rows": [["[i]x"]], "note": "[link]"}
    changed = manifest.changed(title="[bold]A", card=[table])
    write_model(path, changed, {})
    result = run("model", "show", path)
    for text in ("[bold]A", "[red]IoU", "[b]class", "[i]x", "[link]"):
        assert text in result.stdout


def test_show_json_is_the_description(model_path: Path, manifest: Manifest) -> None:
    shown = json.loads(run("model", "show", model_path, "--json").stdout)
    assert set(shown) == {"path", "size_bytes", "sha256", "manifest"}
    assert Manifest.from_values(shown["manifest"]) == manifest


@pytest.mark.parametrize("form", ["shown", "json", "yaml"])
def test_a_manifest_that_was_shown_imports_the_same_model(
    model_path: Path, manifest: Manifest, tmp_path: Path, form: str
) -> None:
    changed = manifest.changed(temperature=1e-05, card=[{"title": "IoU", "columns": ["class"], "rows": [["urban"]]}])
    write_model(model_path, changed, ModelWeights(light_state(0), (refinement_state(1),)).tensors(changed))
    shown = run("model", "show", model_path, "--json").stdout
    fields = json.loads(shown)["manifest"]
    texts = {"shown": shown, "json": json.dumps(fields), "yaml": yaml.safe_dump(fields, allow_unicode=True)}
    (tmp_path / "m.txt").write_text(texts[form], encoding="utf-8")
    assert run("model", "export", model_path, tmp_path / "parts", "--format", "pth").exit_code == 0
    parts = ("--backbone", tmp_path / "parts_backbone.pth", "--refinement", tmp_path / "parts_refinement.pth")
    result = run("model", "import", tmp_path / "again.safetensors", "--manifest", tmp_path / "m.txt", *parts)
    assert result.exit_code == 0, result.output
    assert read_manifest(tmp_path / "again.safetensors") == changed
    assert model_hash(tmp_path / "again.safetensors") == model_hash(model_path)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("- a\n- b\n", "is no list of fields; write lines such as 'name: clouds'"),
        ("name: [", "cannot be read .*; give a YAML or JSON file"),
        ('{"path": "a", "size_bytes": 1, "sha256": "b", "manifest": 3}', "is no list of fields"),
        ('{"name": "tiny"}', "is not valid: "),
    ],
)
def test_a_manifest_that_is_none_is_one_sentence(
    tmp_path: Path, checkpoints: list[object], text: str, match: str
) -> None:
    (tmp_path / "m.json").write_text(text)
    assert_refused(run("model", "import", tmp_path / "new.safetensors", *checkpoints), match=f"The manifest .*{match}")


def test_list_shows_the_bundled_models(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "files", lambda _: model_path.parent)
    assert "A small model" in run("model", "list").stdout
    assert [entry["manifest"]["name"] for entry in json.loads(run("model", "list", "--json").stdout)] == ["small"]


def test_list_without_bundled_models_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "files", lambda _: tmp_path)
    result = run("model", "list")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "bundles no model" in result.stderr
    assert json.loads(run("model", "list", "--json").stdout) == []


def test_import_writes_a_model_file(tmp_path: Path, checkpoints: list[object]) -> None:
    output = tmp_path / "out.safetensors"
    result = run("model", "import", output, *checkpoints, "--name", "mine", "--n-patches", 2, "--n-points", 0.25)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    written = read_manifest(output)
    assert written.name == "mine"
    assert written.selection is not None
    assert written.selection.fast is not None
    assert (written.selection.default, written.selection.fast.n_patches) == ("fast", 2)
    assert written.selection.full.n_points == 0.25


def test_import_takes_published_sizes_as_width_and_height(tmp_path: Path, checkpoints: list[object]) -> None:
    output = tmp_path / "out.safetensors"
    sizes = ("--scales", "64-32,128-64", "--crop-size", 64, 32, "--input-size", 64, 32)
    result = run("model", "import", output, *checkpoints, *sizes, "--n-patches", 1)
    assert result.exit_code == 0, result.output
    assert read_manifest(output).pyramid.levels == (Size(32, 64), Size(64, 128))


def test_import_can_leave_the_refinement_out(tmp_path: Path, checkpoints: list[object]) -> None:
    output = tmp_path / "out.safetensors"
    assert run("model", "import", output, *checkpoints[:4], "--coarse-only").exit_code == 0
    assert read_manifest(output).architecture.refinement is None


def test_existing_files_are_kept_unless_asked_otherwise(tmp_path: Path, checkpoints: list[object]) -> None:
    output = tmp_path / "out.safetensors"
    output.write_text("mine")
    result = run("model", "import", output, *checkpoints)
    assert result.exit_code == 1
    assert "exists; choose another name or add --overwrite" in result.stderr
    assert output.read_text() == "mine"
    assert run("model", "import", output, *checkpoints, "--overwrite").exit_code == 0


def test_export_writes_checkpoints(tmp_path: Path, model_path: Path) -> None:
    arguments = ("model", "export", model_path, tmp_path / "out", "--format", "pth")
    assert run(*arguments).exit_code == 0
    assert (tmp_path / "out_backbone.pth").exists()
    assert (tmp_path / "out_refinement.pth").exists()
    assert run(*arguments).exit_code == 1
    assert run(*arguments, "--overwrite").exit_code == 0


def test_export_copies_the_model_file(tmp_path: Path, model_path: Path) -> None:
    assert run("model", "export", model_path, tmp_path / "copy.safetensors").exit_code == 0
    assert (tmp_path / "copy.safetensors").read_bytes() == model_path.read_bytes()


def test_wrong_usage_exits_2(tmp_path: Path, checkpoints: list[object]) -> None:
    output = tmp_path / "out.safetensors"
    for extra in (["--preset", "deepglobe"], ["--scales", "12"], ["--n-points", "0"]):
        assert run("model", "import", output, *checkpoints, *extra).exit_code == 2
    assert run("model", "import", output, *checkpoints[2:]).exit_code == 2


def test_a_model_that_cannot_be_read_exits_1_with_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"nothing")
    result = run("model", "show", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"Error: {path} is not a model file (safetensors with a manifest); check the path.\n"
