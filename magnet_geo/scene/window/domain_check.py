"""Does a scene look like what a model was trained on? Watched window by window, told in one sentence at the end.

Shapes: B bands, C classes, H and W rows and columns of a window, h and w of its probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.inference.segmenter import final_probabilities
from magnet_geo.model import Manifest
from magnet_geo.progressive import certainty

#: Rows and columns between two pixels that are looked at.
STRIDE_PX = 8
# A map that is this much less certain than maps of the validation scenes is one of unknown ground.
_CERTAINTY_SHARE = 0.78
# Of the mean spread at home: green countryside reaches 1.9 for a model of a desert city, its own tiles 0.8 at most.
_TINT_SHARE = 1.5
_LOW, _MIDDLE, _HIGH, _RARE = 5.0, 50.0, 95.0, 99.0


class DomainCheck:
    """Colors and certainty of the windows seen so far; its size does not grow with the scene.

    Args:
        manifest: The model, with the statistics of its training data.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._values = np.zeros((len(manifest.bands), 256), np.int64)
        self._spreads = np.zeros(256, np.int64)
        self._certainty = 0.0
        self._pixels = 0

    def add(
        self, values: NDArray[np.generic], valid: NDArray[np.bool_], probabilities: Tensor, *, decimation: int = 1
    ) -> None:
        """Takes a window into account.

        Args:
            values: (B, H, W) model values, 0-255.
            valid: (H, W) boolean.
            probabilities: (C, h, w) float32 of the last stage, of the whole window.
            decimation: Model pixels per pixel of ``values``, along each axis.
        """
        stride = max(1, STRIDE_PX // decimation)
        rows, cols = (np.arange(stride // 2, size, stride) for size in valid.shape)
        sparse = slice(stride // 2, None, stride), slice(stride // 2, None, stride)
        seen = valid[sparse]
        pixels = _whole_numbers(values[:, *sparse][:, seen])
        if not pixels.size:
            return
        for counts, band in zip(self._values, pixels, strict=True):
            counts += np.bincount(band, minlength=256)
        self._spreads += np.bincount(pixels.max(axis=0) - pixels.min(axis=0), minlength=256)
        height, width = probabilities.shape[-2:]
        there = (
            torch.from_numpy(rows * height // valid.shape[0])[:, None],
            torch.from_numpy(cols * width // valid.shape[1]),
        )
        final = final_probabilities(probabilities[:, *there].float(), self._manifest.temperature)
        self._certainty += float(certainty(final).cpu().numpy()[seen].sum(dtype=np.float64))
        self._pixels += pixels.shape[1]

    def counts(self) -> dict[str, NDArray[Any]]:
        """Return what was seen so far as arrays by name, for `join`."""
        return {
            "values": self._values,
            "spreads": self._spreads,
            "certainty": np.float64(self._certainty).reshape(1),
            "pixels": np.int64(self._pixels).reshape(1),
        }

    def join(self, counts: Mapping[str, NDArray[Any]]) -> None:
        """Takes into account what another look of the same model saw: its `counts`."""
        self._values += counts["values"]
        self._spreads += counts["spreads"]
        self._certainty += float(counts["certainty"][0])
        self._pixels += int(counts["pixels"][0])

    @property
    def mean_certainty(self) -> float:
        """Mean certainty of the map, 0-1; NaN before the first valid pixel."""
        return self._certainty / self._pixels if self._pixels else np.nan

    @property
    def mean_spread(self) -> float:
        """Mean difference of a pixel's highest and lowest band, 0-255; NaN before the first valid pixel."""
        return float(self._spreads @ np.arange(256)) / self._pixels if self._pixels else np.nan

    def warning(self) -> str | None:
        """Return the sentence for the user, None where the scene looks familiar or the model tells too little."""
        reasons = list(self._reasons()) if self._pixels else []
        if not reasons:
            return None
        return (
            f"The scene looks unlike what the model '{self._manifest.name}' was trained on ({'; '.join(reasons)}); "
            "check the map, the bands and the stretch before you use it."
        )

    def _reasons(self) -> Iterator[str]:
        yield from self._brightness()
        yield from self._color()
        expected = self._manifest.expected_certainty
        if expected is not None and self.mean_certainty < _CERTAINTY_SHARE * expected:
            yield f"the map's mean certainty is {self.mean_certainty:.2f}, at home {expected:.2f}"

    def _brightness(self) -> Iterator[str]:
        trained = [self._trained(band) for band in range(len(self._values))]
        if not all({_LOW, _MIDDLE, _HIGH} <= known.keys() for known in trained):
            return
        if all(
            _percentile(counts, _HIGH) < (known[_LOW] + known[_MIDDLE]) / 2
            for counts, known in zip(self._values, trained, strict=True)
        ):
            yield "it is much darker"
        if all(_percentile(counts, _LOW) > known[_HIGH] for counts, known in zip(self._values, trained, strict=True)):
            yield "it is much brighter"

    def _color(self) -> Iterator[str]:
        statistics = self._manifest.training_spread
        if statistics is None:
            return
        known = {entry.percent: entry.value for entry in statistics.percentiles}
        highest, lowest = known.get(_RARE, np.inf), known.get(_LOW, -np.inf)
        if self.mean_spread > highest:
            yield f"its bands differ by {self.mean_spread:.0f} of 255 on average, at home by {statistics.mean:.0f}"
        elif self.mean_spread < lowest:
            yield "it is gray, without color"
        elif (tint := self._tint(_TINT_SHARE * statistics.mean)) is not None:
            yield tint

    def _tint(self, usual: float) -> str | None:
        """Names the band that stands out most from the others in the mean, as it does not at home."""
        if len(self._values) < 2 or not self._manifest.training_statistics:
            return None
        here = _apart(self._values @ np.arange(256) / self._pixels)
        home = _apart(np.array([self._trained_mean(band) for band in range(len(self._values))]))
        band = int(np.abs(here - home).argmax())
        if abs(here[band] - home[band]) <= usual:
            return None
        sides = [f"{abs(value):.0f} {'above' if value > 0 else 'below'}" for value in (here[band], home[band])]
        name = self._manifest.bands[band]
        return f"its {name} is {sides[0]} its other bands on average, of 255, at home {sides[1]}"

    def _trained_mean(self, band: int) -> float:
        low, high = self._manifest.scaling.low[band], self._manifest.scaling.high[band]
        return (self._manifest.training_statistics[band].mean - low) / (high - low) * 255

    def _trained(self, band: int) -> dict[float, float]:
        """Percentiles of a band of the training data, as model values."""
        if not self._manifest.training_statistics:
            return {}
        entries = self._manifest.training_statistics[band].percentiles
        low, high = self._manifest.scaling.low[band], self._manifest.scaling.high[band]
        return {entry.percent: (entry.value - low) / (high - low) * 255 for entry in entries}


def _whole_numbers(values: NDArray[np.generic]) -> NDArray[np.int64]:
    return (values if values.dtype.kind in "iu" else np.rint(values)).astype(np.int64)


def _apart(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each band's mean lies from the mean of the others."""
    return np.asarray((means - means.mean()) * len(means) / (len(means) - 1), np.float64)


def _percentile(counts: NDArray[np.int64], percent: float) -> int:
    """Return the lowest value that at least this share of the pixels does not exceed."""
    return int(np.searchsorted(np.cumsum(counts), counts.sum() * percent / 100))
