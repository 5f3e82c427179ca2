"""Which bands of a scene are the model's: as asked, by description, by color interpretation or by order."""

from __future__ import annotations

from collections.abc import Sequence

from magnet_geo.errors import BandError
from magnet_geo.raster.description import SceneDescription
from magnet_geo.sensors import SENSORS, Sensor, band_meanings

# Hyperspectral scenes have hundreds.
_MOST_LISTED = 20


def choose_bands(
    description: SceneDescription,
    model_bands: tuple[str, ...],
    requested: tuple[int, ...] | None = None,
    sensor: Sensor | None = None,
) -> tuple[int, ...]:
    """Match the scene's bands to the model's.

    Args:
        description: The scene.
        model_bands: Names of the model's bands, such as ``("red", "green", "blue")``.
        requested: Band numbers the user gave, in the model's order; None to find them.
        sensor: What took the scene, where the user says so.

    Returns:
        One band number, 1-based, per model band.

    Raises:
        BandError: The request does not fit, or nothing says which band is which.
    """
    if requested is not None:
        return _checked(description, model_bands, requested)
    if "palette" in description.color_interpretations:
        raise BandError(
            f"'{description.name}' holds palette indexes, not the model's bands ({', '.join(model_bands)}); "
            "expand it first: gdal_translate -expand rgb IN OUT."
        )
    found = (
        _by_name(description, model_bands, [band_meanings(d or "", sensor) for d in description.descriptions])
        or _by_sensor(description, model_bands, sensor)
        or _by_name(description, model_bands, [band_meanings(use) for use in description.color_interpretations])
        or _by_order(description, model_bands)
    )
    if found is None:
        raise BandError(f"{_shortage(description, model_bands)} {_advice(description, model_bands, sensor)}")
    return found


def list_bands(description: SceneDescription) -> str:
    """The scene's bands for a sentence: ``1 'B04' (gray), 2 (undefined)``; some are left out where there are many."""
    named = zip(description.descriptions, description.color_interpretations, strict=True)
    listed = [
        f"{number} '{name}' ({use})" if name else f"{number} ({use})" for number, (name, use) in enumerate(named, 1)
    ]
    if len(listed) > _MOST_LISTED:
        listed[_MOST_LISTED - 1 : -1] = ["..."]
    return ", ".join(listed)


def _checked(
    description: SceneDescription, model_bands: tuple[str, ...], requested: tuple[int, ...]
) -> tuple[int, ...]:
    if len(requested) != len(model_bands):
        raise BandError(
            f"`bands` names {len(requested)} bands but the model needs {len(model_bands)} ({', '.join(model_bands)}); "
            f"'{description.name}' has {list_bands(description)}."
        )
    missing = [number for number in requested if not 1 <= number <= description.band_count]
    if missing:
        raise BandError(
            f"'{description.name}' has no band {missing[0]}; its bands are {list_bands(description)}, counted from 1."
        )
    return requested


def _by_name(
    description: SceneDescription, model_bands: tuple[str, ...], meanings: Sequence[frozenset[str]]
) -> tuple[int, ...] | None:
    found = []
    for wanted in map(band_meanings, model_bands):
        matches = [band for band in description.data_bands if wanted & meanings[band - 1]]
        if len(matches) != 1:
            return None
        found += matches
    return tuple(found)


def _by_sensor(
    description: SceneDescription, model_bands: tuple[str, ...], sensor: Sensor | None
) -> tuple[int, ...] | None:
    """The bands in the sensor's own order, where it hands out files of so many bands."""
    order = sensor.order_of(len(description.data_bands)) if sensor else None
    if order is None:
        return None
    meanings = [frozenset[str]()] * description.band_count
    for number, band in zip(description.data_bands, order, strict=True):
        meanings[number - 1] = frozenset(band.common)
    return _by_name(description, model_bands, meanings)


def _by_order(description: SceneDescription, model_bands: tuple[str, ...]) -> tuple[int, ...] | None:
    return description.data_bands if len(description.data_bands) == len(model_bands) else None


def _shortage(description: SceneDescription, model_bands: tuple[str, ...]) -> str:
    wanted, count = ", ".join(model_bands), len(description.data_bands)
    found = f"'{description.name}' has {list_bands(description)}"
    if count < len(model_bands):
        return f"The model needs {len(model_bands)} bands ({wanted}) but {found}."
    return f"The model needs the bands {wanted}, and nothing in the file says which they are: {found}."


def _advice(description: SceneDescription, model_bands: tuple[str, ...], sensor: Sensor | None) -> str:
    data, needed = description.data_bands, len(model_bands)
    if len(data) < needed:
        repeated = (*data, *data[-1:] * (needed - len(data)))
        return f"To repeat what there is, at a loss of quality, use `bands={repeated}`." if data else "Choose another."
    forward, backward = data[:needed], data[:needed][::-1]
    return (
        f"Name them in that order, for example `bands={backward}` (satellite files often begin with blue) "
        f"or `bands={forward}`{_sensor_advice(description, sensor)}."
    )


def _sensor_advice(description: SceneDescription, sensor: Sensor | None) -> str:
    count = len(description.data_bands)
    if sensor is not None:
        known = ", ".join(str(len(order)) for order in sensor.orders)
        return f"; `sensor='{sensor.name}'` knows the order in files of {known} bands, not of {count}"
    fitting = [name for name, candidate in SENSORS.items() if candidate.order_of(count)]
    others = "".join(f" or {name}" for name in fitting[1:])
    return f"; or say what took it: `sensor='{fitting[0]}'`{others}" if fitting else ""
