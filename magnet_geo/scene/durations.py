"""Lengths of time for people."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """A length of time such as ``90 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"
