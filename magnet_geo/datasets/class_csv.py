"""Reads a class table from CSV: a line for each class, with its name, and its value and color where they are known."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_DELIMITERS = ",;\t"
_VALUE = ("value", "id", "code", "class_id", "class")
_NAME = ("name", "class_name", "label", "category", "class")
_COLOR = ("color", "colour", "hex", "rgb")
_RGB = (("r", "red"), ("g", "green"), ("b", "blue"))
_FORMS = "write a first line such as value,name,color or name,r,g,b"
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
# Spreadsheets take cells that begin so for formulas; an apostrophe before keeps them text.
_GUARDED = re.compile(r"'[=+\-@\t\r]")
_LONGEST_LINE = 65_536
_MOST_CLASSES = 255


def read_class_csv(path: Path) -> dict[str, Any]:
    """Read the classes of a CSV file with commas, semicolons or tabs.

    The first line names the columns, in any order and case; other columns are left alone:

    - ``name`` (or ``class_name``, ``label``, ``category``, ``class``),
    - ``value`` (or ``id``, ``code``, ``class_id``, or ``class`` beside a name), if need be,
    - ``color`` (or ``colour``, ``hex``, ``rgb``) such as ``#1f78b4`` or ``31 120 180``, or ``r``, ``g`` and ``b`` (or
      ``red``, ``green``, ``blue``) of 0-255, if need be.

    Without such a line, the columns are told by what they hold: one of names, and one of values, one of colors like
    ``#1f78b4``, or three of 0-255.

    Returns:
        ``classes`` as a class file in YAML has them.

    Raises:
        ValueError: It is no such table; the text says what is wrong, as a clause.
    """
    lines = _read(path)
    if not lines:
        raise ValueError(f"it is empty; {_FORMS}")
    columns = _named_columns(lines[0][1])
    body = lines[1:] if columns else lines
    columns = columns or _guessed_columns([cells for _, cells in lines])
    return {"classes": [_class(number, cells, columns) for number, cells in body]}


def _read(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that are not blank, with their numbers."""
    lines: list[tuple[int, list[str]]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(_LONGEST_LINE)
            file.seek(0)
            rows = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count), skipinitialspace=True, strict=True)
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    lines.append((rows.line_num, [_text(cell) for cell in cells]))
                if len(lines) > _MOST_CLASSES + 1:
                    raise ValueError(f"it has more than {_MOST_CLASSES} classes, which is the most a map can hold")
    except UnicodeDecodeError as error:
        raise ValueError("it is no UTF-8 text; save it as UTF-8") from error
    except csv.Error as error:
        raise ValueError(f"it is no CSV file that can be read ({error}, near line {rows.line_num})") from error
    return lines


def _text(cell: str) -> str:
    text = cell.strip()
    return text[1:] if _GUARDED.match(text) else text


def _named_columns(cells: Sequence[str]) -> dict[str, int]:
    """Places of the columns that a first line names; empty where it names none."""
    if any(cell.isdecimal() for cell in cells):
        return {}
    places = {cell.lower().replace(" ", "_"): place for place, cell in reversed(list(enumerate(cells)))}
    columns: dict[str, int] = {}
    for key, names in {"name": _NAME, "value": _VALUE, "color": _COLOR, **dict(zip("rgb", _RGB, strict=True))}.items():
        found = [places[name] for name in names if name in places and places[name] not in columns.values()]
        if found:
            columns[key] = found[0]
    if not columns:
        return {}
    if "name" not in columns:
        raise ValueError(f"its first line names no column 'name', but {', '.join(cells)}; {_FORMS}")
    return columns


def _guessed_columns(lines: Sequence[Sequence[str]]) -> dict[str, int]:
    width = min(map(len, lines))
    contents = [[cells[place] for cells in lines] for place in range(width)]
    numbers = [place for place in range(width) if all(text.isdecimal() for text in contents[place])]
    colors = [place for place in range(width) if all(text.startswith("#") for text in contents[place])]
    names = [place for place in range(width) if place not in {*numbers, *colors}]
    if len(names) != 1 or len(numbers) not in (0, 1, 3, 4) or len(colors) > 1 or not (numbers or colors):
        raise ValueError(f"its first line names no columns, and what they hold does not tell; {_FORMS}")
    columns = {"name": names[0], **dict(zip(["color"], colors, strict=False))}
    channels = numbers[-3:] if len(numbers) > 1 else []
    values = numbers[: len(numbers) - len(channels)]
    return columns | dict(zip(["value"], values, strict=False)) | dict(zip("rgb", channels, strict=False))


def _class(number: int, cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, Any]:
    given = {key: cells[place] for key, place in columns.items() if place < len(cells) and cells[place]}
    if "name" not in given:
        raise ValueError(f"line {number} has no name of a class")
    found: dict[str, Any] = {"name": given["name"]}
    if "value" in given:
        found["value"] = _whole_number(given["value"], number)
    if "color" in given:
        found["color"] = _color(given["color"], number)
    elif channels := [given[key] for key in "rgb" if key in given]:
        found["color"] = _color(" ".join(channels), number)
    return found


def _whole_number(text: str, number: int) -> int:
    whole = text.removesuffix(".0")
    if not whole.isdecimal() or len(whole) > 5:
        raise ValueError(f"line {number} has the value '{text}', which is no whole number of 0-255")
    return int(whole)


def _color(text: str, number: int) -> str:
    if found := _HEX.fullmatch(text):
        return f"#{found[1]}".lower()
    channels = re.split(r"[ ,]+", text)
    if len(channels) != 3 or not all(part.isdecimal() and len(part) <= 3 and int(part) <= 255 for part in channels):
        raise ValueError(f"line {number} has the color '{text}', which is neither like #1f78b4 nor three of 0-255")
    return "#{:02x}{:02x}{:02x}".format(*map(int, channels))
