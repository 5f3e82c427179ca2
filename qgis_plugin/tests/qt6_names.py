"""Prints every name of Qt that the plugin uses and PyQt6 lacks: a program of its own, since Qt 5 and 6 do not mix."""

import ast
import importlib
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "magnet_geo_qgis"


def qt_imports(tree):
    """Gives local names and where in Qt they come from."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt."):
            found.update({alias.asname or alias.name: (node.module[10:], alias.name) for alias in node.names})
    return found


def chains(tree):
    """Gives attribute chains such as Qt.Orientation.Horizontal."""
    for node in ast.walk(tree):
        names, inner = [], node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        if names and isinstance(inner, ast.Name):
            yield inner.id, list(reversed(names)), node.lineno


def lacking(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = qt_imports(tree)
    objects = {}
    for local, (module, name) in imported.items():
        found = getattr(importlib.import_module(f"PyQt6.{module}"), name, None)
        if found is None and path.name != "qt_names.py":
            yield f"{path.name}: {module}.{name}"
        objects[local] = found
    for local, names, line in chains(tree):
        found = objects.get(local)
        for name in names if found is not None else ():
            if not hasattr(found, name):
                yield f"{path.name}:{line}: {local}.{'.'.join(names)}"
                break
            found = getattr(found, name)


PROBLEMS = [text for path in sorted(PACKAGE.rglob("*.py")) for text in lacking(path)]
print("\n".join(PROBLEMS))
sys.exit(bool(PROBLEMS))
