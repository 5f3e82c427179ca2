"""``magnet-geo data``: labelled images, prepared and checked."""

from __future__ import annotations

from pathlib import Path

import click

from magnet_geo.progress import CancelToken

from ..cancelling import cancel_by_signal
from ..errors import MagnetGroup
from ..options.dataset_options import DatasetChoice, dataset_options
from ..output.shown import echo
from ..output.work_bar import work_bar
from .data_prepare import prepare


@click.group(name="data", cls=MagnetGroup)
def data() -> None:
    """Prepare and check labelled images for training and tests.

    \b
    Examples:
      magnet-geo data check --images images --labels labels --classes classes.yaml
      magnet-geo data prepare deepglobe --archives land-train.zip --root DIR
    """


@data.command(name="check")
@dataset_options(validation=False)
@click.option("--windows", type=click.IntRange(1), help="Windows to read.  [default: 256, and one of each image]")
@click.option("--contact-sheet", type=click.Path(path_type=Path), help="Picture of samples to write (PNG).")
@click.option("--samples", type=click.IntRange(1, 60), default=12, show_default=True, help="Samples in that picture.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Decides which are drawn.")
@click.option("--overwrite", is_flag=True, help="Replace an existing picture.")
def check(
    data: DatasetChoice, windows: int | None, contact_sheet: Path | None, samples: int, seed: int, overwrite: bool
) -> None:
    """Say what labelled images hold, and what is wrong with them.

    \b
    Examples:
      magnet-geo data check --scene scene.tif --truth labels.gpkg --class-column kind --classes classes.yaml
      magnet-geo data check --images images --labels labels --classes classes.yaml --contact-sheet samples.png
    """
    from magnet_geo.datasets import check_dataset, open_dataset
    from magnet_geo.datasets import contact_sheet as draw_contact_sheet
    from magnet_geo.raster import check_output_path

    from ..output.check_report import show_check

    if contact_sheet is not None:
        check_output_path(contact_sheet, "", overwrite, suffixes=(".png",))
    token = CancelToken()
    with cancel_by_signal(token):
        with work_bar("Checking") as bar:
            description = data.description(data.class_table(), progress=bar)
            report = check_dataset(description, windows=windows, seed=seed, progress=bar, cancel=token)
        show_check(report, title="Labelled images")
        if report.faults:
            raise click.exceptions.Exit(1)
        if contact_sheet is not None:
            with work_bar("Drawing") as bar:
                dataset = open_dataset(description, progress=bar, cancel=token)
                scheme = dataset.table.scheme
                draw_contact_sheet(
                    dataset.sources,
                    scheme,
                    contact_sheet,
                    samples=samples,
                    seed=seed,
                    overwrite=overwrite,
                    progress=bar,
                    cancel=token,
                )
            echo(f"Samples: {contact_sheet}")


data.add_command(prepare)
command = data
