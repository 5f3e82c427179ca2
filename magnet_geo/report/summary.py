"""What a report says at a glance, and what to keep in mind."""

from __future__ import annotations

from collections.abc import Iterator

from magnet_geo.grid import RasterGrid
from magnet_geo.records.run_record import RunRecord
from magnet_geo.report.accuracy_tables import AccuracyTables
from magnet_geo.report.class_rows import certainty_of
from magnet_geo.report.contents import ClassRow, Fact
from magnet_geo.report.placing import crs_name
from magnet_geo.report.run_facts import refined_counts
from magnet_geo.report.survey import MapSurvey
from magnet_geo.report.wording import area_text, percent, short_number, side_text


def subtitle(grid: RasterGrid, survey: MapSurvey) -> Iterator[str]:
    """Yields what stands under the headline; the CRS comes last."""
    if survey.on_ground:
        yield f"{area_text(float(survey.areas.sum()), on_ground=True)} mapped"
    gsd_m = grid.ground_sample_distance_m
    pixels = f"{grid.width:,} × {grid.height:,} pixels"
    yield pixels if gsd_m is None else f"{pixels} of {side_text(gsd_m)}"
    yield crs_name(grid)


def figures(
    survey: MapSurvey, rows: tuple[ClassRow, ...], record: RunRecord | None, accuracy: AccuracyTables
) -> Iterator[Fact]:
    """Yields the numbers everyone wants, the most wanted first."""
    yield Fact("Mapped area", area_text(float(survey.areas.sum()), on_ground=survey.on_ground))
    yield Fact("Largest class", percent(rows[0].share), rows[0].name)
    if accuracy.figure is not None:
        yield accuracy.figure
    if survey.certainty is not None and survey.certainty.any():
        sure = certainty_of(survey.certainty.sum(axis=0))
        yield Fact("Mean certainty", f"{sure.mean:.2f}", "of 1, as the model sees it")
    else:
        yield Fact("Classes", str(len(rows)))
    patches, refined = refined_counts(record)
    if refined:
        yield Fact("Looked at closely", percent(refined / max(1, patches)), "of all patches")
    else:
        yield Fact("Patches", f"{sum(row.patches for row in rows):,}", "connected regions of one class")


def area_note(survey: MapSurvey) -> str:
    """Return how areas were measured."""
    if not survey.on_ground:
        return "The map has no coordinate reference system, so that sizes are in pixels."
    if survey.area_error is None or survey.area_error < 1e-6:
        return "True areas, measured on the ellipsoid: the projection's distortion is taken out."
    return (
        "True areas, measured on the ellipsoid: the projection's distortion is taken out, to within "
        f"{short_number(100 * survey.area_error)} % of each pixel."
    )


def caveats(record: RunRecord | None, survey: MapSurvey, *, measured: bool) -> Iterator[str]:
    """Yields what the reader should keep in mind; `measured` where areas were estimated from a sample."""
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
