"""Options as fields of a record that carry their own help: commands are made of them, Python uses them as they are."""

from __future__ import annotations

import types
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class OptionNote:
    """What a command needs to know of a field beside its type and default.

    Attributes:
        text: One line of help; other options are named in backquotes, as in messages.
        group: Heading it stands under where the help has headings.
        least: Smallest value allowed, of each part where there are several.
        most: Greatest value allowed.
        kind: What a plain type does not say: an amount of memory, a length of time, or a file that must exist.
    """

    text: str
    group: str = ""
    least: float | None = None
    most: float | None = None
    kind: Literal["", "bytes", "seconds", "file"] = ""


def setting(
    default: Any,
    text: str,
    *,
    group: str = "",
    least: float | None = None,
    most: float | None = None,
    kind: Literal["", "bytes", "seconds", "file"] = "",
) -> Any:
    """Make a dataclass field that carries its own help."""
    return field(default=default, metadata={"note": OptionNote(text, group, least, most, kind)})


def note_of(name: str, record: type[Any]) -> OptionNote:
    """Return the help, group and range of a field."""
    note: OptionNote = next(entry.metadata["note"] for entry in fields(record) if entry.name == name)
    return note


def hints_of(record: type[Any]) -> dict[str, Any]:
    """Return the type of each field, in order."""
    hints = get_type_hints(record)
    return {entry.name: hints[entry.name] for entry in fields(record)}


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the types a field may have, without None."""
    if get_origin(hint) is types.UnionType or str(get_origin(hint)) == "typing.Union":
        return tuple(part for part in get_args(hint) if part is not type(None))
    return (hint,)
