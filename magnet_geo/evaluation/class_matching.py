"""Which label of the truth stands for which class of a map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import ClassTable, read_class_table
from magnet_geo.datasets.label_layer import is_vector
from magnet_geo.errors import EvaluationError, OptionError, SceneError
from magnet_geo.evaluation.class_names import find_class
from magnet_geo.evaluation.map_census import take_census
from magnet_geo.plain_text import short_name
from magnet_geo.raster import ClassMap, SceneSource

MatchName = Literal["auto", "value", "name"]


@dataclass(frozen=True, slots=True)
class ClassMatching:
    """How labels and classes are brought together.

    Attributes:
        match: Labels of a raster stand for the class of the same ``value``, or of the same ``name`` as their file
            calls them; ``auto``: by name where the map has all the names of the truth, else by value.
        classes: Class table in place of the map's own: a file or a published set.
        pairs: Labels (values or names) and the class (name or value) each stands for.
        ignored: Labels (values or names) of ground that is not compared.
        uncounted: Classes (names or values) left out of the means.
    """

    match: MatchName = "auto"
    classes: str | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedClasses:
    """The classes of a comparison.

    Attributes:
        table: Of the truth's labels; its class indexes are those of the comparison.
        note: How labels were matched, for people.
        warning: What looks wrong about it, or None.
    """

    table: ClassTable
    note: str
    warning: str | None = None


def match_classes(class_map: ClassMap, truth: str, matching: ClassMatching) -> MatchedClasses:
    """Decide what the labels of the truth mean.

    Args:
        class_map: The map, open for reading.
        truth: Label raster or polygons.
        matching: What the user says.

    Raises:
        EvaluationError: The map holds fewer than two classes.
        OptionError: A class is unknown, or labels cannot be matched by name.
        TrainingError: The class table cannot be read.
    """
    if matching.classes is not None:
        found = MatchedClasses(read_class_table(matching.classes), "by the class table")
    elif is_vector(truth):
        found = MatchedClasses(_table_of_map(class_map), "by name or value")
    else:
        found = _matched(_table_of_map(class_map), truth, matching)
    table = found.table
    for label, text in matching.pairs:
        table = _with_label(table, label, find_class(text, table.scheme.classes))
    for label in matching.ignored:
        table = _ignoring(table, label)
    classes = table.scheme.classes
    uncounted = {classes.index(find_class(text, classes)) for text in matching.uncounted}
    return replace(found, table=replace(table, uncounted=table.uncounted | uncounted))


def _table_of_map(class_map: ClassMap) -> ClassTable:
    values = list(class_map.table) or [int(value) for value in take_census(class_map).values]
    classes = tuple(class_map.land_class(value) for value in sorted(values))
    if len(classes) < 2:
        raise EvaluationError(
            f"'{class_map.source.name}' holds {len(classes)} class; a comparison needs two or more: name the classes "
            "with `classes`."
        )
    taken = {c.value for c in classes}
    nodata = next(value for value in (255, *range(255)) if value not in taken)
    table = ClassTable.of_scheme(ClassScheme(classes, nodata))
    # What is nodata on the map may well be a label.
    return replace(table, ignored_values=frozenset())


def _matched(table: ClassTable, truth: str, matching: ClassMatching) -> MatchedClasses:
    """Labels of a raster by value or by the names that its file gives them."""
    settled = {label.strip().casefold() for label in (*matching.ignored, *(label for label, _ in matching.pairs))}
    named = [c for c in _names_in(truth) if not {c.name.casefold(), str(c.value)} & settled]
    missing = [c.name for c in named if c.name.casefold() not in table.names]
    if matching.match == "name" and (missing or not named):
        what = f"calls a class '{missing[0]}', which the map does not have" if missing else "names no classes"
        raise OptionError(f"'{short_name(truth)}' {what}; match by value, or pair labels and classes with `pairs`.")
    if matching.match == "value" or missing or not named:
        warning = None if matching.match == "value" else _differing_names(table, named)
        return MatchedClasses(table, "by value", warning)
    values = {c.value: table.names[c.name.casefold()] for c in named}
    return MatchedClasses(replace(table, values=values), "by name")


def _differing_names(table: ClassTable, named: list[LandClass]) -> str | None:
    for label in named:
        index = table.values.get(label.value)
        own = None if index is None else table.scheme.classes[index].name
        if own is not None and own.casefold() != label.name.casefold():
            return (
                f"Labels are matched by value, but {label.value} is '{own}' on the map and '{label.name}' in the "
                "truth; if that is wrong, pair them with `pairs`, or say `match='value'` to hear no more of it."
            )
    return None


def _names_in(truth: str) -> list[LandClass]:
    try:
        return list(ClassMap(SceneSource(truth)).table.values())
    except SceneError:
        # Label pictures in colors have no names; what is truly wrong with the file is told when it is read.
        return []


def _with_label(table: ClassTable, label: str, land_class: LandClass) -> ClassTable:
    index = table.scheme.classes.index(land_class)
    if label.strip().isdecimal():
        value = int(label)
        return replace(table, values={**table.values, value: index}, ignored_values=table.ignored_values - {value})
    name = label.strip().casefold()
    return replace(table, names={**table.names, name: index}, ignored_names=table.ignored_names - {name})


def _ignoring(table: ClassTable, label: str) -> ClassTable:
    if label.strip().isdecimal():
        return table.ignoring([int(label)])
    name = label.strip().casefold()
    names = {known: index for known, index in table.names.items() if known != name}
    return replace(table, names=names, ignored_names=table.ignored_names | {name})
