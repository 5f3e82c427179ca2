"""The STAC Item of a class map: place, time, classes, files, and how it was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pystac
from pyproj import CRS
from pystac.extensions.classification import ClassificationExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import DataType, RasterBand, RasterExtension, Sampling

from magnet_geo._version import __version__
from magnet_geo.grid import RasterGrid
from magnet_geo.raster import SceneDescription, SceneSource, describe_scene, read_acquisition, read_tags, valid_outline
from magnet_geo.records.run_record import RunRecord, read_run_record
from magnet_geo.records.segment_result import ClassRecord, SegmentResult
from magnet_geo.stac.class_list import class_list
from magnet_geo.stac.footprint import footprint
from magnet_geo.stac.time_span import TimeSpan
from magnet_geo.stac.written_item import href

PROCESSING = "https://stac-extensions.github.io/processing/v1.1.0/schema.json"
_SHARE_STEPS = 254

_MEDIA_TYPES = {
    ".gpkg": pystac.MediaType.GEOPACKAGE,
    ".fgb": pystac.MediaType.FLATGEOBUF,
    ".geojson": pystac.MediaType.GEOJSON,
    ".parquet": "application/vnd.apache.parquet",
    ".html": pystac.MediaType.HTML,
    ".qml": pystac.MediaType.XML,
    ".sld": "application/vnd.ogc.sld+xml",
    ".xml": pystac.MediaType.XML,
    ".csv": "text/csv",
}


@dataclass(frozen=True, slots=True)
class MapFiles:
    """The files that belong to a map.

    Attributes:
        raster: The class raster.
        scene: The scene that was mapped, if it is known.
        model: The model's file or STAC Item, to link to, if it is known.
        confidence: Certainty raster, if there is one.
        probabilities: Probability raster, if there is one.
        polygons: Polygon layer, if there is one.
        report: Report, if there is one.
    """

    raster: str
    scene: str | None = None
    model: str | None = None
    confidence: str | None = None
    probabilities: str | None = None
    polygons: str | None = None
    report: str | None = None


def map_files_of_result(result: SegmentResult, *, model: str | None) -> MapFiles:
    """Return the files of a run.

    Args:
        result: The run.
        model: The model's file, if it has one of its own.
    """
    return MapFiles(
        raster=result.raster,
        scene=result.scene,
        model=model,
        confidence=result.confidence,
        probabilities=result.probabilities,
        polygons=result.polygons,
        report=result.report,
    )


def make_map_item(
    files: MapFiles, target: Path, *, classes: Iterable[ClassRecord], taken: TimeSpan | None = None
) -> tuple[pystac.Item, tuple[str, ...]]:
    """Describe a map.

    Args:
        files: The map and what belongs to it.
        target: Where the Item will be written: paths in it start there.
        classes: Classes of the map with their pixels.
        taken: When the scene was taken; None to ask its file.

    Returns:
        The Item, and sentences for the user where it says less than it might.

    Raises:
        SceneError: The map or the scene cannot be read.
    """
    source = SceneSource(files.raster)
    description = describe_scene(source)
    record = read_run_record(read_tags(source), name=source.name)
    now = datetime.now(UTC).replace(microsecond=0)
    warnings: list[str] = []
    span = taken or _acquired(files.scene)
    if span is None:
        span = TimeSpan.before(now)
        warnings.append(
            "Nothing says when the scene was taken: the STAC Item only says that it was before now; give `taken`."
        )
    place = footprint(valid_outline(source), description.grid)
    if place is None:
        warnings.append("Without a way to longitude and latitude the STAC Item has no geometry.")
    item = pystac.Item(
        id=Path(files.raster).stem,
        geometry=None if place is None else place[0],
        bbox=None if place is None else place[1],
        datetime=span.instant,
        start_datetime=None if span.start == span.end else span.start,
        end_datetime=None if span.start == span.end else span.end,
        properties=_properties(description, record, now),
    )
    _add_projection(item, description.grid)
    _add_assets(item, files, target, description=description, classes=tuple(classes))
    _add_links(item, files, target)
    return item, tuple(warnings)


def _acquired(scene: str | None) -> TimeSpan | None:
    found = None if scene is None else read_acquisition(SceneSource(scene))
    return None if found is None else TimeSpan.at(found)


def _properties(description: SceneDescription, record: RunRecord | None, now: datetime) -> dict[str, Any]:
    gsd = description.grid.ground_sample_distance_m
    properties: dict[str, Any] = {
        "title": f"Land cover: {record.scene if record else description.name}",
        "created": now.isoformat().replace("+00:00", "Z"),
    }
    if gsd is not None:
        properties["gsd"] = float(f"{gsd:.6g}")
    if record is None:
        return properties
    name, _, version = record.software.partition(" ")
    properties["processing:software"] = {name: version or __version__}
    if record.gdal is not None:
        properties["processing:software"]["GDAL"] = record.gdal
    properties["processing:lineage"] = (
        f"Progressive segmentation of {record.scene} with the model {record.model.name} {record.model.version} "
        f"({record.model.title}); refinement: {record.refine}."
    )
    properties["processing:expression"] = {
        "format": "magnet-geo",
        "expression": {
            "model": record.model.model_dump(),
            "bands": list(record.bands),
            "scaling": record.scaling,
            "refine": record.refine,
            "min_confidence": record.min_confidence,
            "precision": record.precision,
        },
    }
    return properties


def _add_projection(item: pystac.Item, grid: RasterGrid) -> None:
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    t = grid.transform
    projection.shape = [grid.height, grid.width]
    projection.transform = [t.a, t.b, t.c, t.d, t.e, t.f]
    if grid.crs is None:
        projection.apply(shape=projection.shape, transform=projection.transform)
        return
    authority = grid.crs.to_authority()
    if authority:
        projection.code = ":".join(authority)
    else:
        projection.projjson = CRS.from_user_input(grid.crs).to_json_dict()


def _add_assets(
    item: pystac.Item,
    files: MapFiles,
    target: Path,
    *,
    description: SceneDescription,
    classes: tuple[ClassRecord, ...],
) -> None:
    raster = Path(files.raster)
    nodata = description.nodata[0]
    asset = _raster_asset(item, "classes", "Classes", files.raster, target)
    asset.extra_fields |= {"data_type": description.dtype} | ({} if nodata is None else {"nodata": nodata})
    band = RasterBand.create(nodata=nodata, data_type=DataType(description.dtype), sampling=Sampling.AREA)
    RasterExtension.ext(asset, add_if_missing=True).bands = [band]
    entries = class_list(
        [(entry.value, entry.name, entry.color) for entry in classes],
        counts={entry.value: entry.pixels for entry in classes},
        nodata=None if nodata is None else int(nodata),
    )
    ClassificationExtension.ext(asset, add_if_missing=True).classes = entries
    for key, title, path in (
        ("confidence", "Certainty", files.confidence),
        ("probabilities", "Probabilities of the classes", files.probabilities),
    ):
        if path is not None:
            _add_shares(item, key, title, path, target)
    others = (
        ("polygons", "Polygons", files.polygons, "data"),
        ("report", "Report", files.report, "overview"),
        ("style-qgis", "Style for QGIS", str(raster.with_suffix(".qml")), "metadata"),
        ("style-sld", "Style for map servers", str(raster.with_suffix(".sld")), "metadata"),
        ("attributes", "Attribute table for GDAL", f"{files.raster}.aux.xml", "metadata"),
    )
    for key, title, path, role in others:
        if path is not None and Path(path).is_file():
            media_type = _MEDIA_TYPES.get(Path(path).suffix.lower())
            item.add_asset(key, pystac.Asset(href(path, target), title, media_type=media_type, roles=[role]))


def _add_shares(item: pystac.Item, key: str, title: str, path: str, target: Path) -> None:
    description = describe_scene(SceneSource(path))
    asset = _raster_asset(item, key, title, path, target)
    RasterExtension.ext(asset, add_if_missing=True).bands = [
        RasterBand.create(nodata=255, data_type=DataType.UINT8, sampling=Sampling.AREA, scale=1 / _SHARE_STEPS)
        for _ in range(description.band_count)
    ]


def _raster_asset(item: pystac.Item, key: str, title: str, path: str, target: Path) -> pystac.Asset:
    tiff = Path(path).suffix.lower() in (".tif", ".tiff")
    cog = read_tags(SceneSource(path), domain="IMAGE_STRUCTURE").get("LAYOUT") == "COG"
    media_type = pystac.MediaType.COG if cog else pystac.MediaType.GEOTIFF if tiff else None
    asset = pystac.Asset(href(path, target), title, media_type=media_type, roles=["data"])
    item.add_asset(key, asset)
    return asset


def _add_links(item: pystac.Item, files: MapFiles, target: Path) -> None:
    if files.scene is not None:
        item.add_link(pystac.Link("derived_from", href(files.scene, target), title="The scene that was mapped"))
    if files.model is not None:
        item.add_link(pystac.Link("mlm:model", href(files.model, target), title="The model that mapped it"))
    if "processing:software" in item.properties:
        item.stac_extensions.append(PROCESSING)
