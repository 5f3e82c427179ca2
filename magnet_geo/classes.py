"""`ClassScheme`: the one class table every format is written from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.plain_text import visible

_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class LandClass:
    """One class of a map.

    Attributes:
        value: Pixel value in the file, 0-255.
        name: What people call it.
        color: ``#rrggbb``, lower case.
    """

    value: int
    name: str
    color: str

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 255:
            raise ValueError(f"Class value {self.value} of '{self.name}' is not in 0-255.")
        if not self.name.strip():
            raise ValueError(f"The class of value {self.value} has no name.")
        if not _COLOR.fullmatch(self.color):
            raise ValueError(f"Color '{self.color}' of class '{self.name}' is not of the form #rrggbb (lower case).")
        object.__setattr__(self, "name", visible(self.name))

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0-255."""
        number = int(self.color[1:], 16)
        return number >> 16, number >> 8 & 255, number & 255


@dataclass(frozen=True, slots=True)
class ClassScheme:
    """Classes in channel order: class index i is channel i of the network.

    Attributes:
        classes: At least two classes, values and names unique.
        nodata: Pixel value where the scene is not valid.
        unclassified: Pixel value where no class is certain enough; None if a class uses 0.
    """

    classes: tuple[LandClass, ...]
    nodata: int = 255

    def __post_init__(self) -> None:
        values, names = [c.value for c in self.classes], [c.name for c in self.classes]
        if len(self.classes) < 2:
            raise ValueError(f"A class scheme needs at least two classes, not {len(self.classes)}.")
        if len(set(values)) < len(values) or len(set(names)) < len(names):
            raise ValueError(f"Class values and names must be unique: {sorted(values)}, {sorted(names)}.")
        if not 0 <= self.nodata <= 255 or self.nodata in values:
            raise ValueError(f"The nodata value {self.nodata} must be in 0-255 and no class's value.")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def unclassified(self) -> int | None:
        """Pixel value for "not certain enough": 0, or None where 0 is taken."""
        taken = {c.value for c in self.classes} | {self.nodata}
        return None if 0 in taken else 0

    @property
    def values(self) -> NDArray[np.uint8]:
        """Class value of each class index, (C,) uint8."""
        return np.array([c.value for c in self.classes], dtype=np.uint8)
