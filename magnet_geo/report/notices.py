"""What a run's warnings mean for those who use its map."""

from __future__ import annotations

import re
from dataclasses import dataclass

from magnet_geo.report.contents import Notice


@dataclass(frozen=True, slots=True)
class _Explanation:
    pattern: str
    title: str
    meaning: str


# In the order in which they are tried; each fits a sentence of the rooms raster and scene.
_EXPLANATIONS = (
    _Explanation(
        r"are averaged down to the model's",
        "Pixel size",
        "The scene shows more detail than the model looks at. The map keeps the scene's grid, but features of a few "
        "scene pixels may be missing from it.",
    ),
    _Explanation(
        r"are interpolated to the model's",
        "Pixel size",
        "The scene is coarser than what the model was trained on. Small and narrow things, such as single buildings "
        "and paths, are often missed or merged.",
    ),
    _Explanation(
        r"pixel size of .* is not known",
        "Pixel size",
        "The model expects things at a certain size. If the true pixel size is another one, classes are mixed up.",
    ),
    _Explanation(
        r"looks unlike what the model",
        "Unfamiliar ground",
        "The model was made for other ground, other colors or another light. Large parts of the map may be wrong, even "
        "where it looks clean.",
    ),
    _Explanation(
        r"were stretched to 0-255",
        "Brightness",
        "Light and dark were adjusted to this scene. Another scene of the same area gets another adjustment, so that "
        "small differences between the two maps need not be changes on the ground.",
    ),
    _Explanation(
        r"border of the constant value",
        "Empty border",
        "The empty border was given a class like any other ground. It counts in the areas and shares below.",
    ),
    _Explanation(
        r"ground control points only",
        "Position",
        "The map is not rectified: it cannot be laid over other maps, and sizes are in pixels.",
    ),
    _Explanation(
        r"is not rectified",
        "Position",
        "The map is not rectified: it cannot be laid over other maps, and sizes are in pixels.",
    ),
    _Explanation(
        r"no georeference|no coordinate reference system|nothing says where in it",
        "Position",
        "Where the map lies is not known, nor how large its pixels are: sizes are in pixels.",
    ),
    _Explanation(
        r"size of the whole scene",
        "Size",
        "Only a small part of this file holds a map; the rest is empty.",
    ),
    _Explanation(
        r"record of its run .* cannot be read",
        "Provenance",
        "How the map was made, and whether its run gave warnings, is not known here. The map itself is sound.",
    ),
    _Explanation(
        r"nodata value .* cannot occur",
        "Empty pixels",
        "Pixels meant to be empty may have been given a class.",
    ),
)
_OTHER = _Explanation("", "Note", "")


def explain_warnings(warnings: tuple[str, ...]) -> tuple[Notice, ...]:
    """Return each warning with its title and meaning."""
    return tuple(_notice(text) for text in warnings)


def _notice(text: str) -> Notice:
    found = next((entry for entry in _EXPLANATIONS if re.search(entry.pattern, text)), _OTHER)
    return Notice(found.title, text, found.meaning)
