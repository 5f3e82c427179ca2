"""The docs are made from the code and must be up to date."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def _made_by(script):
    spec = importlib.util.spec_from_file_location(script, DOCS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "text"), _made_by("make_schemas").schemas().items(), ids=lambda value: value if len(value) < 60 else ""
)
def test_the_schemas_in_the_docs_are_the_code_s(name, text):
    assert (DOCS / "schemas" / name).read_text() == text, "run: python docs/make_schemas.py"


@pytest.mark.parametrize(
    ("name", "text"), _made_by("make_model_cards").cards().items(), ids=lambda value: value if len(value) < 60 else ""
)
def test_the_cards_in_the_docs_are_the_models_own(name, text):
    assert (DOCS / "models" / name).read_text() == text, "run: python docs/make_model_cards.py"


def test_the_reference_of_the_commands_is_what_help_says():
    text = _made_by("make_cli_reference").reference()
    assert (DOCS / "reference" / "commands.md").read_text() == text, "run: python docs/make_cli_reference.py"


def test_the_reference_of_python_is_what_the_docstrings_say():
    text = _made_by("make_python_reference").reference()
    assert (DOCS / "reference" / "python.md").read_text() == text, "run: python docs/make_python_reference.py"


def test_the_examples_of_python_run_as_they_stand(tmp_path):
    village = DOCS.parent / "examples" / "village"
    for name, source in {"scene.tif": "village_rgb_2m.tif", "labels.gpkg": "labels.gpkg"}.items():
        shutil.copy(village / source, tmp_path / name)
    program = tmp_path / "examples.py"
    program.write_text(_made_by("make_python_reference").examples())
    done = subprocess.run([sys.executable, program.name], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"map.tif", "map.gpkg", "map.json", "points.gpkg", "report.html"} <= set(os.listdir(tmp_path))


PAGES = sorted([*DOCS.rglob("*.md"), DOCS.parent / "README.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [t for t in targets if not re.match("[a-z]+:", t) and not (page.parent / t).exists()]
    assert missing == []


def test_the_index_lists_every_tutorial():
    index = (DOCS / "README.md").read_text()
    assert [p.name for p in (DOCS / "tutorials").glob("*.md") if f"(tutorials/{p.name})" not in index] == []
