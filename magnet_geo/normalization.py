"""From native pixel values to what a network was trained on, band by band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Normalization:
    """Mean and standard deviation of the training data, in model values scaled to 0-1.

    Attributes:
        mean: One value per band.
        std: One positive value per band.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std):
            raise ValueError(f"{len(self.mean)} means do not match {len(self.std)} standard deviations.")
        if min(self.std, default=0.0) <= 0:
            raise ValueError(f"Standard deviations must be positive: {self.std}.")


@dataclass(frozen=True, slots=True)
class Scaling:
    """Linear map of native values to 0-255 model values, per band; results are clipped.

    Attributes:
        low: Native value that becomes 0, per band.
        high: Native value that becomes 255, per band.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high):
            raise ValueError(f"{len(self.low)} low values do not match {len(self.high)} high values.")
        if any(not low < high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError(f"Each low value must lie below its high value: {self.low}, {self.high}.")

    def apply(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """Scale native values.

        Args:
            values: (B, H, W), any real dtype; NaN stays NaN.

        Returns:
            (B, H, W) float32 in 0-255.
        """
        low = np.asarray(self.low, np.float32)[:, None, None]
        span = np.asarray(self.high, np.float32)[:, None, None] - low
        scaled = values.astype(np.float32)
        scaled -= low
        scaled *= np.float32(255) / span
        return np.clip(scaled, 0, 255, out=scaled)


@dataclass(frozen=True, slots=True)
class TrainedScaling(Scaling):
    """How the native values of a model's training data became 0-255.

    Attributes:
        dtype: Pixel type of the training data, as numpy names it.
        unit: Whether low and high are native values or reflectances, 0-1, which a sensor or the scene's file turns into
            native ones.
    """

    dtype: str = "uint8"
    unit: Literal["native", "reflectance"] = "native"
