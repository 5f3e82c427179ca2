"""Finds the class that a user means by a name or a value."""

from __future__ import annotations

from collections.abc import Iterable

from magnet_geo.classes import LandClass
from magnet_geo.errors import OptionError


def find_class(text: str, classes: Iterable[LandClass]) -> LandClass:
    """Return the class of a name, whatever its case, or of a value.

    Args:
        text: Such as ``water`` or ``1``.
        classes: To choose from; a name that reads like a value comes first.

    Raises:
        OptionError: There is no such class.
    """
    wanted = text.strip().casefold()
    known = list(classes)
    for candidate in known:
        if candidate.name.casefold() == wanted:
            return candidate
    for candidate in known:
        if str(candidate.value) == wanted:
            return candidate
    names = ", ".join(f"{c.value} {c.name}" for c in known)
    raise OptionError(f"'{text}' is no class of the map; its classes are: {names}.")
