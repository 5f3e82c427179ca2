"""Flags of options: what the library calls `gsd='native'` is ``--gsd native`` on the command line.

Sentences of the library name an option as Python does, between backquotes: a field of a record of options or a
parameter, alone or with the value it should have. Here they become what the user types.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

_Record = TypeVar("_Record", bound="BaseModel")

# Fields whose flag is not their name.
_OTHERWISE = {
    "budget_s": "--budget",
    "open_options": "--oo",
    "creation_options": "--co",
    "bounds": "--bbox",
    "bounds_crs": "--bbox-crs",
    "vector": "--aoi",
    "pairs": "--map",
    "ignored": "--ignore-value",
    "ignored_values": "--ignore-value",
    "column": "--reference-column",
    "taken": "--datetime",
}
# Parameters and fields that messages name, besides the fields of the options of a run and of a training.
_PARAMETERS = (
    *("model", "workers", "root", "class_column", "ignored_values", "classes", "pairs", "match", "ignored", "column"),
    *("design", "drop_unanswered", "size", "target_standard_error", "min_per_class", "format", "taken", "tensorboard"),
    *("init", "init_encoder", "backbone", "simplify", "smooth", "dissolve", "max_vertices"),
)
# What stands in quotes is the name of a file or a class, whatever it looks like.
_MARKED = re.compile(r"(?<![\w'\"`])`([a-z][a-z_]*(?:=[^`\n]{1,80})?)`(?![\w'\"`])")
_SENTENCES = ("warnings", "problems", "faults")


def flag_of(name: str) -> str:
    """Return the flag of an option by its name in Python."""
    return _OTHERWISE.get(name, f"--{name.replace('_', '-')}")


def with_flags(text: str) -> str:
    """Return a sentence of the library as a user of the command line reads it."""
    return _MARKED.sub(lambda found: _as_typed(found[1]) or found[0], text)


def with_flags_inside(record: _Record) -> _Record:
    """Return a record whose sentences for the user name options by their flags."""
    from pydantic import BaseModel

    changed: dict[str, object] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, BaseModel):
            changed[name] = with_flags_inside(value)
        elif name in _SENTENCES:
            changed[name] = tuple(map(with_flags, value))
    return record.model_copy(update=changed)


@cache
def known_flags() -> Mapping[str, str]:
    """Return the flags of all options that messages may name."""
    from magnet_geo.scene import Area, SegmentOptions
    from magnet_geo.training.settings import BackboneSettings, RefinementSettings

    records = (SegmentOptions, Area, BackboneSettings, RefinementSettings)
    names = {entry.name for record in records for entry in fields(record)} - {"area"}
    return {name: flag_of(name) for name in sorted(names | set(_PARAMETERS))}


def _as_typed(arguments: str) -> str | None:
    """Return arguments of a call in Python as arguments of a command; None where they are no options."""
    try:
        call = ast.parse(f"call({arguments})", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(call, ast.Call):
        return None
    named = {each.id: None for each in call.args if isinstance(each, ast.Name)}
    given: dict[str, ast.expr | None] = {**named, **{each.arg or "": each.value for each in call.keywords}}
    if any(name not in known_flags() for name in given):
        return None
    return " ".join(_option(known_flags()[name], value) for name, value in given.items())


def _option(flag: str, value: ast.expr | None) -> str:
    if value is None or (isinstance(value, ast.Constant) and value.value is True):
        return flag
    if isinstance(value, ast.Constant) and value.value is False:
        return flag.replace("--", "--no-", 1)
    return f"{flag} {_value(value, ',')}"


def _value(value: ast.expr, between: str) -> str:
    """Return a value as it is typed: parts of a tuple between commas, pairs inside a tuple as KEY=VALUE."""
    if isinstance(value, ast.Tuple):
        return between.join(_value(part, "=") for part in value.elts)
    return str(value.value) if isinstance(value, ast.Constant) else ast.unparse(value)
