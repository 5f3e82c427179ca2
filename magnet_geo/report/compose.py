"""From what is known of a map to everything its report says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import PurePath

from magnet_geo import __version__
from magnet_geo.classes import LandClass
from magnet_geo.grid import RasterGrid
from magnet_geo.model import Manifest
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.raster.picture import picture_size
from magnet_geo.raster.tags import read_tags
from magnet_geo.report.accuracy_tables import AccuracyTables, accuracy_tables, read_accuracy
from magnet_geo.report.class_rows import area_unit, certainty_of, class_rows, decade_heads
from magnet_geo.report.contents import ClassRow, Fact, MapPicture, Notice, ReportContents
from magnet_geo.report.notices import explain_warnings
from magnet_geo.report.pictures import LONGEST_SIDE, certainty_uri, class_uri, scene_uri
from magnet_geo.report.placing import coordinate_decimals, corner_text, crs_name, ground_size, scale_bar
from magnet_geo.report.run_facts import (
    find_manifest,
    model_facts,
    model_tables,
    refined_levels,
    refined_note,
    run_facts,
)
from magnet_geo.report.sources import ReportSources, require_certainty, scene_bands
from magnet_geo.report.survey import MapSurvey, survey_map
from magnet_geo.report.wording import area_text, percent, short_number
from magnet_geo.scene.run_record import RunRecord, read_run_record

_FIGURES = 4


def compose_report(sources: ReportSources, *, progress: ProgressListener, cancel: CancelToken) -> ReportContents:
    """Read the rasters and put the report together.

    Raises:
        MagnetGeoError: A source cannot be read, or does not fit the map.
        CancelledError: The user cancelled.
    """
    tags = read_tags(sources.classes)
    record = read_run_record(tags, name=sources.classes.name)
    measured = read_accuracy(sources.evaluation, sources.accuracy)
    with ClassMap(sources.classes) as class_map:
        grid = class_map.grid
        bands = None if sources.scene is None else scene_bands(sources, sources.scene, grid, record)
        if sources.confidence is not None:
            require_certainty(sources.confidence, grid)
        survey = survey_map(class_map, sources.confidence, progress=progress, cancel=cancel)
        classes = {int(value): class_map.land_class(int(value)) for value in survey.values}
        warnings = class_map.description.warnings
    accuracy = accuracy_tables(measured, survey.pixels)
    progress(ProgressEvent(0.92, "pictures", "Drawing"))
    picture = _picture(sources, grid, classes, bands, record)
    manifest = sources.manifest
    if manifest is None and record is not None:
        manifest = find_manifest(record.model)
    return _contents(sources, grid, survey, classes, record, tags, warnings, picture, accuracy, manifest)


def _contents(
    sources: ReportSources,
    grid: RasterGrid,
    survey: MapSurvey,
    classes: dict[int, LandClass],
    record: RunRecord | None,
    tags: dict[str, str],
    warnings: tuple[str, ...],
    picture: MapPicture,
    accuracy: AccuracyTables,
    manifest: Manifest | None,
) -> ReportContents:
    rows = class_rows(survey, classes)
    unit = area_unit(survey)
    return ReportContents(
        title=sources.title or f"Land cover of {_scene_name(sources, record)}",
        subtitle=tuple(_subtitle(grid, survey)),
        made=f"{date.today():%d %B %Y}".lstrip("0") + f", magnet-geo {__version__}",
        figures=tuple(_figures(survey, rows, record, accuracy))[:_FIGURES],
        notices=_notices(record, warnings),
        picture=picture,
        area_unit=unit.name,
        area_note=_area_note(survey),
        total=(unit.text(float(survey.areas.sum())), f"{int(survey.pixels.sum()):,}"),
        classes=rows,
        decades=decade_heads(survey),
        refined=refined_levels(record),
        refined_note=refined_note(record),
        accuracy=accuracy.tables,
        accuracy_note=accuracy.note,
        run=run_facts(record, sources.result, tags),
        model=model_facts(record),
        model_tables=model_tables(manifest),
        caveats=tuple(_caveats(record, survey, measured=accuracy.has_areas)),
    )


def _picture(
    sources: ReportSources,
    grid: RasterGrid,
    classes: dict[int, LandClass],
    bands: tuple[int, ...] | None,
    record: RunRecord | None,
) -> MapPicture:
    size = picture_size(grid, LONGEST_SIDE)
    ground = ground_size(grid)
    aspect = ground.across_m / ground.down_m if ground else grid.width / grid.height
    t = grid.transform
    place = (t.a * grid.width, t.b * grid.height, t.c, t.d * grid.width, t.e * grid.height, t.f)
    return MapPicture(
        width=size.width,
        height=size.height,
        aspect=aspect,
        classes=class_uri(sources.classes, size, classes.values()),
        scene=scene_uri(sources.scene, bands, size) if sources.scene and bands else "",
        certainty=certainty_uri(sources.confidence, size) if sources.confidence else "",
        scale_bar=scale_bar(ground),
        upper_left=corner_text(grid, row=0, col=0),
        lower_right=corner_text(grid, row=grid.height, col=grid.width),
        transform=place if grid.crs is not None else None,
        decimals=coordinate_decimals(grid),
        reduced=grid.width / size.width,
        credit=_credit(sources, record),
    )


def _credit(sources: ReportSources, record: RunRecord | None) -> str:
    owner = sources.attribution or (read_tags(sources.scene).get("TIFFTAG_COPYRIGHT", "") if sources.scene else "")
    parts = []
    if sources.scene is not None or owner:
        parts.append(f"Scene: {_scene_name(sources, record)}" + (f", {owner}" if owner else ""))
    made_by = record.software if record else ""
    model = f", model {record.model.name} {record.model.version}" if record else ""
    parts.append(f"Map: {made_by}{model}" if made_by else f"Map: {sources.classes.name}")
    return ". ".join(parts) + "."


def _scene_name(sources: ReportSources, record: RunRecord | None) -> str:
    source: SceneSource = sources.scene or sources.classes
    return PurePath(record.scene if record is not None else source.name).stem


def _subtitle(grid: RasterGrid, survey: MapSurvey) -> Iterator[str]:
    if survey.on_ground:
        yield f"{area_text(float(survey.areas.sum()), on_ground=True)} mapped"
    gsd_m = grid.ground_sample_distance_m
    pixels = f"{grid.width:,} × {grid.height:,} pixels"
    yield pixels if gsd_m is None else f"{pixels} of {gsd_m:.3g} m"
    yield crs_name(grid)


def _figures(
    survey: MapSurvey, rows: tuple[ClassRow, ...], record: RunRecord | None, accuracy: AccuracyTables
) -> Iterator[Fact]:
    yield Fact("Mapped area", area_text(float(survey.areas.sum()), on_ground=survey.on_ground))
    yield Fact("Largest class", percent(rows[0].share), rows[0].name)
    if accuracy.figure is not None:
        yield accuracy.figure
    if survey.certainty is not None and survey.certainty.any():
        sure = certainty_of(survey.certainty.sum(axis=0))
        yield Fact("Mean certainty", f"{sure.mean:.2f}", "of 1, as the model sees it")
    else:
        yield Fact("Classes", str(len(rows)))
    if record is not None and record.levels:
        patches, refined = (sum(getattr(level, name) for level in record.levels) for name in ("patches", "refined"))
        yield Fact("Looked at closely", percent(refined / max(1, patches)), "of all patches")
    else:
        yield Fact("Patches", f"{sum(row.patches for row in rows):,}", "connected regions of one class")


def _notices(record: RunRecord | None, warnings: tuple[str, ...]) -> tuple[Notice, ...] | None:
    """The run's warnings, which hold those of reading the scene; without a record, those of reading the map."""
    if record is None:
        return explain_warnings(warnings) or None
    return explain_warnings(record.warnings)


def _area_note(survey: MapSurvey) -> str:
    if not survey.on_ground:
        return "The map has no coordinate reference system, so that sizes are in pixels."
    if survey.area_error is None or survey.area_error < 1e-6:
        return "True areas, measured on the ellipsoid: the projection's distortion is taken out."
    return (
        "True areas, measured on the ellipsoid: the projection's distortion is taken out, to within "
        f"{short_number(100 * survey.area_error)} % of each pixel."
    )


def _caveats(record: RunRecord | None, survey: MapSurvey, *, measured: bool) -> Iterator[str]:
    if record is not None and record.domain:
        yield f"Where the model can be trusted: {record.domain}"
    if not measured:
        yield (
            "Areas and shares are counted on the map, its errors included. A class that is mapped too often gets too "
            "large an area, and only a sample of checked points tells by how much."
        )
    if survey.certainty is not None:
        yield (
            "Certainty is the model's own opinion: how far the best class is ahead of the second best. Where a model "
            "has seen nothing like the ground, it can be wrong and certain."
        )
    if record is not None and record.min_confidence > 0:
        yield f"Pixels less certain than {record.min_confidence:g} were left unclassified."
    yield "A patch is a region of one class whose pixels touch by their sides; single stray pixels are patches too."
