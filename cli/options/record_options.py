"""Options made of the fields of a record, as `SegmentOptions` is one; their values make the record again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from rasterio.crs import CRS

from magnet_geo.errors import OptionError
from magnet_geo.option_fields import OptionNote, alternatives, hints_of, note_of
from magnet_geo.scene import Area, RefineMode
from magnet_geo.sensors import sensor_names

from ..flags import flag_of, with_flags
from .option_types import BandList, Box, Bytes, Crs, Duration, KeyValue, PixelSize, Refine, ScalingRange

_Command = Callable[..., Any]
_Record = TypeVar("_Record")

# In this order: of a field of several types, the first that is found here says what is typed.
_TYPES: dict[Any, click.ParamType[Any]] = {
    CRS: Crs(),
    RefineMode: Refine(),
    Literal["native"]: PixelSize(),
    tuple[float, float]: ScalingRange(),
    tuple[int, ...]: BandList(),
    tuple[float, float, float, float]: Box(),
    tuple[tuple[str, str], ...]: KeyValue(),
}
_BY_KIND: dict[str, click.ParamType[Any]] = {
    "bytes": Bytes(),
    "seconds": Duration(),
    "file": click.Path(exists=True, dir_okay=False, path_type=Path),
}
_NAMED = {"sensor": click.Choice(sensor_names())}


def record_options(record: type[Any], first: str, last: str) -> list[Callable[[_Command], _Command]]:
    """Make the options of fields that follow each other; an area is given by fields of its own.

    Args:
        record: Dataclass whose fields are made by `magnet_geo.option_fields.setting`.
        first: Name of the first field.
        last: Name of the last one.
    """
    hints = hints_of(record)
    names = list(hints)
    made: list[Callable[[_Command], _Command]] = []
    for name in names[names.index(first) : names.index(last) + 1]:
        is_area = Area in alternatives(hints[name])
        made += record_options(Area, "bounds", "vector") if is_area else [record_option(record, name)]
    return made


def record_option(record: type[Any], name: str) -> Callable[[_Command], _Command]:
    """Make the option of a field."""
    flag, note, hint = flag_of(name), note_of(name, record), hints_of(record)[name]
    default = next(entry.default for entry in fields(record) if entry.name == name)
    values: dict[str, Any] = {"help": with_flags(note.text)}
    if hint is bool and not default:
        return click.option(flag, name, is_flag=True, **values)
    if default not in (None, ()):
        values |= {"default": default, "show_default": True}
    if hint is bool:
        return click.option(f"{flag}/{flag.replace('--', '--no-', 1)}", name, **values)
    several = tuple[tuple[str, str], ...] in alternatives(hint)
    return click.option(flag, name, type=_type_of(name, hint, note), multiple=several, **values)


def taken_record(record: type[_Record], values: dict[str, Any]) -> _Record:
    """Take the fields of a record out of a command's values.

    Raises:
        click.UsageError: They contradict each other.
    """
    names = [entry.name for entry in fields(record)]  # type: ignore[arg-type]
    own = {name: values.pop(name) for name in names if name in values}
    if "area" in names:
        own["area"] = chosen_area(*(values.pop(entry.name) for entry in fields(Area)))
    try:
        return record(**own)
    except OptionError as error:
        raise click.UsageError(str(error)) from error


def chosen_area(
    bounds: tuple[float, float, float, float] | None, bounds_crs: CRS | None, vector: Path | None
) -> Area | None:
    """Return the area of interest that was chosen, None for all.

    Raises:
        click.UsageError: The choices contradict each other.
    """
    if bounds is None and bounds_crs is None and vector is None:
        return None
    try:
        return Area(bounds, bounds_crs, vector)
    except OptionError as error:
        raise click.UsageError(str(error)) from error


def _type_of(name: str, hint: Any, note: OptionNote) -> click.ParamType[Any]:
    parts = alternatives(hint)
    found = (
        _NAMED.get(name) or _BY_KIND.get(note.kind) or next((_TYPES[part] for part in _TYPES if part in parts), None)
    )
    if found is not None:
        return found
    if Path in parts:
        return click.Path(path_type=Path)
    if int in parts:
        least, most = (None if bound is None else int(bound) for bound in (note.least, note.most))
        return click.IntRange(least, most)
    bounded = note.least is not None or note.most is not None
    return click.FloatRange(note.least, note.most) if bounded else click.FLOAT
