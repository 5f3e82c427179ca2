"""The docs are made from the code and must be up to date."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def _schemas():
    spec = importlib.util.spec_from_file_location("make_schemas", DOCS / "make_schemas.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.schemas()


@pytest.mark.parametrize(("name", "text"), _schemas().items(), ids=lambda value: value if len(value) < 60 else "")
def test_the_schemas_in_the_docs_are_the_code_s(name, text):
    assert (DOCS / "schemas" / name).read_text() == text, "run: python docs/make_schemas.py"
