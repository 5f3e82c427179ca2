"""``magnet-geo test``: a model on labelled images, coarse and refined side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magnet_geo.datasets import PUBLISHED_TABLES, ClassTable
from magnet_geo.evaluation.boundary import DEFAULT_TOLERANCE_PX
from magnet_geo.model import Manifest, PresetOverrides, preset_names
from magnet_geo.progress import CancelToken
from magnet_geo.raster import ModelValues

from ..cancelling import cancel_by_signal
from ..options.dataset_options import DatasetChoice, dataset_options
from ..options.model_choice import ModelChoice
from ..options.option_types import ModeList, PixelSize
from ..options.preset_options import preset_knobs
from ..output.listeners import choose_listener
from ..output.shown import echo, echo_record
from ..output.table_file import check_table_target, write_table

if TYPE_CHECKING:
    from magnet_geo.datasets import DatasetDescription
    from magnet_geo.evaluation.dataset_records import DatasetScores
    from magnet_geo.evaluation.dataset_score import ScoringOptions
    from magnet_geo.inference import Segmenter
    from magnet_geo.progress import ProgressListener

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TARGET = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Where pictures go, if anywhere."""

    folder: Path | None
    overwrite: bool


@click.command(name="test", short_help="Score a model on labelled images.")
@click.option("--model", "model_name", metavar="NAME|FILE", help="Bundled name or model file.  [default: landcover]")
@click.option("--preset", type=click.Choice(preset_names()), help="Published configuration, with --backbone.")
@click.option("--backbone", type=_FILE, help="Checkpoint of a preset's backbone (.pth).")
@click.option("--refinement", "refinements", type=_FILE, multiple=True, help="Its refinement: one, or one per level.")
@preset_knobs
@dataset_options(validation=False)
@click.option(
    "--modes",
    type=ModeList(),
    help="What to run: coarse only, fast and full refinement, slid (the backbone alone on overlapping patches of the "
    "full resolution), or a share of the patches such as 0.25.  [default: coarse, and what the model refines]",
)
@click.option("--gsd", type=PixelSize(), help="Pixel size where images are silent; 'native' takes pixels as they are.")
@click.option(
    "--boundary-tolerance",
    type=click.IntRange(0),
    default=DEFAULT_TOLERANCE_PX,
    show_default=True,
    help="Pixels that borders may be apart.",
)
@click.option(
    "--save-predictions", type=_TARGET, metavar="DIR", help="Draw a picture per image: labels and maps side by side."
)
@click.option("--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps", help="Where to compute.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
    default="auto",
    show_default=True,
    help="Numbers of the networks; auto: bf16 where the hardware multiplies it.",
)
@click.option("--batch-size", type=click.IntRange(1), help="Patches per network pass.  [default: chosen]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the networks.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.option("--csv", "csv_file", type=_TARGET, help="Write the scores of all modes and classes here.")
@click.option(
    "--progress", type=click.Choice(["auto", "bar", "none"]), default="auto", show_default=True, help="A bar."
)
@click.option("--overwrite", is_flag=True, help="Replace existing outputs.")
def test(
    model_name: str | None,
    preset: str | None,
    backbone: Path | None,
    refinements: tuple[Path, ...],
    overrides: PresetOverrides,
    data: DatasetChoice,
    modes: Any,
    gsd: Any,
    boundary_tolerance: int,
    save_predictions: Path | None,
    device: str,
    precision: Any,
    batch_size: int | None,
    threads: int | None,
    as_json: bool,
    csv_file: Path | None,
    progress: str,
    overwrite: bool,
) -> None:
    """Score a model on labelled images: coarse, fast and full, side by side.

    Images are mapped as scenes are, window by window, whatever their size, and compared with their labels pixel by
    pixel.

    \b
    Examples:
      magnet-geo test --model run2/model.safetensors --scene scene.tif --truth labels.gpkg --class-column kind
      magnet-geo test --preset deepglobe --backbone fpn.pth --refinement refinement.pth --root DIR --datalist val.txt
      magnet-geo test --images images --labels labels --ignore-value 0 --modes coarse,full,slid --save-predictions out
    """
    from magnet_geo.evaluation.dataset_score import ScoringOptions

    choice = ModelChoice(model_name, preset, backbone, refinements, overrides)
    options = ScoringOptions(modes=modes, tolerance_px=boundary_tolerance, gsd=gsd)
    check_table_target(csv_file, overwrite=overwrite)
    token = CancelToken()
    with choose_listener(progress) as listener, cancel_by_signal(token):
        listener.begin_scene("test", number=0, count=1)
        described = _described(data, choice.manifest(), preset, listener)
        model = _loaded(choice, device, precision, batch_size, threads)
        result = _scored(described, model, options, _Pictures(save_predictions, overwrite), listener, token)
    from ..output.dataset_scores_table import dataset_score_rows, show_dataset_scores

    if csv_file is not None:
        write_table(csv_file, dataset_score_rows(result))
    if as_json:
        echo_record(result)
    else:
        show_dataset_scores(result)
        if save_predictions is not None:
            echo(f"pictures in {save_predictions}")


def _described(
    data: DatasetChoice, manifest: Manifest, preset: str | None, listener: ProgressListener
) -> DatasetDescription:
    """The images, understood as the model wants them."""
    scaling = manifest.scaling
    own = ClassTable.of_scheme(manifest.class_scheme())
    return data.description(
        data.class_table(own if preset is None else PUBLISHED_TABLES[preset.removesuffix("-fast")]()),
        band_names=manifest.bands,
        values=ModelValues(manifest.scaling.dtype, scaling.low, scaling.high),
        progress=listener,
    )


def _loaded(choice: ModelChoice, device: str, precision: Any, batch_size: int | None, threads: int | None) -> Segmenter:
    model = choice.load(device=device, precision=precision)
    if batch_size is not None:
        model.predictor.batch_size = batch_size
    if threads is not None:
        from magnet_geo.compute.device import use_threads

        use_threads(threads)
    return model


def _scored(
    described: DatasetDescription,
    model: Segmenter,
    options: ScoringOptions,
    pictures: _Pictures,
    listener: ProgressListener,
    token: CancelToken,
) -> DatasetScores:
    from magnet_geo.datasets import open_dataset
    from magnet_geo.evaluation.dataset_score import score_dataset
    from magnet_geo.evaluation.prediction_picture import PredictionPictures

    dataset = open_dataset(described, cancel=token)
    draw = None
    if pictures.folder is not None:
        sources, scheme = dataset.sources, dataset.table.scheme
        draw = PredictionPictures(pictures.folder, sources, scheme, overwrite=pictures.overwrite).draw
    return score_dataset(dataset, model, options, on_image=draw, progress=listener, cancel=token)


command = test
