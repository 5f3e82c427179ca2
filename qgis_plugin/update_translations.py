"""Brings the words of the plugin's sources into i18n/*.ts; what is translated stays. Run after changing a text."""

from __future__ import annotations

import ast
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

PACKAGE = Path(__file__).parent / "magnet_geo_qgis"
FOLDER = PACKAGE / "i18n"
LANGUAGES = {"de": "de_DE", "fr": "fr_FR"}
CONTEXT = "MagnetGeo"


def main() -> None:
    """Writes every language's file and says how much of it is translated."""
    for language in LANGUAGES:
        known = read_translations(language)
        text = ts_text(language, known)
        (FOLDER / f"magnet_geo_{language}.ts").write_text(text, encoding="utf-8")
        texts = source_texts()
        print(f"{language}: {sum(1 for t in texts if known.get(t))} of {len(texts)} texts")


def source_texts() -> list[str]:
    """Gives every literal inside tr(...), in the order of files and lines."""
    found: dict[str, None] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                if not isinstance(node.args[0], ast.Constant):
                    sys.exit(f"{path.name}:{node.lineno}: tr() wants a plain text, with {{names}} for format()")
                found[node.args[0].value] = None
    return list(found)


def read_translations(language: str) -> dict[str, str]:
    """Gives the translations that a language has."""
    path = FOLDER / f"magnet_geo_{language}.ts"
    if not path.exists():
        return {}
    messages = ET.parse(path).iter("message")
    return {m.findtext("source", ""): m.findtext("translation", "") for m in messages}


def ts_text(language: str, known: dict[str, str]) -> str:
    """Gives the content of a language's file."""
    root = ET.Element("TS", version="2.1", language=LANGUAGES[language], sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = CONTEXT
    for text in source_texts():
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = text
        translation = ET.SubElement(message, "translation")
        if known.get(text):
            translation.text = known[text]
        else:
            translation.set("type", "unfinished")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{ET.tostring(root, encoding="unicode")}\n'


if __name__ == "__main__":
    main()
