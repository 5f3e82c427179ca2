"""``magnet-geo areas``: pixels and areas of the classes of any class raster."""

from __future__ import annotations

from pathlib import Path

import click
from rasterio.crs import CRS

from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken
from magnet_geo.raster import SceneSource

from ..cancelling import cancel_by_signal
from ..options.option_types import Crs
from ..output.listeners import choose_listener
from ..output.shown import echo, echo_record


@click.command(name="areas")
@click.argument("raster", metavar="CLASSES")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write the table here too (.csv).")
@click.option("--crs", type=Crs(), help="CRS where the file's is missing or wrong.")
@click.option("--nodata", type=float, help="Nodata value in place of the file's.")
@click.option("--overwrite", is_flag=True, help="Replace an existing table.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
def areas(
    raster: str, csv_file: Path | None, crs: CRS | None, nodata: float | None, overwrite: bool, as_json: bool
) -> None:
    """Measure the classes of a class raster: pixels, areas and shares.

    CLASSES is a raster of whole numbers from 0 to 255, ours or another program's. Areas are true areas on the
    ellipsoid, whatever the projection: they are not those of counted pixels times a nominal pixel size.

    \b
    Examples:
      magnet-geo areas classes.tif
      magnet-geo areas classes.tif --csv areas.csv
    """
    from magnet_geo.evaluation.area_csv import check_area_csv, write_area_csv
    from magnet_geo.evaluation.map_areas import measure_areas

    if csv_file is not None:
        check_area_csv(csv_file, raster, overwrite=overwrite)
    token = CancelToken()
    with choose_listener("auto") as listener, cancel_by_signal(token):
        listener.begin_scene(short_name(raster), number=0, count=1)
        result = measure_areas(SceneSource(raster, crs=crs, nodata=nodata), progress=listener, cancel=token)
    if csv_file is not None:
        write_area_csv(csv_file, [(raster, result.classes)])
    if as_json:
        echo_record(result)
        return
    from ..output.result_table import show_areas

    for text in result.warnings:
        echo(f"Warning: {text}", err=True)
    show_areas(result.classes, result.areas)
    if csv_file is not None:
        echo(f"Wrote {csv_file}.", err=True)


command = areas
