"""From what is known of a map to everything its report says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from magnet_geo._version import __version__
from magnet_geo.classes import LandClass
from magnet_geo.errors import SceneError
from magnet_geo.grid import RasterGrid
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener
from magnet_geo.raster import ClassMap
from magnet_geo.raster.tags import read_tags
from magnet_geo.records.run_record import RunRecord, read_run_record
from magnet_geo.report.accuracy_tables import AccuracyTables, accuracy_tables, read_accuracy
from magnet_geo.report.class_rows import area_unit, class_rows, decade_heads
from magnet_geo.report.contents import MapPicture, Notice, ReportContents
from magnet_geo.report.map_picture import map_picture, scene_name
from magnet_geo.report.notices import explain_warnings
from magnet_geo.report.run_facts import (
    find_manifest,
    model_facts,
    model_tables,
    refined_levels,
    refined_note,
    run_facts,
)
from magnet_geo.report.sources import ReportSources, require_certainty, scene_bands
from magnet_geo.report.summary import area_note, caveats, figures, subtitle
from magnet_geo.report.survey import MapSurvey, survey_map

_FIGURES = 4


@dataclass(frozen=True, slots=True)
class _Past:
    """What the map's own tags say of how it was made."""

    tags: dict[str, str]
    record: RunRecord | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Findings:
    """What was found on the map."""

    grid: RasterGrid
    survey: MapSurvey
    picture: MapPicture
    classes: dict[int, LandClass]
    accuracy: AccuracyTables
    warnings: tuple[str, ...]


def compose_report(sources: ReportSources, *, progress: ProgressListener, cancel: CancelToken) -> ReportContents:
    """Read the rasters and put the report together.

    Raises:
        MagnetGeoError: A source cannot be read, or does not fit the map.
        CancelledError: The user cancelled.
    """
    past = _look_back(sources)
    return _contents(sources, past, _look_at(sources, past, progress, cancel))


def _look_back(sources: ReportSources) -> _Past:
    tags = read_tags(sources.classes)
    try:
        record = read_run_record(tags, name=sources.classes.name)
    except SceneError as error:
        # The map itself is sound: the report goes without the record, and says so.
        return _Past(tags, None, (str(error),))
    return _Past(tags, record, () if record is None else record.warnings)


def _look_at(sources: ReportSources, past: _Past, progress: ProgressListener, cancel: CancelToken) -> _Findings:
    measured = read_accuracy(sources.evaluation, sources.accuracy)
    with ClassMap(sources.classes) as class_map:
        grid = class_map.grid
        bands = None if sources.scene is None else scene_bands(sources, sources.scene, grid, past.record)
        if sources.confidence is not None:
            require_certainty(sources.confidence, grid)
        survey = survey_map(class_map, sources.confidence, progress=progress, cancel=cancel)
        classes = {int(value): class_map.land_class(int(value)) for value in survey.values}
        warnings = class_map.description.warnings
    accuracy = accuracy_tables(measured, survey.pixels)
    progress(ProgressEvent(0.92, "pictures", "Drawing"))
    picture = map_picture(sources, grid, classes, bands, past.record)
    return _Findings(grid, survey, picture, classes, accuracy, warnings)


def _contents(sources: ReportSources, past: _Past, found: _Findings) -> ReportContents:
    record, survey = past.record, found.survey
    manifest = sources.manifest
    if manifest is None and record is not None:
        manifest = find_manifest(record.model)
    rows, unit = class_rows(survey, found.classes), area_unit(survey)
    return ReportContents(
        title=sources.title or f"Land cover of {scene_name(sources, record)}",
        subtitle=tuple(subtitle(found.grid, survey)),
        made=f"{date.today():%d %B %Y}".lstrip("0") + f", magnet-geo {__version__}",
        figures=tuple(figures(survey, rows, record, found.accuracy))[:_FIGURES],
        notices=_notices(past, found),
        picture=found.picture,
        area_unit=unit.name,
        area_note=area_note(survey),
        total=(unit.text(float(survey.areas.sum())), f"{int(survey.pixels.sum()):,}"),
        classes=rows,
        decades=decade_heads(survey),
        refined=refined_levels(record),
        refined_note=refined_note(record),
        accuracy=found.accuracy.tables,
        accuracy_note=found.accuracy.note,
        run=run_facts(record, sources.result, past.tags),
        model=model_facts(record),
        model_tables=model_tables(manifest),
        caveats=tuple(caveats(record, survey, measured=found.accuracy.has_areas)),
    )


def _notices(past: _Past, found: _Findings) -> tuple[Notice, ...] | None:
    """The run's warnings, which hold those of reading the scene; without a record, those of reading the map."""
    if past.record is not None:
        return explain_warnings(past.record.warnings)
    return explain_warnings((*past.warnings, *found.warnings)) or None
