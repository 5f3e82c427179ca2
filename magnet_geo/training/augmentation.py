"""Random changes of images: orientation, color, haze, sharpness.

H and W the image size, B bands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Dihedral:
    """One of the eight orientations of a square.

    Attributes:
        quarter_turns: Turns counter-clockwise, 0-3.
        mirrored: Whether columns are reversed after the turns.
    """

    quarter_turns: int = 0
    mirrored: bool = False

    @classmethod
    def draw(cls, generator: Generator, *, flips: bool = True, rotations: bool = True, square: bool = True) -> Dihedral:
        """Return any of the allowed orientations with equal probability.

        Args:
            generator: Draws.
            flips: Whether images may be mirrored.
            rotations: Whether they may be turned.
            square: Whether quarter turns keep their shape; half turns only where not.
        """
        turns, mirrored = int(generator.integers(4)), bool(generator.integers(2))
        if not square:
            turns -= turns % 2
        return cls(turns if rotations else 0, mirrored and flips)

    def place(self, *, row: int, col: int, height: int, width: int, within: tuple[int, int]) -> tuple[int, int]:
        """Return the first row and column that a rectangle has once the image around it is in this orientation.

        Args:
            row: First row before.
            col: First column before.
            height: Rows before.
            width: Columns before.
            within: Height and width of the image before.
        """
        rows, cols = within
        for _ in range(self.quarter_turns):
            row, col, height, width, rows, cols = cols - col - width, row, width, height, cols, rows
        return row, cols - col - width if self.mirrored else col

    def apply(self, pixels: NDArray[_Number]) -> NDArray[_Number]:
        """Return a view of an (H, W) or (H, W, B) array in this orientation."""
        turned = np.rot90(pixels, self.quarter_turns)
        return turned[:, ::-1] if self.mirrored else turned


@dataclass(frozen=True, slots=True)
class ColorChange:
    """One drawn change of color, to be applied alike to every cut of one place.

    Attributes:
        gains: (B,) factors.
        gamma: Exponent on 0-1 values.
        contrast: Factor on the distance to `pivot`.
        pivot: Gray value, 0-1, that contrast leaves alone.
        saturation: Factor on the distance to the pixel's mean over bands.
        haze: Share of `haze_level` mixed in, 0-1.
        haze_level: Gray value of the haze, 0-1.
        blur_sigma_px: Gaussian blur, 0 for none.
        noise: Standard deviation of the pixel noise, 0-1 values.
        noise_seed: Seed of that noise.
    """

    gains: tuple[float, ...]
    gamma: float
    contrast: float
    pivot: float
    saturation: float
    haze: float
    haze_level: float
    blur_sigma_px: float
    noise: float
    noise_seed: int

    def apply(self, pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.generic]:
        """Change the colors of valid pixels; what changes nothing returns the pixels as they are.

        Args:
            pixels: (H, W, B) in 0-255, uint8 or float32.
            valid: (H, W) boolean.

        Returns:
            (H, W, B) float32 in 0-255, not rounded, 0 where not valid.
        """
        if self == ColorChange.none(pixels.shape[2]):
            return pixels
        changed = self._toned(pixels.astype(np.float32))
        if self.saturation != 1:
            gray = changed.mean(axis=2, keepdims=True)
            changed = gray + (changed - gray) * np.float32(self.saturation)
        if self.blur_sigma_px > 0:
            changed = _blurred(changed, valid, self.blur_sigma_px)
        if self.noise > 0:
            noise = np.random.default_rng(self.noise_seed).standard_normal(changed.shape, dtype=np.float32)
            changed = changed + noise * np.float32(255 * self.noise)
        clipped: NDArray[np.float32] = np.clip(changed, 0, 255)
        clipped[~valid] = 0
        return clipped

    @classmethod
    def none(cls, bands: int) -> ColorChange:
        """Return what leaves all colors as they are."""
        return cls((1.0,) * bands, 1, 1, 0.5, 1, 0, 0, 0, 0, 0)

    def _toned(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gamma, gain, contrast and haze: one power and one straight line per band, clipped to 0-255."""
        if self.gamma != 1:
            values = np.asarray(cv2.pow(values / np.float32(255), self.gamma), np.float32).reshape(values.shape)
            values *= np.float32(255)
        clear = self.contrast * (1 - self.haze)
        slope = np.asarray(self.gains, np.float32) * np.float32(clear)
        offset = self.pivot * (1 - self.haze) - self.pivot * clear + self.haze_level * self.haze
        return np.asarray(np.clip(values * slope + np.float32(255 * offset), 0, 255), np.float32)


def _blurred(values: NDArray[np.float32], valid: NDArray[np.bool_], sigma_px: float) -> NDArray[np.float32]:
    """Blur (H, W, B) values over valid pixels alone."""
    if valid.all():
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), np.float32).reshape(values.shape)
    weight = cv2.GaussianBlur(valid.astype(np.float32), (0, 0), sigma_px)[..., None]
    sums = np.asarray(cv2.GaussianBlur(values * valid[..., None], (0, 0), sigma_px), np.float32).reshape(values.shape)
    return np.asarray(np.where(valid[..., None], sums / np.maximum(weight, np.float32(1e-6)), 0), np.float32)


@dataclass(frozen=True, slots=True)
class ColorJitter:
    """How far colors are changed.

    Attributes:
        bands: Number of bands B.
        untouched_share: Share of the samples left as they are.
        gain: Greatest relative change of all bands together, and half of it per band.
        gamma: Greatest factor on gamma, applied both ways.
        contrast: Greatest relative change of contrast.
        saturation: Greatest relative change of saturation.
        haze: Greatest share of haze; one sample in three is hazy.
        blur_sigma_px: Greatest blur; one sample in five is blurred.
        noise: Greatest noise, 0-1 values; one sample in five is noisy.
    """

    bands: int = 3
    untouched_share: float = 0.15
    gain: float = 0.2
    gamma: float = 1.4
    contrast: float = 0.35
    saturation: float = 0.4
    haze: float = 0.3
    blur_sigma_px: float = 1.2
    noise: float = 0.03

    @classmethod
    def of_strength(cls, strength: float, *, bands: int) -> ColorJitter:
        """Return the default changes, all of them weaker or stronger.

        Args:
            strength: 0 changes nothing, 1 as the defaults, 2 twice as far.
            bands: Number of bands B.
        """
        if strength == 0:
            return cls(bands=bands, untouched_share=1.0)
        usual = cls(bands=bands)
        return cls(
            bands=bands,
            gain=usual.gain * strength,
            gamma=usual.gamma**strength,
            contrast=min(usual.contrast * strength, 0.8),
            saturation=min(usual.saturation * strength, 1.0),
            haze=min(usual.haze * strength, 0.8),
            blur_sigma_px=usual.blur_sigma_px * strength,
            noise=usual.noise * strength,
        )

    def draw(self, generator: Generator) -> ColorChange:
        """Return one random change."""
        if generator.random() < self.untouched_share:
            return ColorChange.none(self.bands)
        common = 1 + generator.uniform(-self.gain, self.gain)
        gains = common * (1 + generator.uniform(-self.gain / 2, self.gain / 2, self.bands))
        return ColorChange(
            gains=tuple(float(gain) for gain in gains),
            gamma=float(self.gamma ** generator.uniform(-1, 1)),
            contrast=float(1 + generator.uniform(-self.contrast, self.contrast)),
            pivot=float(generator.uniform(0.35, 0.65)),
            saturation=float(1 + generator.uniform(-self.saturation, self.saturation)),
            haze=_sometimes(1 / 3, self.haze, generator),
            haze_level=float(generator.uniform(0.6, 1.0)),
            blur_sigma_px=_sometimes(0.2, self.blur_sigma_px, generator),
            noise=_sometimes(0.2, self.noise, generator),
            noise_seed=int(generator.integers(2**31)),
        )


def _sometimes(probability: float, greatest: float, generator: Generator) -> float:
    return float(generator.uniform(0, greatest)) if generator.random() < probability else 0.0
