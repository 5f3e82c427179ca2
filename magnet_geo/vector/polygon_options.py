"""Decisions about a polygon layer, and sizes as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from magnet_geo.errors import OptionError
from magnet_geo.vector.tracing.region_numbers import Connectivity

_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Z²0-9]*)")
_SQUARE_METRES = {"m2": 1.0, "m²": 1.0, "ha": 1e4, "km2": 1e6, "km²": 1e6}
_METRES = {"m": 1.0, "cm": 0.01, "km": 1000.0}
LEAST_MAX_VERTICES = 100


@dataclass(frozen=True, slots=True)
class PatchSize:
    """A minimum mapping unit.

    Attributes:
        value: In square metres, or in pixels.
        in_pixels: Which of the two.
    """

    value: float
    in_pixels: bool

    @classmethod
    def of(cls, value: PatchSize | str) -> PatchSize:
        """Take a size as it is, or as text.

        Raises:
            OptionError: The text is no size.
        """
        return value if isinstance(value, PatchSize) else cls.parse(value)

    @classmethod
    def parse(cls, text: str) -> PatchSize:
        """From ``50m2``, ``0.5ha``, ``1km2`` or ``20px``.

        Raises:
            OptionError: It is none of these, or not above 0.
        """
        value, unit = _parsed(text)
        if value > 0 and unit == "px":
            return cls(value, True)
        if value > 0 and unit in _SQUARE_METRES:
            return cls(value * _SQUARE_METRES[unit], False)
        raise OptionError(f"'{text}' is no area; write it like 50m2, 0.5ha, 1km2 or 20px.")

    def __str__(self) -> str:
        return f"{self.value:g} {'px' if self.in_pixels else 'm²'}"


@dataclass(frozen=True, slots=True)
class BorderTolerance:
    """How far borders may be simplified.

    Attributes:
        value: In metres, or in pixels.
        in_pixels: Which of the two.
    """

    value: float
    in_pixels: bool

    @classmethod
    def of(cls, value: BorderTolerance | str) -> BorderTolerance:
        """Take a length as it is, or as text.

        Raises:
            OptionError: The text is no length.
        """
        return value if isinstance(value, BorderTolerance) else cls.parse(value)

    @classmethod
    def parse(cls, text: str) -> BorderTolerance:
        """From ``1.5m``, ``50cm`` or ``2px``.

        Raises:
            OptionError: It is none of these, or not above 0.
        """
        value, unit = _parsed(text)
        if value > 0 and unit == "px":
            return cls(value, True)
        if value > 0 and unit in _METRES:
            return cls(value * _METRES[unit], False)
        raise OptionError(f"'{text}' is no length; write it like 1.5m or 2px.")


@dataclass(frozen=True, slots=True)
class PolygonOptions:
    """Decisions about one layer.

    Attributes:
        connectivity: 4: pixels of a polygon share sides. 8: they may also touch by the corner, and such features are
            multipolygons.
        min_area: Smaller patches merge into the neighbor with the longest shared border first: ``"200m2"``,
            ``"0.5ha"``, ``"20px"``; None for all patches.
        simplify: Tolerance of the shared borders: ``"1.5m"``, ``"2px"``; None for borders along the pixels.
        smooth: Whether corners are cut by half a pixel instead.
        classes: Names or values of the classes to write; none for all.
        dissolve: Whether each class becomes a single feature.
        max_vertices: Larger polygons are cut along tile lines; None to leave them whole.
        overwrite: Whether an existing layer may be replaced.
    """

    connectivity: Connectivity = 4
    min_area: PatchSize | str | None = None
    simplify: BorderTolerance | str | None = None
    smooth: bool = False
    classes: tuple[str, ...] = ()
    dissolve: bool = False
    max_vertices: int | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.min_area is not None:
            object.__setattr__(self, "min_area", PatchSize.of(self.min_area))
        if self.simplify is not None:
            object.__setattr__(self, "simplify", BorderTolerance.of(self.simplify))
        if self.simplify is not None and self.smooth:
            raise OptionError(
                "Borders are either simplified or smoothed: after the one, the other could not keep them from "
                "crossing; leave out `simplify` or `smooth`."
            )
        if self.max_vertices is not None and self.max_vertices < LEAST_MAX_VERTICES:
            raise OptionError(
                f"Polygons can be cut to {LEAST_MAX_VERTICES} corners or more, not to {self.max_vertices}."
            )
        if self.max_vertices is not None and self.dissolve:
            raise OptionError("`dissolve` makes one feature of each class and `max_vertices` cuts; leave one out.")


def _parsed(text: str) -> tuple[float, str]:
    found = _NUMBER.fullmatch(text.strip())
    return (0.0, "") if found is None else (float(found[1]), found[2].lower())
