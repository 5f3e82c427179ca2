"""Sensors as data: what their bands are called, in which order files hold them, and what their numbers mean.

Common names are those of STAC's ``eo`` extension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from magnet_geo.errors import OptionError


@dataclass(frozen=True, slots=True)
class SensorBand:
    """One band of a sensor.

    Attributes:
        name: As the provider writes it.
        common: Common names, the most exact first.
        short: Other names in use, which may mean another band on another sensor.
    """

    name: str
    common: tuple[str, ...]
    short: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reflectance:
    """Reflectance is ``scale`` times the native value plus ``offset``.

    Attributes:
        scale: Reflectance of one count.
        offset: Reflectance of the native value 0.
    """

    scale: float
    offset: float = 0.0

    def native(self, reflectance: float) -> float:
        """Return the native value of a reflectance."""
        return (reflectance - self.offset) / self.scale


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor's products as they are handed out.

    Attributes:
        name: As given to ``--sensor``.
        title: For people.
        bands: Its bands.
        orders: Names of the bands in files of so many bands; each of a different length.
        dtype: Of its native values.
        gsd_m: Pixel size of its finest bands, for files that do not say theirs.
        nodata: Value of missing pixels; None where it has none.
        reflectance: What native values mean; None for pictures.
        picture: Reflectances shown as 0 and 255 where a model takes 8-bit pictures.
    """

    name: str
    title: str
    bands: tuple[SensorBand, ...]
    orders: tuple[tuple[str, ...], ...]
    dtype: str
    gsd_m: float
    nodata: float | None = None
    reflectance: Reflectance | None = None
    picture: tuple[float, float] = (0.0, 0.3)

    def __post_init__(self) -> None:
        known = {band.name for band in self.bands}
        named = {name for order in self.orders for name in order}
        if len({len(order) for order in self.orders}) < len(self.orders) or not named <= known:
            raise ValueError(f"The orders of {self.name} must differ in length and name its own bands.")

    def has(self, band: str) -> bool:
        """Whether one of its bands is what this name means."""
        meant = band_meanings(band)
        return any(meant & set(own.common) for own in self.bands)

    def order_of(self, count: int) -> tuple[SensorBand, ...] | None:
        """Return the bands of a file of so many bands, in its order; None where files of that many are not known."""
        by_name = {band.name: band for band in self.bands}
        return next((tuple(by_name[name] for name in order) for order in self.orders if len(order) == count), None)


def find_sensor(name: str) -> Sensor:
    """Return the sensor of a name.

    Raises:
        OptionError: There is none.
    """
    if name not in SENSORS:
        raise OptionError(f"There is no sensor named '{name}'; choose one of: {', '.join(SENSORS)}.")
    return SENSORS[name]


def sensor_names() -> tuple[str, ...]:
    """Names of all sensors."""
    return tuple(SENSORS)


def band_meanings(name: str, sensor: Sensor | None = None) -> frozenset[str]:
    """Common names that a band's name may stand for, lower case.

    Args:
        name: Such as ``red``, ``B04`` or ``SR_B4``; what follows a comma is a remark.
        sensor: Whose band it is; where not known, only names that mean one thing on all sensors are understood.

    Returns:
        The name itself where it is no sensor's; empty where sensors contradict each other.
    """
    key = name.split(",")[0].strip().lower()
    if sensor is not None:
        own = next((band for band in sensor.bands if key in _names(band)), None)
        if own is not None:
            return frozenset(own.common)
    if key in _SYNONYMS:
        return frozenset({_SYNONYMS[key]})
    meant = {band.common for known in SENSORS.values() for band in known.bands if key in _names(band)}
    if not meant:
        return frozenset({key})
    return frozenset.intersection(*map(frozenset, meant)) if key not in _UNDECIDED else frozenset()


def _names(band: SensorBand) -> set[str]:
    return {band.name.lower(), *(short.lower() for short in band.short)}


# "b4" without a zero is red on Sentinel-2 and Landsat 8 but near infrared on Landsat 7: it decides nothing.
_UNDECIDED = frozenset(f"b{number}" for number in range(1, 11))
_SYNONYMS: Mapping[str, str] = {
    "r": "red",
    "g": "green",
    "b": "blue",
    "nir1": "nir",
    "near infrared": "nir",
    "near-infrared": "nir",
    "swir1": "swir16",
    "swir2": "swir22",
}

_SENTINEL2_BANDS = (
    SensorBand("B01", ("coastal",), ("B1",)),
    SensorBand("B02", ("blue",), ("B2",)),
    SensorBand("B03", ("green",), ("B3",)),
    SensorBand("B04", ("red",), ("B4",)),
    SensorBand("B05", ("rededge071", "rededge"), ("B5",)),
    SensorBand("B06", ("rededge075",), ("B6",)),
    SensorBand("B07", ("rededge078",), ("B7",)),
    SensorBand("B08", ("nir",), ("B8",)),
    SensorBand("B8A", ("nir08",), ()),
    SensorBand("B09", ("nir09",), ("B9",)),
    SensorBand("B10", ("cirrus",), ()),
    SensorBand("B11", ("swir16",), ()),
    SensorBand("B12", ("swir22",), ()),
)
_SENTINEL2_ORDERS = (
    ("B02", "B03", "B04", "B08"),
    ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"),
    ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"),
    ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"),
)

_ALL = (
    Sensor(
        "sentinel2",
        "Sentinel-2 Level-2A or 1C, harmonized or before 2022 (no offset)",
        _SENTINEL2_BANDS,
        _SENTINEL2_ORDERS,
        dtype="uint16",
        gsd_m=10,
        nodata=0,
        reflectance=Reflectance(1e-4),
    ),
    Sensor(
        "sentinel2-offset",
        "Sentinel-2 Level-2A or 1C as ESA hands it out since January 2022 (processing baseline 04.00, offset -1000)",
        _SENTINEL2_BANDS,
        _SENTINEL2_ORDERS,
        dtype="uint16",
        gsd_m=10,
        nodata=0,
        reflectance=Reflectance(1e-4, -0.1),
    ),
    Sensor(
        "landsat",
        "Landsat 8 and 9, Collection 2 Level-2 surface reflectance",
        (
            SensorBand("SR_B1", ("coastal",), ("B1", "B01")),
            SensorBand("SR_B2", ("blue",), ("B2", "B02")),
            SensorBand("SR_B3", ("green",), ("B3", "B03")),
            SensorBand("SR_B4", ("red",), ("B4", "B04")),
            # A model of "nir" takes it: it is the only near infrared there is.
            SensorBand("SR_B5", ("nir08", "nir"), ("B5", "B05")),
            SensorBand("SR_B6", ("swir16",), ("B6", "B06")),
            SensorBand("SR_B7", ("swir22",), ("B7", "B07")),
        ),
        (("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7"),),
        dtype="uint16",
        gsd_m=30,
        nodata=0,
        reflectance=Reflectance(2.75e-5, -0.2),
    ),
    Sensor(
        "naip",
        "NAIP aerial photographs (USDA)",
        tuple(SensorBand(name, (name,)) for name in ("red", "green", "blue", "nir")),
        (("red", "green", "blue"), ("red", "green", "blue", "nir")),
        dtype="uint8",
        gsd_m=0.6,
    ),
    Sensor(
        "planetscope",
        "PlanetScope surface reflectance, 4 or 8 bands",
        (
            SensorBand("coastal_blue", ("coastal",)),
            SensorBand("blue", ("blue",)),
            SensorBand("green_i", ("green05",)),
            SensorBand("green", ("green",)),
            SensorBand("yellow", ("yellow",)),
            SensorBand("red", ("red",)),
            SensorBand("rededge", ("rededge071", "rededge")),
            SensorBand("nir", ("nir",)),
        ),
        (
            ("blue", "green", "red", "nir"),
            ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
        ),
        dtype="uint16",
        gsd_m=3,
        nodata=0,
        reflectance=Reflectance(1e-4),
    ),
)
SENSORS: Mapping[str, Sensor] = {sensor.name: sensor for sensor in _ALL}
