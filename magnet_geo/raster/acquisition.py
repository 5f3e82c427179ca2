"""When a scene was taken, as far as its file says."""

from __future__ import annotations

from datetime import UTC, datetime

from magnet_geo.raster.source import SceneSource, open_scene

# GDAL puts what satellites' metadata say into the domain IMAGERY; the TIFF tag is what cameras and mosaics have.
_TIFF_FORMAT = "%Y:%m:%d %H:%M:%S"


def read_acquisition(source: SceneSource) -> datetime | None:
    """Return the time of acquisition, in UTC where the file names no zone; None where it says nothing.

    Raises:
        SceneError: The scene cannot be opened.
    """
    with open_scene(source, overviews=True) as dataset:
        found = dataset.tags(ns="IMAGERY").get("ACQUISITIONDATETIME"), dataset.tags().get("TIFFTAG_DATETIME")
    times = (_parsed(text) for text in found if text)
    return next((time for time in times if time is not None), None)


def _parsed(text: str) -> datetime | None:
    """A time in ISO or TIFF notation; None for anything else, such as the zeros of unset cameras."""
    for read in (datetime.fromisoformat, lambda given: datetime.strptime(given, _TIFF_FORMAT)):
        try:
            time = read(text.strip())
        except ValueError:
            continue
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return None
