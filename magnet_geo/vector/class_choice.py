"""Which classes a layer has, and what was written of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.errors import OptionError
from magnet_geo.vector.polygons_result import ClassPolygons


def chosen_codes(names: Sequence[str], classes: Mapping[int, LandClass], named: Sequence[LandClass]) -> set[int]:
    """Return the codes of some classes.

    Args:
        names: Names or values, in any case of letters.
        classes: Class of each code.
        named: Classes that the map itself names, for the message.

    Raises:
        OptionError: A name is no class.
    """
    by_text = {str(c.value): code for code, c in classes.items()}
    by_text |= {c.name.casefold(): code for code, c in classes.items()}
    codes = set()
    for name in names:
        code = by_text.get(name.strip().casefold())
        if code is None:
            known = ", ".join(f"{c.name} ({c.value})" for c in named)
            raise OptionError(f"'{name}' is no class of this map{f'; it has {known}' if known else ''}.")
        codes.add(code)
    return codes


@dataclass(slots=True)
class ClassTally:
    """Counts features as they are written.

    Attributes:
        features: (256,) features by code.
        areas_m2: (256,) their areas.
        vertices: Corners of all.
    """

    features: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    areas_m2: NDArray[np.float64] = field(default_factory=lambda: np.zeros(256))
    vertices: int = 0

    def add(self, codes: NDArray[np.uint8], areas_m2: NDArray[np.generic] | None, vertices: int) -> None:
        """Count some features."""
        self.features += np.bincount(codes, minlength=256)
        if areas_m2 is not None:
            self.areas_m2 += np.bincount(codes, areas_m2.astype(np.float64), 256)
        self.vertices += vertices

    def present(self, classes: Mapping[int, LandClass]) -> list[LandClass]:
        """Return the classes with features, by value."""
        return [classes[code] for code in np.flatnonzero(self.features).tolist()]

    def records(self, classes: Mapping[int, LandClass], *, with_areas: bool) -> tuple[ClassPolygons, ...]:
        """Return a record for each class with features, by value."""
        return tuple(
            ClassPolygons(
                value=classes[code].value,
                name=classes[code].name,
                color=classes[code].color,
                features=int(self.features[code]),
                area_m2=float(self.areas_m2[code]) if with_areas else None,
            )
            for code in np.flatnonzero(self.features).tolist()
        )
