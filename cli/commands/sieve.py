"""``magnet-geo sieve``: a class raster without small patches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rasterio.crs import CRS

from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken
from magnet_geo.raster import SceneSource

from ..cancelling import cancel_by_signal
from ..options.option_types import Crs
from ..options.polygon_option_types import PatchArea
from ..output.listeners import choose_listener
from ..output.shown import echo, echo_record

if TYPE_CHECKING:
    from magnet_geo.vector.polygon_options import PatchSize


@click.command(name="sieve")
@click.argument("classes_raster", metavar="CLASSES.tif")
@click.argument("output", metavar="OUT.tif", type=click.Path(path_type=Path))
@click.option("--min-area", type=PatchArea(), required=True, help="Smaller patches merge into a neighbor.")
@click.option(
    "--connectivity",
    type=click.Choice(["4", "8"]),
    default="4",
    show_default=True,
    help="8: pixels that touch by the corner are one patch.",
)
@click.option("--crs", type=Crs(), help="CRS where the file's is missing or wrong.")
@click.option("--nodata", type=float, help="Nodata value in place of the file's.")
@click.option("--overwrite", is_flag=True, help="Replace an existing map.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as JSON to stdout.")
@click.option(
    "--progress", type=click.Choice(["auto", "bar", "none"]), default="auto", show_default=True, help="A bar."
)
def sieve(
    classes_raster: str,
    output: Path,
    min_area: PatchSize,
    connectivity: str,
    crs: CRS | None,
    nodata: float | None,
    overwrite: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Merge small patches of a class raster into their neighbors.

    Of the patches smaller than --min-area, those without a smaller small neighbor go first. Each joins the neighbor
    with which it shares the longest border; of several the larger one. This is repeated until nothing is small, but
    for patches that lie alone in nodata. Pixels without a class stay without.

    \b
    Examples:
      magnet-geo sieve classes.tif clean.tif --min-area 50m2
      magnet-geo sieve classes.tif clean.tif --min-area 20px
    """
    from magnet_geo.vector.merging.minimum_mapping_unit import sieve as write_sieved

    token = CancelToken()
    with choose_listener(progress) as listener, cancel_by_signal(token):
        listener.begin_scene(short_name(classes_raster), number=0, count=1)
        result = write_sieved(
            SceneSource(classes_raster, crs=crs, nodata=nodata),
            output,
            min_area=min_area,
            connectivity=8 if connectivity == "8" else 4,
            overwrite=overwrite,
            progress=listener,
            cancel=token,
        )
    if as_json:
        echo_record(result)
        return
    share = result.changed_pixels / result.valid_pixels
    echo(
        f"{result.merged_patches:,} patches below {min_area} merged, {result.changed_pixels:,} pixels ({share:.1%}) "
        f"took another class, {result.seconds:.1f} s"
    )
    echo(f"{'map':<14}{result.raster}")


command = sieve
