"""Reads class tables: YAML, CSV, QGIS styles, rasters with a class or color table, and the published sets by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints, ValidationError, field_validator

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets.class_csv import read_class_csv
from magnet_geo.datasets.class_table import ClassTable, Rgb
from magnet_geo.datasets.pairs import RASTER_SUFFIXES
from magnet_geo.datasets.published_sets import PUBLISHED_TABLES
from magnet_geo.datasets.style_classes import StyledClass, read_style
from magnet_geo.errors import SceneError, TrainingError
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.text_formats import parse_yaml

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_YAML_SUFFIXES = {".yaml", ".yml", ".json"}
_CSV_SUFFIXES = {".csv", ".tsv"}
_DEFAULT_NODATA = 255
# Distinct also for most color-blind readers (the Okabe-Ito set, then variations).
_PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#555555",
    "#8c564b", "#7fc97f", "#beaed4", "#fdc086", "#386cb0", "#f0027f", "#bf5b17", "#1b9e77",
)  # fmt: skip

_Text = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
_Label = StrictInt | _Text


class _ClassLine(BaseModel):
    """One class as written by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Text
    value: StrictInt | None = None
    color: _Text | None = None
    labels: tuple[_Label, ...] | None = None
    counted: bool = True


class _ClassDocument(BaseModel):
    """A whole class file as written by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[_ClassLine, ...]
    ignore: tuple[_Label, ...] = ()
    nodata: StrictInt | None = None
    color_tolerance: Annotated[int, Field(ge=0, le=127)] = 0

    @field_validator("classes", mode="before")
    @classmethod
    def _from_short_forms(cls, classes: Any) -> Any:
        if isinstance(classes, dict):
            return [{"value": value, "name": name} for value, name in classes.items()]
        if isinstance(classes, list):
            return [line if isinstance(line, dict) else {"name": line} for line in classes]
        return classes


def read_class_table(name_or_path: str, ignored_values: tuple[int, ...] = ()) -> ClassTable:
    """Return the class table of a published set or a file.

    A YAML file looks like this; only the names are needed::

        classes:
          - name: water
            value: 1                 # in maps; default: 1, 2, 3, ... in this order
            color: "#1f78b4"         # in maps; default: from a fixed palette
            labels: [1, 7, "#0000ff", lake]   # what stands for the class in labels; default: value, color and name
            counted: false           # default true; false leaves the class out of mean scores
          - road                     # short for {name: road}; {1: water, 2: road} is understood too
        ignore: [0]                  # label values, colors or names without a class
        nodata: 255                  # value of maps where the scene is empty
        color_tolerance: 0           # how far label colors may be from those above, 0-127

    A CSV file has a line for each class, as `read_class_csv` tells. A ``.qml`` is a QGIS style: paletted values of a
    raster, or categories of a polygon layer. Any other file is opened as a raster whose category names (and color
    table) are taken; one with a color table alone gives a class for each value that occurs.

    Args:
        name_or_path: ``cityscapes``, ``cityscapes-trainids``, ``deepglobe``, or a path.
        ignored_values: Label values without a class, besides those the table ignores; a raster's color table or
            category names give no class for them.

    Raises:
        TrainingError: The file is missing, cannot be read, or describes no usable classes.
        SceneError: It is a raster that cannot be read.
    """
    if name_or_path in PUBLISHED_TABLES:
        return PUBLISHED_TABLES[name_or_path]().ignoring(ignored_values)
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(PUBLISHED_TABLES)
        raise TrainingError(f"The class table '{path}' does not exist; name a file, or one of {known}.")
    suffix = path.suffix.lower()
    try:
        if suffix in _YAML_SUFFIXES:
            return _from_document(_loaded(path)).ignoring(ignored_values)
        if suffix in _CSV_SUFFIXES:
            return _from_document(read_class_csv(path)).ignoring(ignored_values)
        if suffix == ".qml":
            return _from_style(read_style(path)).ignoring(ignored_values)
        return _from_raster(path, ignored_values)
    except SceneError:
        raise
    except ValueError as error:
        raise TrainingError(f"The class table '{path}' cannot be used: {_one_line(error)}.") from error


def _from_document(content: dict[str, Any]) -> ClassTable:
    document = _ClassDocument.model_validate(content)
    lines = document.classes
    taken = {line.value for line in lines} | {label for line in lines for label in line.labels or ()}
    free = (value for value in range(1, 256) if value not in taken)
    if sum(line.value is None for line in lines) > sum(value not in taken for value in range(1, 256)):
        raise ValueError(f"it has {len(lines)} classes, but a map holds the values 1-255; merge some of them")
    classes = tuple(
        LandClass(
            line.value if line.value is not None else next(free),
            line.name,
            (line.color or _PALETTE[number % len(_PALETTE)]).lower(),
        )
        for number, line in enumerate(lines)
    )
    ignored = _sorted_labels(document.ignore)
    wanted = document.nodata if document.nodata is not None else _free_nodata(classes)
    scheme = ClassScheme(classes, wanted)
    values: dict[int, int] = {}
    colors: dict[Rgb, int] = {}
    names: dict[str, int] = {}
    for index, (line, land_class) in enumerate(zip(lines, classes, strict=True)):
        own: tuple[_Label, ...] = (land_class.value, land_class.color, land_class.name)
        found = _sorted_labels(own if line.labels is None else (*line.labels, *_of_missing_kinds(line.labels, own)))
        _add(values, found[0], index, classes)
        _add(colors, found[1], index, classes)
        _add(names, found[2], index, classes)
    return ClassTable(
        scheme=scheme,
        values=values,
        colors=colors,
        names=names,
        ignored_values=frozenset({scheme.nodata, *ignored[0]} - set(values)) | frozenset(ignored[0]),
        ignored_colors=frozenset(ignored[1]),
        ignored_names=frozenset(ignored[2]),
        uncounted=frozenset(index for index, line in enumerate(lines) if not line.counted),
        color_tolerance=document.color_tolerance,
    )


def _loaded(path: Path) -> dict[str, Any]:
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError("it is no UTF-8 text; save it as UTF-8") from error
    if not isinstance(document, dict):
        raise ValueError("it must hold a list 'classes:' and, if need be, 'ignore:' and 'nodata:'")
    return document


def _of_missing_kinds(labels: tuple[_Label, ...], own: tuple[_Label, ...]) -> tuple[_Label, ...]:
    """A class's own value, color or name where its labels say nothing of that kind."""
    given = {_kind(label) for label in labels}
    return tuple(label for label in own if _kind(label) not in given)


def _kind(label: _Label) -> int:
    if isinstance(label, int):
        return 0
    return 1 if _HEX.fullmatch(label) else 2


def _sorted_labels(labels: tuple[_Label, ...]) -> tuple[list[int], list[Rgb], list[str]]:
    values = [label for label in labels if isinstance(label, int)]
    colors = [
        LandClass(0, "label", label.lower()).rgb for label in labels if isinstance(label, str) and _kind(label) == 1
    ]
    names = [label.strip().lower() for label in labels if isinstance(label, str) and _kind(label) == 2]
    return values, colors, names


def _add(known: dict[Any, int], labels: list[Any], index: int, classes: tuple[LandClass, ...]) -> None:
    for label in labels:
        if known.setdefault(label, index) != index:
            raise ValueError(
                f"the label {label} stands for both '{classes[known[label]].name}' and '{classes[index].name}'"
            )


def _from_style(styled: list[StyledClass]) -> ClassTable:
    numbered = [entry.value for entry in styled]
    by_value = all(isinstance(value, int) and 0 <= value <= 255 for value in numbered)
    classes = tuple(
        LandClass(value if by_value and isinstance(value, int) else position, entry.name, entry.color)
        for position, (entry, value) in enumerate(zip(styled, numbered, strict=True), 1)
    )
    scheme = ClassScheme(classes, _free_nodata(classes))
    names = {c.name.lower(): index for index, c in enumerate(classes)}
    names |= {value.lower(): index for index, value in enumerate(numbered) if isinstance(value, str)}
    return ClassTable(
        scheme=scheme,
        values={value: index for index, value in enumerate(numbered) if isinstance(value, int)},
        colors={c.rgb: index for index, c in enumerate(classes)},
        names=names,
        ignored_values=frozenset({scheme.nodata} - {v for v in numbered if isinstance(v, int)}),
    )


def _from_raster(path: Path, ignored_values: tuple[int, ...]) -> ClassTable:
    try:
        found = ClassMap(SceneSource(str(path)))
    except SceneError as error:
        if path.suffix.lower() in RASTER_SUFFIXES:
            raise
        raise ValueError(
            f"its ending '{path.suffix}' is none of a class table (.yaml, .json, .csv, .tsv, .qml), and as a raster it "
            "cannot be opened; save it as one of these"
        ) from error
    table = found.table or {value: found.land_class(value) for value in _occurring_values(found)}
    classes = tuple(land_class for value, land_class in sorted(table.items()) if value not in ignored_values)
    if len(classes) < 2:
        raise ValueError(
            f"it names {len(classes)} classes, and two are needed; give a raster with category names, a .qml or a YAML "
            "file"
        )
    nodata = found.description.nodata[0]
    empty = int(nodata) if nodata is not None and 0 <= nodata <= 255 else _free_nodata(classes)
    return ClassTable.of_scheme(ClassScheme(classes, empty), ignored_values)


def _occurring_values(found: ClassMap) -> list[int]:
    values: set[int] = set()
    with found:
        for block in found.blocks():
            read, valid = found.read(block)
            values |= set(read[valid].tolist())
    return sorted(values)


def _free_nodata(classes: tuple[LandClass, ...]) -> int:
    taken = {c.value for c in classes}
    return next((value for value in (_DEFAULT_NODATA, 0, *range(254, 0, -1)) if value not in taken), _DEFAULT_NODATA)


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return " ".join(str(error).split()).rstrip(".")
