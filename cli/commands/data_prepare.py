"""``magnet-geo data prepare``: the archives of the published sets become lists to train on and to test with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from magnet_geo.errors import TrainingError
from magnet_geo.progress import CancelToken, ProgressListener

from ..cancelling import cancel_by_signal
from ..options.gathered_options import gathered_options
from ..output.console import VisibleConsole
from ..output.shown import echo
from ..output.work_bar import work_bar

if TYPE_CHECKING:
    from magnet_geo.datasets import Preparation

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _archives(*, first_archives: tuple[Path, ...], more_archives: tuple[Path, ...]) -> dict[str, Any]:
    """Archives given either way."""
    return {"archives": (*first_archives, *more_archives)}


_set_options = gathered_options(
    (
        click.argument("more_archives", metavar="[ARCHIVE]...", nargs=-1, type=_FILE),
        click.option(
            "--archives",
            "first_archives",
            metavar="FILE...",
            multiple=True,
            type=_FILE,
            help="ZIP files as downloaded.  [default: none, the folder is unpacked already]",
        ),
        click.option(
            "--root",
            required=True,
            type=click.Path(file_okay=False, path_type=Path),
            help="Folder to unpack to, where the lists are written; made if need be.",
        ),
        click.option("--overwrite", is_flag=True, help="Replace lists that name other files."),
    ),
    _archives,
)


@click.group(name="prepare")
def prepare() -> None:
    """Unpack, check and list a published set that you have downloaded from its own site.

    \b
    Examples:
      magnet-geo data prepare cityscapes --archives leftImg8bit_trainvaltest.zip gtFine_trainvaltest.zip --root DIR
      magnet-geo data prepare deepglobe --archives land-train.zip --root DIR
    """


@prepare.command()
@_set_options
def cityscapes(archives: tuple[Path, ...], root: Path, overwrite: bool) -> None:
    """Prepare Cityscapes, listed by its own folders.

    Every label is read; train.txt, val.txt and test.txt hold lines IMAGE<Tab>LABELS. Files that are unpacked already
    are left alone, so that an interrupted preparation goes on.

    \b
    Example:
      magnet-geo data prepare cityscapes --archives leftImg8bit_trainvaltest.zip gtFine_trainvaltest.zip --root DIR
    """
    from magnet_geo.datasets import prepare_cityscapes

    _prepare(
        "cityscapes",
        lambda bar, token: prepare_cityscapes(archives, root, overwrite=overwrite, progress=bar, cancel=token),
    )


@prepare.command()
@_set_options
@click.option(
    "--split", type=_FILE, help="Which image goes where: lines such as '123 train', '456 val'.  [default: by shares]"
)
@click.option("--val-share", type=click.FloatRange(0, 0.9), default=0.2, show_default=True, help="Drawn for val.txt.")
@click.option("--test-share", type=click.FloatRange(0, 0.9), default=0.0, show_default=True, help="And for test.txt.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Decides which are drawn.")
@click.pass_context
def deepglobe(
    ctx: click.Context,
    archives: tuple[Path, ...],
    root: Path,
    overwrite: bool,
    split: Path | None,
    val_share: float,
    test_share: float,
    seed: int,
) -> None:
    """Prepare DeepGlobe land cover, listed by a split that is given or drawn.

    Every mask is read; train.txt, val.txt and test.txt hold lines IMAGE<Tab>LABELS. Images without a mask (those of
    the kit's own validation and test) are left out. Files that are unpacked already are left alone.

    \b
    Examples:
      magnet-geo data prepare deepglobe --archives land-train.zip --root DIR --val-share 0.2
      magnet-geo data prepare deepglobe --archives land-train.zip --root DIR --split split.txt
    """
    from magnet_geo.datasets import SeededSplit, prepare_deepglobe

    given = click.core.ParameterSource.COMMANDLINE
    if split is not None and any(ctx.get_parameter_source(name) == given for name in ("val_share", "test_share")):
        raise click.UsageError("Give either --split or shares, not both.")
    try:
        chosen = split or SeededSplit(val_share, test_share, seed)
    except TrainingError as error:
        raise click.UsageError(str(error)) from error
    _prepare(
        "deepglobe",
        lambda bar, token: prepare_deepglobe(archives, root, chosen, overwrite=overwrite, progress=bar, cancel=token),
    )


def _prepare(preset: str, work: Callable[[ProgressListener, CancelToken], Preparation]) -> None:
    token = CancelToken()
    with cancel_by_signal(token), work_bar("Preparing") as bar:
        preparation = work(bar, token)
    _show(preparation, preset)


def _show(preparation: Preparation, preset: str) -> None:
    console = VisibleConsole(highlight=False)
    console.print(_splits(preparation))
    console.print(_classes(preparation))
    for warning in preparation.warnings:
        echo(f"Warning: {warning}", err=True)
    lists = {split.name: split.path for split in preparation.splits}
    if "train" in lists:
        validation = f" --val-datalist {lists['val']}" if "val" in lists else ""
        echo(f"Train: magnet-geo train backbone --preset {preset} --datalist {lists['train']}{validation} -o run1")


def _splits(preparation: Preparation) -> Table:
    table = Table(title=f"{preparation.unpacked} files unpacked", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("list", overflow="fold")
    for heading in ("images", "labelled"):
        table.add_column(heading, justify="right", no_wrap=True)
    for split in preparation.splits:
        table.add_row(str(split.path), str(split.pairs), f"{split.labeled_share:.1%}")
    return table


def _classes(preparation: Preparation) -> Table:
    title = "Classes, from all labels"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, min_width=len(title))
    table.add_column("class")
    table.add_column("share", justify="right")
    for name, share in preparation.class_shares.items():
        table.add_row(name, f"{share:.1%}")
    return table
