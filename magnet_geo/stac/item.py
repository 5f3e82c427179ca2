"""`stac_item`: a class map described for catalogues, in one call."""

from __future__ import annotations

from pathlib import Path

from pystac import Item

from magnet_geo.evaluation.map_areas import measure_areas
from magnet_geo.progress import CancelToken, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.raster import SceneSource
from magnet_geo.stac.map_item import MapFiles, make_map_item
from magnet_geo.stac.time_span import TimeSpan
from magnet_geo.stac.written_item import check_item_path, write_item


def stac_item(
    raster: str | Path,
    output: str | Path,
    *,
    scene: str | Path | None = None,
    taken: TimeSpan | str | None = None,
    model: str | Path | None = None,
    confidence: str | Path | None = None,
    probabilities: str | Path | None = None,
    polygons: str | Path | None = None,
    report: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Item:
    """Describe a class map as a STAC Item and write it as JSON.

    The Item says where the map lies (the outline of its valid pixels), when the scene was taken, which classes it holds
    with their areas, and how it was made; it links to the files by paths relative to its own.

    Args:
        raster: Class map.
        output: Item to write (.json).
        scene: The scene that was mapped: linked to, and asked when it was taken.
        taken: When the scene was taken: a day or an instant as ``2024-06-01`` or ``2024-06-01T10:20:00Z``, or two of
            them with a slash between; None to ask the scene's file.
        model: The model's file, or its own STAC Item: linked to.
        confidence: Certainty raster of the map.
        probabilities: Probability raster.
        polygons: The map as a polygon layer.
        report: The map's report.
        overwrite: Whether an existing Item may be replaced.
        progress: Receives events, warnings among them.
        cancel: Raised by another thread to stop.

    Returns:
        The Item as pystac holds it.

    Raises:
        MagnetGeoError: With a sentence for the user; nothing is written then.
    """
    output = Path(output)
    check_item_path(output, str(raster), overwrite=overwrite)
    classes = measure_areas(SceneSource.of(raster), progress=progress, cancel=cancel).classes
    named = {"scene": scene, "model": model, "confidence": confidence, "probabilities": probabilities}
    named |= {"polygons": polygons, "report": report}
    files = MapFiles(raster=str(raster), **{name: None if path is None else str(path) for name, path in named.items()})
    span = TimeSpan.parse(taken) if isinstance(taken, str) else taken
    item, warnings = make_map_item(files, output, classes=classes, taken=span)
    write_item(item, output)
    for text in warnings:
        progress(WarningEvent(text))
    return item
