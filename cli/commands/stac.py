"""``magnet-geo stac``: a class map as a STAC Item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken

from ..cancelling import cancel_by_signal
from ..options.stac_options import TimeSpanType
from ..output.listeners import choose_listener
from ..output.shown import echo

if TYPE_CHECKING:
    from magnet_geo.stac import TimeSpan

_FILE = click.Path(exists=True, dir_okay=False)


@click.command(name="stac")
@click.argument("raster", metavar="CLASSES")
@click.argument("output", metavar="OUT.json", type=click.Path(path_type=Path))
@click.option("--scene", metavar="SCENE", help="The scene that was mapped: linked to, and asked when it was taken.")
@click.option("--datetime", "taken", type=TimeSpanType(), help="When the scene was taken.  [default: its file says]")
@click.option("--model", type=_FILE, help="The model's file, or its own STAC Item: linked to.")
@click.option("--confidence", type=_FILE, help="Certainty of the map, from segment --confidence.")
@click.option("--probabilities", type=_FILE, help="Probabilities, from segment --probabilities.")
@click.option("--polygons", type=_FILE, help="The map as polygons.")
@click.option("--report", type=_FILE, help="The map's report.")
@click.option("--overwrite", is_flag=True, help="Replace an existing Item.")
def stac(
    raster: str,
    output: Path,
    scene: str | None,
    taken: TimeSpan | None,
    model: str | None,
    confidence: str | None,
    probabilities: str | None,
    polygons: str | None,
    report: str | None,
    overwrite: bool,
) -> None:
    """Describe a class map as a STAC Item, for catalogues.

    The Item says where the map lies (the outline of its valid pixels), when the scene was taken, which classes it
    holds and how it was made, and links to its files by paths relative to OUT.json.

    \b
    Examples:
      magnet-geo stac classes.tif classes.json --scene scene.tif
      magnet-geo stac classes.tif classes.json --scene scene.tif --datetime 2024-06-01
    """
    from magnet_geo.stac import stac_item

    token = CancelToken()
    with choose_listener("auto") as listener, cancel_by_signal(token):
        listener.begin_scene(short_name(raster), number=0, count=1)
        stac_item(
            raster,
            output,
            scene=scene,
            taken=taken,
            model=model,
            confidence=confidence,
            probabilities=probabilities,
            polygons=polygons,
            report=report,
            overwrite=overwrite,
            progress=listener,
            cancel=token,
        )
    echo(f"Wrote {output}.", err=True)


command = stac
