"""Class names and colors of the published sets, in channel order."""

from __future__ import annotations

from magnet_geo.classes import LandClass

_CITYSCAPES = (
    ("road", "#804080"),
    ("sidewalk", "#f423e8"),
    ("building", "#464646"),
    ("wall", "#66669c"),
    ("fence", "#be9999"),
    ("pole", "#999999"),
    ("traffic light", "#faaa1e"),
    ("traffic sign", "#dcdc00"),
    ("vegetation", "#6b8e23"),
    ("terrain", "#98fb98"),
    ("sky", "#4682b4"),
    ("person", "#dc143c"),
    ("rider", "#ff0000"),
    ("car", "#00008e"),
    ("truck", "#000046"),
    ("bus", "#003c64"),
    ("train", "#005064"),
    ("motorcycle", "#0000e6"),
    ("bicycle", "#770b20"),
)
_DEEPGLOBE = (
    ("unknown", "#000000"),
    ("urban", "#00ffff"),
    ("agriculture", "#ffff00"),
    ("rangeland", "#ff00ff"),
    ("forest", "#00ff00"),
    ("water", "#0000ff"),
    ("barren", "#ffffff"),
)


def _entries(table: tuple[tuple[str, str], ...]) -> tuple[LandClass, ...]:
    return tuple(LandClass(value=value, name=name, color=color) for value, (name, color) in enumerate(table))


CITYSCAPES_CLASSES = _entries(_CITYSCAPES)
DEEPGLOBE_CLASSES = _entries(_DEEPGLOBE)
