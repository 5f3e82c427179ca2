"""``magnet-geo polygonize``: a class raster to a layer of polygons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rasterio.crs import CRS

from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken
from magnet_geo.raster import SceneSource

from ..cancelling import cancel_by_signal
from ..options.option_types import Box, Crs
from ..options.polygon_option_types import ClassNames, PatchArea, Tolerance
from ..options.record_options import chosen_area
from ..output.console import VisibleConsole, escape
from ..output.listeners import choose_listener
from ..output.shown import echo_record

if TYPE_CHECKING:
    from magnet_geo.scene import Area
    from magnet_geo.vector.class_bands import Inside
    from magnet_geo.vector.polygon_options import BorderTolerance, PatchSize
    from magnet_geo.vector.polygons_result import PolygonsResult

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="polygonize")
@click.argument("classes_raster", metavar="CLASSES.tif")
@click.argument("output", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--min-area", type=PatchArea(), help="Smaller patches merge into the neighbor with the longest border.")
@click.option("--simplify", type=Tolerance(), help="Drop corners of borders, once for both sides.")
@click.option("--smooth", is_flag=True, help="Cut corners by half a pixel, so that stairs become slopes.")
@click.option(
    "--connectivity",
    type=click.Choice(["4", "8"]),
    default="4",
    show_default=True,
    help="8: pixels that touch by the corner are one feature, a multipolygon.",
)
@click.option(
    "--classes",
    type=ClassNames(),
    default=(),
    help="Write only these classes (names or values); a name with a comma in double quotes: "
    "'\"cropland, irrigated\",water'.",
)
@click.option("--dissolve", is_flag=True, help="One feature for each class.")
@click.option("--max-vertices", type=click.IntRange(100), metavar="N", help="Cut larger polygons along tile lines.")
@click.option("--confidence", type=_FILE, help="Certainty from 'segment --confidence'; adds its mean to each polygon.")
@click.option("--aoi", type=_FILE, help="Area of interest: polygons of a vector file.")
@click.option("--bbox", type=Box(), help="Area of interest: left, bottom, right, top.")
@click.option("--bbox-crs", type=Crs(), help="CRS of --bbox.  [default: the map's]")
@click.option("--crs", type=Crs(), help="CRS where the file's is missing or wrong.")
@click.option("--nodata", type=float, help="Nodata value in place of the file's.")
@click.option("--overwrite", is_flag=True, help="Replace an existing layer.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as JSON to stdout.")
@click.option(
    "--progress", type=click.Choice(["auto", "bar", "none"]), default="auto", show_default=True, help="A bar."
)
def polygonize(
    classes_raster: str,
    output: Path,
    min_area: PatchSize | None,
    simplify: BorderTolerance | None,
    smooth: bool,
    connectivity: str,
    classes: tuple[str, ...],
    dissolve: bool,
    max_vertices: int | None,
    confidence: Path | None,
    aoi: Path | None,
    bbox: tuple[float, float, float, float] | None,
    bbox_crs: CRS | None,
    crs: CRS | None,
    nodata: float | None,
    overwrite: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Turn a class raster into polygons: OUT.gpkg, .fgb, .parquet, .geojson or .shp.

    The polygons tile the map without gaps or overlaps, also after --min-area, --simplify and --smooth. Each knows its
    class, color, true area and perimeter. Rasters of any size are read in bands of rows.

    \b
    Examples:
      magnet-geo polygonize classes.tif fields.gpkg
      magnet-geo polygonize classes.tif fields.gpkg --min-area 50m2 --simplify 1.5m
      magnet-geo polygonize classes.tif water.geojson --classes water --smooth
    """
    area = chosen_area(bbox, bbox_crs, aoi)
    if simplify is not None and smooth:
        raise click.UsageError("Give either --simplify or --smooth, not both.")
    if dissolve and max_vertices is not None:
        raise click.UsageError("Give either --dissolve or --max-vertices, not both.")
    from magnet_geo.vector.polygon_options import PolygonOptions
    from magnet_geo.vector.polygonizer import check_polygons
    from magnet_geo.vector.polygonizer import polygonize as write_polygons

    options = PolygonOptions(
        connectivity=8 if connectivity == "8" else 4,
        min_area=min_area,
        simplify=simplify,
        smooth=smooth,
        classes=classes,
        dissolve=dissolve,
        max_vertices=max_vertices,
        overwrite=overwrite,
    )
    check_polygons(output, classes_raster, options)
    source = SceneSource(classes_raster, crs=crs, nodata=nodata)
    token = CancelToken()
    with choose_listener(progress) as listener, cancel_by_signal(token):
        listener.begin_scene(short_name(classes_raster), number=0, count=1)
        result = write_polygons(
            source,
            output,
            options=options,
            confidence=confidence,
            inside=_inside(source, area),
            progress=listener,
            cancel=token,
        )
    if as_json:
        echo_record(result)
    else:
        _show(result)


def _inside(source: SceneSource, area: Area | None) -> Inside | None:
    if area is None:
        return None
    from magnet_geo.raster import describe_scene
    from magnet_geo.scene import AreaOfInterest

    return AreaOfInterest.of(area, describe_scene(source).grid).inside


def _show(result: PolygonsResult) -> None:
    from rich.table import Table

    console = VisibleConsole(highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("", "value", "class", "polygons"):
        table.add_column(head, justify="left" if head in ("", "class") else "right")
    measured = any(entry.area_m2 is not None for entry in result.classes)
    if measured:
        table.add_column("area, ha", justify="right")
    for entry in result.classes:
        cells = [f"[{entry.color}]██[/]", str(entry.value), escape(entry.name), f"{entry.features:,}"]
        table.add_row(*cells, *([f"{(entry.area_m2 or 0.0) / 1e4:,.2f}"] if measured else []))
    console.print(table)
    merged = f", {result.merged_patches:,} small patches merged" if result.merged_patches else ""
    console.print(f"{result.features:,} features, {result.vertices:,} corners{merged}, {result.seconds:.1f} s")
    console.print(f"{'polygons':<14}{result.polygons}", markup=False)
    if result.style is not None:
        console.print(f"{'style':<14}{result.style}", markup=False)


command = polygonize
