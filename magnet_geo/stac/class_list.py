"""Classes as the classification extension of STAC lists them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pystac.extensions.classification import Classification

_OTHER = re.compile(r"[^0-9A-Za-z_-]+")


def class_list(
    classes: Iterable[tuple[int, str, str]], *, counts: dict[int, int] | None = None, nodata: int | None = None
) -> list[Classification]:
    """Return the entries.

    Args:
        classes: Value, name and ``#rrggbb`` of each class.
        counts: Pixels by value, where they are known.
        nodata: Value that is no class, if there is one.
    """
    entries, used = [], set[str]()
    total = sum(counts.values()) if counts else 0
    for value, title, color in classes:
        count = None if counts is None else counts.get(value, 0)
        entries.append(
            Classification.create(
                value=value,
                name=_name(title, value, used),
                title=title,
                color_hint=color.removeprefix("#").upper(),
                count=count,
                percentage=None if count is None or not total else round(100 * count / total, 4),
            )
        )
    if nodata is not None:
        entries.append(Classification.create(value=nodata, name=_name("nodata", nodata, used), nodata=True))
    return entries


def _name(title: str, value: int, used: set[str]) -> str:
    """A name of letters, digits, - and _ that no other class has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    name = _OTHER.sub("-", plain).strip("-").lower() or f"class-{value}"
    name = f"{name}-{value}" if name in used else name
    used.add(name)
    return name
