"""`ReadScale`: scene pixels per model pixel, as a fraction that keeps every window boundary whole."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from magnet_geo.grid.pixel_rect import Size

LARGEST_RATIO = 4.0
SAME_WITHIN = 1.1
_LARGEST_DENOMINATOR = 64


@dataclass(frozen=True, slots=True)
class ReadScale:
    """``numerator`` scene pixels are read as ``denominator`` model pixels.

    Attributes:
        numerator: Scene pixels.
        denominator: Model pixels.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if self.numerator < 1 or self.denominator < 1:
            raise ValueError(f"A read scale needs positive terms, not {self.numerator}/{self.denominator}.")

    @classmethod
    def between(
        cls, *, model_gsd_m: float, scene_gsd_m: float, window: Size, largest_ratio: float = LARGEST_RATIO
    ) -> ReadScale:
        """Return the scale at which a scene is read for a model.

        The ratio is rounded to whole scene pixels per ``denominator`` model pixels, where the denominator is
        the largest divisor of the window's sides up to 64; ratios within 10 % of one count as one.

        Args:
            model_gsd_m: Pixel size the model was trained at, in metres.
            scene_gsd_m: Pixel size of the scene, in metres.
            window: The model's window, in model pixels.
            largest_ratio: How many times finer or coarser the scene may be.

        Raises:
            ValueError: The ratio is beyond ``largest_ratio``.
        """
        ratio = model_gsd_m / scene_gsd_m
        if not 1 / largest_ratio / 1.01 <= ratio <= largest_ratio * 1.01:
            raise ValueError(f"The ratio {ratio:.3g} of pixel sizes is beyond {largest_ratio:g}.")
        denominator = _largest_divisor(gcd(window.height, window.width))
        if 1 / SAME_WITHIN <= ratio <= SAME_WITHIN:
            return cls(denominator, denominator)
        return cls(max(1, round(ratio * denominator)), denominator)

    @classmethod
    def native(cls) -> ReadScale:
        """Pixels as they are."""
        return cls(1, 1)

    @property
    def is_native(self) -> bool:
        """True where scene pixels are model pixels."""
        return self.numerator == self.denominator

    @property
    def ratio(self) -> float:
        """Scene pixels per model pixel."""
        return self.numerator / self.denominator

    def to_scene(self, model_px: int) -> int:
        """Return a length in scene pixels.

        Args:
            model_px: Length in model pixels, a multiple of the denominator.
        """
        if (model_px * self.numerator) % self.denominator:
            raise ValueError(f"{model_px} model pixels are no whole number of scene pixels at {self.ratio:g}.")
        return model_px * self.numerator // self.denominator

    def round_up(self, model_px: int) -> int:
        """Return the next length, in model pixels, that is whole in scene pixels too."""
        return model_px if self.is_native else -(-model_px // self.denominator) * self.denominator


def _largest_divisor(number: int) -> int:
    return max(d for d in range(1, min(number, _LARGEST_DENOMINATOR) + 1) if number % d == 0)
