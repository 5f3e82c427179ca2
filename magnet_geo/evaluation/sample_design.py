"""`SampleDesign`: how a sample was drawn, kept with its points so that estimates can rest on it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from magnet_geo.classes import LandClass
from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.allocation import AllocationName
from magnet_geo.records.grid_record import GridRecord

DESIGN_KEY = "magnet_geo_sample_design"
FORMAT_VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class AnswerRecord(_Record):
    """A class that a point may have in truth.

    Attributes:
        value: Its value on the map.
        name: Its name.
        color: ``#rrggbb``.
    """

    value: int
    name: str
    color: str

    def land_class(self) -> LandClass:
        """Return the same as the package's own value."""
        return LandClass(self.value, self.name, self.color)


class StratumRecord(AnswerRecord):
    """A class of the map, and what was drawn from it.

    Attributes:
        pixels: Its pixels.
        area_m2: Their area on the ellipsoid; null without a CRS.
        points: How many of them are in the sample, each with the same chance.
    """

    pixels: int
    area_m2: float | None
    points: int


class PointRecord(_Record):
    """One pixel of the sample.

    Attributes:
        row: Its row, from 0.
        col: Its column, from 0.
        value: Its class on the map.
        area_m2: Its area on the ellipsoid; null without a CRS.
    """

    row: int
    col: int
    value: int
    area_m2: float | None


class SampleDesign(_Record):
    """A stratified random sample of the pixels of a map.

    Attributes:
        format_version: Of this record.
        map: Name of the map's file.
        map_sha256: Hash of its values.
        grid: Its georeference.
        classes: What may be answered: the classes the map names, and those it holds.
        excluded: Values of pixels that the sample says nothing about.
        strata: The classes on the map, by value.
        allocation: How the points were shared among them.
        min_per_class: Points that each class got at least, where it has as many pixels.
        expected_standard_error: Of the overall accuracy, if the expected accuracies hold.
        seed: Of the random numbers.
        points: The pixels; the first one has the id 1.
    """

    format_version: int = Field(default=FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    map: str
    map_sha256: str
    grid: GridRecord
    classes: tuple[AnswerRecord, ...]
    excluded: tuple[int, ...]
    strata: tuple[StratumRecord, ...]
    allocation: AllocationName
    min_per_class: int
    expected_standard_error: float
    seed: int
    points: tuple[PointRecord, ...]


def parse_design(text: str, *, source: str) -> SampleDesign:
    """Read a design.

    Args:
        text: JSON object.
        source: Where it was found, for messages.

    Raises:
        EvaluationError: It is no design.
    """
    try:
        return SampleDesign.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"])) or "the record"
        raise EvaluationError(
            f"The sample design in '{source}' is damaged ({place}: {fault['msg']}); give the one that "
            "was printed when the sample was drawn with `design`."
        ) from error


def read_design(path: Path) -> SampleDesign:
    """Read a design from a JSON file.

    Raises:
        EvaluationError: It cannot be read, or is no design.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"The design '{path}' cannot be read ({error}); give a JSON text file.") from error
    return parse_design(text, source=path.name)
