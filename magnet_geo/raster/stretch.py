"""Chooses the linear map from a scene's values to the model's: its own range, a stretch, or what the user says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import OptionError, SceneError
from magnet_geo.normalization import Scaling
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.strips import DECIMATED_SIDE, read_pieces
from magnet_geo.raster.validity import ScenePixels
from magnet_geo.sensors import Reflectance, Sensor

_LOW_PERCENT, _HIGH_PERCENT = 2.0, 98.0
_SAMPLE_PIXELS = 2**20


@dataclass(frozen=True, slots=True)
class AutoScaling:
    """The model's own range for scenes of its dtype, robust percentiles per band for all others."""


@dataclass(frozen=True, slots=True)
class NoScaling:
    """Values as they are; they must lie in 0-255."""


@dataclass(frozen=True, slots=True)
class RangeScaling:
    """One range for all bands.

    Attributes:
        low: Value that becomes 0.
        high: Value that becomes 255.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise OptionError(f"The scaling range {self.low:g},{self.high:g} is empty; name the lower value first.")


ScalingMode = AutoScaling | NoScaling | RangeScaling


@dataclass(frozen=True, slots=True)
class ModelValues:
    """The values a model was trained on.

    Attributes:
        dtype: Their dtype, such as ``"uint8"``.
        low: Value that counts as 0, per band.
        high: Value that counts as 255, per band.
        are_reflectance: Whether ``low`` and ``high`` are reflectances, 0-1, and not native values.
    """

    dtype: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    are_reflectance: bool = False


def choose_scaling(
    reader: SceneReader, *, mode: ScalingMode, model: ModelValues, sensor: Sensor | None = None
) -> tuple[Scaling, str]:
    """Choose the scaling of a whole scene.

    Args:
        reader: An open reader of the model's bands.
        mode: What the user asked for.
        model: What the model was trained on.
        sensor: What took the scene, where the user says so.

    Returns:
        The scaling, and a sentence with its figures for the report.

    Raises:
        SceneError: The values do not fit, or no pixel is valid.
    """
    if isinstance(mode, RangeScaling):
        return _same_for_all(reader, mode.low, mode.high), f"Values {mode.low:g}-{mode.high:g} were scaled to 0-255."
    if isinstance(mode, NoScaling):
        return _unscaled(reader)
    if model.are_reflectance:
        return _from_reflectance(reader, model, sensor)
    if reader.dtype.name == model.dtype:
        return Scaling(
            model.low, model.high
        ), f"Values are {model.dtype}, as the model's: {_ranges(model.low, model.high)}."
    if sensor is not None and sensor.reflectance is not None and reader.dtype.name == sensor.dtype:
        low, high = map(sensor.reflectance.native, sensor.picture)
        dark, bright = sensor.picture
        text = f"Reflectances {dark:g}-{bright:g} of {sensor.name} (values {low:.6g}-{high:.6g}) were scaled to 0-255."
        return _same_for_all(reader, low, high), text
    return _stretched(reader)


def _from_reflectance(reader: SceneReader, model: ModelValues, sensor: Sensor | None) -> tuple[Scaling, str]:
    found, source = _reflectances(reader, sensor)
    low = tuple(of.native(value) for of, value in zip(found, model.low, strict=True))
    high = tuple(of.native(value) for of, value in zip(found, model.high, strict=True))
    text = f"Values were taken as reflectance {_ranges(model.low, model.high)} by {source}: "
    return Scaling(low, high), f"{text}{_ranges(low, high, reader.bands)}."


def _reflectances(reader: SceneReader, sensor: Sensor | None) -> tuple[list[Reflectance], str]:
    """What the values of each band mean, and who says so: the sensor, the file, or their being fractions."""
    count = len(reader.bands)
    if sensor is not None and sensor.reflectance is not None and reader.dtype.name == sensor.dtype:
        return [sensor.reflectance] * count, f"the sensor {sensor.name}"
    dataset = reader.dataset
    scales, offsets = dataset.scales, dataset.offsets
    tagged = [Reflectance(scales[band - 1], offsets[band - 1]) for band in reader.bands]
    if any(of != Reflectance(1.0) for of in tagged):
        return tagged, "the file's scales and offsets"
    if reader.dtype.kind == "f":
        return tagged, "their being fractional numbers"
    raise SceneError(
        f"The model takes reflectance, and nothing says what the {reader.dtype.name} values of '{reader.source.name}' "
        "mean; name what took it with `sensor`, or give the native values of the model's range with "
        "`scaling=(MIN, MAX)`."
    )


def _same_for_all(reader: SceneReader, low: float, high: float) -> Scaling:
    return Scaling((low,) * len(reader.bands), (high,) * len(reader.bands))


def _unscaled(reader: SceneReader) -> tuple[Scaling, str]:
    scaling = _same_for_all(reader, 0.0, 255.0)
    if reader.dtype == np.uint8:
        return scaling, "Values were taken as they are (uint8)."
    values = _valid_values(reader)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 255:
        raise SceneError(
            f"The values of '{reader.source.name}' run from {low:g} to {high:g} but must lie in 0-255 with "
            "`scaling='none'`; use `scaling='auto'` or `scaling=(MIN, MAX)`."
        )
    return scaling, f"Values were taken as they are ({reader.dtype.name}, {low:g}-{high:g})."


def _stretched(reader: SceneReader) -> tuple[Scaling, str]:
    values = _valid_values(reader)
    bounds = [_robust_bounds(band) for band in values]
    scaling = Scaling(tuple(low for low, _ in bounds), tuple(high for _, high in bounds))
    text = (
        f"Values ({reader.dtype.name}) were stretched to 0-255 between the {_LOW_PERCENT:g}nd and {_HIGH_PERCENT:g}th "
        f"percentiles of {values.shape[1]} valid pixels of a reduced read of the whole scene: "
    )
    return scaling, f"{text}{_ranges(scaling.low, scaling.high, reader.bands)}."


def _valid_values(reader: SceneReader) -> NDArray[np.generic]:
    """Values of valid pixels, (B, N) with N >= 1, from a reduced read or, where that has none, from the full scene."""
    values = _flatten(reader.read_decimated(DECIMATED_SIDE))
    if values.shape[1] == 0:
        values = _sample_pieces(reader)
    if values.shape[1] == 0:
        raise SceneError(f"No pixel of '{reader.source.name}' is valid; there is nothing to segment.")
    return values


def _sample_pieces(reader: SceneReader) -> NDArray[np.generic]:
    found, count = [np.empty((len(reader.bands), 0), reader.dtype)], 0
    for piece in read_pieces(reader):
        found.append(_flatten(piece))
        count += found[-1].shape[1]
        if count >= _SAMPLE_PIXELS:
            break
    return np.concatenate(found, axis=1)


def _flatten(pixels: ScenePixels) -> NDArray[np.generic]:
    return pixels.values[:, pixels.valid]


def _robust_bounds(band: NDArray[np.generic]) -> tuple[float, float]:
    values = band.astype(np.float64)
    low, high = np.percentile(values, [_LOW_PERCENT, _HIGH_PERCENT])
    if not _distinct(low, high):
        low, high = values.min(), values.max()
    if not _distinct(low, high):
        # A constant band says nothing: it becomes the middle of the range, over a span that float32 can hold.
        half = max(0.5, 2 * float(np.spacing(np.float32(abs(low)))))
        low, high = low - half, high + half
    return float(low), float(high)


def _distinct(low: float, high: float) -> bool:
    return bool(np.float32(low) < np.float32(high))


def _ranges(low: tuple[float, ...], high: tuple[float, ...], bands: tuple[int, ...] | None = None) -> str:
    if bands is None and len({*zip(low, high, strict=True)}) == 1:
        return f"{low[0]:g}-{high[0]:g}"
    numbers = bands or tuple(range(1, len(low) + 1))
    parts = [f"band {n} {lo:.6g}-{hi:.6g}" for n, lo, hi in zip(numbers, low, high, strict=True)]
    return ", ".join(dict.fromkeys(parts))
