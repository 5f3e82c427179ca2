"""Numbers as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

_NICE_STEPS = (5, 2, 1)


@dataclass(frozen=True, slots=True)
class AreaUnit:
    """One unit for all areas of a map, so that they compare at a glance.

    Attributes:
        name: As shown.
        size: Square metres, or pixels, in one unit.
    """

    name: str
    size: float

    @classmethod
    def for_largest(cls, area: float, *, on_ground: bool) -> AreaUnit:
        """Return the unit that suits the largest of the areas.

        Args:
            area: Square metres, or pixels.
            on_ground: Whether they are square metres.
        """
        if not on_ground:
            return cls("px", 1.0)
        if area >= 1e8:
            return cls("km²", 1e6)
        return cls("ha", 1e4) if area >= 1e4 else cls("m²", 1.0)

    def text(self, area: float) -> str:
        """Return an area without its unit, all to the same digit."""
        return f"{area / self.size:,.0f}" if self.name == "px" else f"{area / self.size:,.2f}"


def area_text(area: float, *, on_ground: bool) -> str:
    """Return an area with the unit that suits it, to three digits."""
    unit = AreaUnit.for_largest(area, on_ground=on_ground)
    return f"{short_number(area / unit.size)} {unit.name}"


def decade_text(area: float, *, on_ground: bool) -> str:
    """Return a power of ten as an area, such as ``10 m²`` or ``0.1 ha``."""
    if not on_ground:
        return f"{area:,.0f} px" if area >= 1 else f"{area:g} px"
    if area >= 1e6:
        return f"{area / 1e6:,.0f} km²"
    return f"{area / 1e4:g} ha" if area >= 1e3 else f"{area:g} m²"


def length_text(metres: float) -> str:
    """Return a length with the unit that suits it."""
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def side_text(metres: float) -> str:
    """Return the side of a pixel, to three digits."""
    return f"{metres / 1000:.3g} km" if metres >= 1000 else f"{metres:.3g} m"


def nice_length(at_most: float) -> float:
    """Return the longest length of 1, 2 or 5 times a power of ten that is not above ``at_most``."""
    power = 10.0 ** floor(log10(at_most))
    return next(step * power for step in _NICE_STEPS if step * power <= at_most * (1 + 1e-9))


def short_number(number: float) -> str:
    """Three digits that count, with commas between thousands; never an exponent."""
    if number == 0:
        return "0"
    digits = 2 - floor(log10(abs(number)))
    return f"{number:,.{max(0, min(digits, 9))}f}"


def percent(share: float) -> str:
    """Return a share of 0-1 as percent; what is there but tiny does not become nothing."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"


def bytes_text(size: int) -> str:
    """Return an amount of memory."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def seconds_text(seconds: float) -> str:
    """Return a duration."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
