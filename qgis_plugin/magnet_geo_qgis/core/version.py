"""Versions such as 0.1.0 or 0.2.0rc1, compared by their numbers."""

from __future__ import annotations

import re


def version_numbers(version: str) -> tuple[int, ...]:
    """Gives the release numbers of a version, without what follows them: (0, 2, 0) of 0.2.0rc1+cpu."""
    found = re.match(r"\d+(\.\d+)*", version.strip())
    return tuple(int(number) for number in found.group().split(".")) if found else ()


def is_at_least(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one or newer; something that is no version is not."""
    have, want = version_numbers(version), version_numbers(wanted)
    length = max(len(have), len(want))
    return bool(have) and have + (0,) * (length - len(have)) >= want + (0,) * (length - len(want))
