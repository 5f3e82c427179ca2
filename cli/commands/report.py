"""``magnet-geo report``: a map as one HTML file to hand on."""

from __future__ import annotations

from pathlib import Path

import click

from magnet_geo.progress import CancelToken

from ..cancelling import cancel_by_signal
from ..options.option_types import BandList
from ..output.listeners import choose_listener
from ..output.shown import echo

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="report")
@click.argument("classes", metavar="CLASSES.tif")
@click.argument("output", metavar="OUT.html", type=click.Path(path_type=Path))
@click.option("--scene", metavar="SCENE", help="The scene that was mapped, to lie beside the map.")
@click.option("--bands", type=BandList(), help="Its red, green and blue, such as 4,3,2, or one band.  [default: found]")
@click.option("--confidence", metavar="FILE", help="Certainty of the map, from segment --confidence.")
@click.option("--evaluation", type=_FILE, help="Result of evaluate --json.")
@click.option("--accuracy", type=_FILE, help="Result of accuracy estimate --json.")
@click.option("--run", "run_file", type=_FILE, help="Result of segment --json; adds time and memory of the run.")
@click.option("--title", default="", help="Headline.  [default: of the scene's name]")
@click.option("--attribution", default="", help="Who owns the scene.  [default: what its file says]")
@click.option("--nodata", type=click.IntRange(0, 255), help="Value of the map that is no class.  [default: the file's]")
@click.option("--overwrite", is_flag=True, help="Replace an existing report.")
@click.option(
    "--progress", type=click.Choice(["auto", "bar", "none"]), default="auto", show_default=True, help="A bar."
)
def report(
    classes: str,
    output: Path,
    scene: str | None,
    bands: tuple[int, ...] | None,
    confidence: str | None,
    evaluation: Path | None,
    accuracy: Path | None,
    run_file: Path | None,
    title: str,
    attribution: str,
    nodata: int | None,
    overwrite: bool,
    progress: str,
) -> None:
    """Put a map into one HTML file: scene and map side by side, areas, patch sizes, certainty, how it was made.

    The file needs no other file and no network, and prints well. A map made by segment carries the record of its run;
    one made elsewhere works too, and tells less.

    \b
    Examples:
      magnet-geo report classes.tif report.html --scene scene.tif
      magnet-geo report classes.tif report.html --scene scene.tif --confidence certainty.tif --title "Village, 2025"
    """
    if bands is not None and scene is None:
        raise click.UsageError("--bands needs --scene.")
    from magnet_geo.raster import SceneSource
    from magnet_geo.report import ReportSources, read_result, write_report

    sources = ReportSources(
        classes=SceneSource(classes, nodata=nodata),
        scene=None if scene is None else SceneSource(scene),
        bands=bands,
        confidence=None if confidence is None else SceneSource(confidence),
        evaluation=evaluation,
        accuracy=accuracy,
        result=None if run_file is None else read_result(run_file),
        title=title,
        attribution=attribution,
    )
    token = CancelToken()
    with choose_listener(progress) as listener, cancel_by_signal(token):
        listener.begin_scene(output.name, number=0, count=1)
        write_report(sources, output, overwrite=overwrite, progress=listener, cancel=token)
    echo(f"report        {output} ({output.stat().st_size / 1e6:.1f} MB)")


command = report
