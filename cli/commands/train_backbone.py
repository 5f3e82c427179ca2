"""``magnet-geo train backbone``: from labelled images to a model that maps scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magnet_geo.datasets import PUBLISHED_TABLES, LabeledDataset
from magnet_geo.errors import OptionError
from magnet_geo.model import Manifest, create_preset, list_models
from magnet_geo.networks import backbone_names
from magnet_geo.training.presets import BACKBONE_PRESETS
from magnet_geo.training.settings import NETWORK, BackboneSettings

from ..jobs.dataset_check import may_train
from ..jobs.training_run import RunChoice, report_model, run_options, text_options
from ..options.dataset_options import DatasetChoice, dataset_options
from ..options.option_types import FileOrName, PixelSize
from ..options.training_options import HeadedCommand, headed, settings_options, taken_settings

if TYPE_CHECKING:
    from magnet_geo.training.initialization import Start


def _preset_values(name: str) -> dict[str, Any]:
    backbone = create_preset(name).architecture.backbone
    return {"backbone": backbone, "classes": name, **BACKBONE_PRESETS[name]}


@click.command(name="backbone", cls=HeadedCommand)
@dataset_options(validation=True)
@run_options(tuple(BACKBONE_PRESETS), _preset_values)
@text_options
@headed(NETWORK, "--backbone", type=click.Choice(backbone_names()), help="Network.  [default: light-fpn, or --init's]")
@headed(
    NETWORK,
    "--init",
    type=FileOrName(lambda: ("auto", "random", "imagenet", *list_models())),
    default="auto",
    show_default=True,
    metavar="auto|random|imagenet|MODEL",
    help="First weights; a bundled model, model file or checkpoint may have other classes and bands. "
    "auto: ImageNet's for light encoders, else random.",
)
@headed(
    NETWORK,
    "--init-encoder",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="State dict of an encoder alone, such as torchvision's ResNet-50.",
)
@headed(NETWORK, "--gsd", type=PixelSize(), help="Pixel size of the model.  [default: the images' middle one]")
@settings_options(BackboneSettings)
def backbone(
    data: DatasetChoice,
    run: RunChoice,
    name: str | None,
    texts: dict[str, str],
    backbone: str | None,
    init: str,
    init_encoder: Path | None,
    gsd: Any,
    preset: str | None,
    **values: Any,
) -> None:
    """Train the segmentation network on labelled images.

    The folder receives model.safetensors, which maps scenes at once, and from which 'train refinement' goes on;
    besides, checkpoints, the history and curves.png. Several GPUs: torchrun --nproc-per-node N -m magnet_geo train
    backbone ...

    \b
    Examples:
      magnet-geo train backbone --scene scene.tif --truth labels.gpkg --class-column kind --classes kinds.yaml -o run1
      magnet-geo train backbone --datalist train.txt --val-datalist val.txt --root DIR --preset deepglobe -o run1
      magnet-geo train backbone -o run1 --resume
    """
    settings: BackboneSettings = taken_settings(BackboneSettings, values)
    published = None if preset is None else create_preset(preset).without_refinement()
    if init_encoder is not None and init not in ("auto", "random"):
        raise click.UsageError("Give either --init or --init-encoder, not both.")

    def begin(training: LabeledDataset) -> tuple[Start, Manifest | None]:
        """Return the first weights, and the model to make where a preset names it."""
        from magnet_geo.training.initialization import begin_backbone

        classes = training.table.scheme.classes
        start = begin_backbone(
            backbone,
            num_classes=len(classes),
            bands=len(training.band_names),
            init=init,
            init_encoder=init_encoder,
            class_names=[c.name for c in classes],
            seed=settings.seed,
        )
        if published is None:
            return start, None
        return start, _preset_target(published, start.backbone.name, training, name, texts)

    with run.running() as (screen, token):
        table = data.class_table(None if preset is None else PUBLISHED_TABLES[preset]())
        described = data.description(table, progress=screen)
        if not may_train(data, described, run, screen, token, begin=begin):
            return
        training, validation = data.open(described, progress=screen, cancel=token)
        from magnet_geo.training.backbone_training import TrainingData, train_backbone

        options = run.prepare(screen, token, settings)
        start, target = begin(training)
        screen.tell(start.remark)
        sources = TrainingData(training.sources, validation.sources if validation else ())
        if target is None:
            target = _new_target(start, training, sources, settings, gsd, name or run.folder.name, texts)
        report_model(train_backbone(sources, start, target, settings, options), screen)


def _preset_target(
    published: Manifest, network: str, training: LabeledDataset, name: str | None, texts: dict[str, str]
) -> Manifest:
    scheme = training.table.scheme
    found = [(c.value, c.name) for c in scheme.classes]
    wanted = [(entry.value, entry.name) for entry in published.classes]
    if found != wanted:
        raise OptionError(f"The preset '{published.name}' has other classes than --classes; leave one of them out.")
    architecture = published.architecture.model_dump() | {"backbone": network}
    changes: dict[str, Any] = {"architecture": architecture, "version": "1", **texts}
    return published.changed(**changes | ({} if name is None else {"name": name}))


def _new_target(
    start: Start,
    training: LabeledDataset,
    sources: Any,
    settings: BackboneSettings,
    gsd: Any,
    name: str,
    texts: dict[str, str],
) -> Manifest:
    from magnet_geo.training.target import common_gsd_m, measured_normalization, new_manifest

    if gsd is None:
        gsd_m = common_gsd_m([*sources.training, *sources.validation])
    else:
        gsd_m = None if gsd == "native" else float(gsd)
    values = training.values
    return new_manifest(
        name=name,
        backbone=start.backbone.name,
        scheme=training.table.scheme,
        uncounted=sorted(training.table.uncounted),
        bands=training.band_names,
        scaling={"dtype": values.dtype, "low": values.low, "high": values.high},
        normalization=start.normalization or measured_normalization(sources.training, settings),
        gsd_m=gsd_m,
        settings=settings,
        texts=texts,
    )


command = backbone
