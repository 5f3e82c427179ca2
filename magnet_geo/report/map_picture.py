"""The picture of a report: scene, map and certainty, with scale, corners and credit."""

from __future__ import annotations

from pathlib import PurePath

from magnet_geo.classes import LandClass
from magnet_geo.grid import RasterGrid
from magnet_geo.raster.picture import picture_size
from magnet_geo.raster.tags import read_tags
from magnet_geo.records.run_record import RunRecord
from magnet_geo.report.contents import MapPicture
from magnet_geo.report.pictures import LONGEST_SIDE, certainty_uri, class_uri, scene_uri, unused_value
from magnet_geo.report.placing import coordinate_decimals, corner_text, ground_size, scale_bar
from magnet_geo.report.sources import ReportSources


def map_picture(
    sources: ReportSources,
    grid: RasterGrid,
    classes: dict[int, LandClass],
    bands: tuple[int, ...] | None,
    record: RunRecord | None,
) -> MapPicture:
    """Draws a map.

    Args:
        sources: The rasters.
        grid: Of the map.
        classes: Name and color by value.
        bands: Bands of the scene to show; None without one.
        record: Of the run, if there is one.

    Raises:
        SceneError: A raster cannot be read.
    """
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
        empty=unused_value(classes.values()),
        scene=scene_uri(sources.scene, bands, size) if sources.scene and bands else "",
        certainty=certainty_uri(sources.confidence, size) if sources.confidence else "",
        scale_bar=scale_bar(ground),
        upper_left=corner_text(grid, row=0, col=0),
        lower_right=corner_text(grid, row=grid.height, col=grid.width),
        transform=place if grid.crs is not None else None,
        decimals=coordinate_decimals(grid),
        turned=grid.crs is not None and (t.b != 0 or t.d != 0 or t.e > 0 or t.a < 0),
        reduced=grid.width / size.width,
        credit=_credit(sources, record),
    )


def _credit(sources: ReportSources, record: RunRecord | None) -> str:
    owner = sources.attribution or (read_tags(sources.scene).get("TIFFTAG_COPYRIGHT", "") if sources.scene else "")
    parts = []
    if sources.scene is not None or owner:
        parts.append(f"Scene: {scene_name(sources, record)}" + (f", {owner}" if owner else ""))
    made_by = record.software if record else ""
    model = f", model {record.model.name} {record.model.version}" if record else ""
    parts.append(f"Map: {made_by}{model}" if made_by else f"Map: {sources.classes.name}")
    return ". ".join(parts) + "."


def scene_name(sources: ReportSources, record: RunRecord | None) -> str:
    """Return what the scene is called, without folder and suffix; the map where nothing is known of its scene."""
    source = sources.scene or sources.classes
    return PurePath(record.scene if record is not None else source.name).stem
