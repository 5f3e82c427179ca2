"""``magnet-geo train refinement``: the refinement module of a model whose backbone is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magnet_geo.datasets import PUBLISHED_TABLES, ClassTable
from magnet_geo.errors import OptionError
from magnet_geo.model import Manifest, create_preset, list_models
from magnet_geo.networks import refinement_names
from magnet_geo.raster import ModelValues
from magnet_geo.training.presets import REFINEMENT_PRESETS
from magnet_geo.training.settings import NETWORK, RefinementSettings

from ..jobs.dataset_check import may_train
from ..jobs.training_run import RunChoice, report_model, run_options, text_options
from ..options.dataset_options import DatasetChoice, dataset_options
from ..options.option_types import FileOrName
from ..options.training_options import HeadedCommand, headed, settings_options, taken_settings

if TYPE_CHECKING:
    from magnet_geo.networks import Backbone, Refinement

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _preset_values(name: str) -> dict[str, Any]:
    return dict(REFINEMENT_PRESETS[name])


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A model whose refinement is to be trained."""

    target: Manifest
    backbone: Backbone
    refinements: tuple[Refinement, ...]


@click.command(name="refinement", cls=HeadedCommand)
@dataset_options(validation=True)
@run_options(tuple(REFINEMENT_PRESETS), _preset_values)
@text_options
@headed(
    NETWORK,
    "--model",
    type=FileOrName(list_models),
    metavar="NAME|FILE",
    help="Model whose backbone is trained, such as run1/model.safetensors.",
)
@headed(NETWORK, "--backbone", type=_FILE, help="With --preset: model file or checkpoint of its backbone.")
@headed(
    NETWORK,
    "--refinement",
    type=click.Choice(refinement_names()),
    help="Refinement module.  [default: the model's]",
)
@headed(NETWORK, "--go-on", is_flag=True, help="Begin with the model's refinement weights, not with new ones.")
@settings_options(RefinementSettings)
def refinement(
    data: DatasetChoice,
    run: RunChoice,
    name: str | None,
    texts: dict[str, str],
    model: str | None,
    backbone: Path | None,
    refinement: str | None,
    go_on: bool,
    preset: str | None,
    **values: Any,
) -> None:
    """Train the refinement module on the predictions of a frozen backbone.

    The folder receives model.safetensors with its fast mode and confidence calibrated on the validation data;
    besides, checkpoints, the history and curves.png.

    \b
    Examples:
      magnet-geo train refinement --model run1/model.safetensors --scene scene.tif --truth labels.gpkg -o run2
      magnet-geo train refinement --preset deepglobe --backbone fpn.pth --datalist train.txt --root DIR -o run2
      magnet-geo train refinement -o run2 --resume
    """
    settings: RefinementSettings = taken_settings(RefinementSettings, values)
    if (model is None) == (backbone is None):
        raise click.UsageError("Give the model with a trained backbone: --model FILE, or --preset with --backbone.")
    if backbone is not None and preset is None:
        raise click.UsageError("--backbone needs --preset; a model file goes with --model.")
    with run.running() as (screen, token):
        begun = _begin(model, backbone, preset, settings, refinement=refinement, go_on=go_on)
        target = begun.target.changed(**texts | ({} if name is None else {"name": name}))
        table = data.class_table(_table_of(target, preset))
        _require_same_classes(table, target)
        scaling = target.scaling
        described = data.description(
            table,
            band_names=target.bands,
            values=ModelValues(target.scaling.dtype, scaling.low, scaling.high),
            progress=screen,
        )
        if not may_train(data, described, run, screen, token):
            return
        training, validation = data.open(described, progress=screen, cancel=token)
        from magnet_geo.training.backbone_training import TrainingData
        from magnet_geo.training.refinement_training import train_refinement

        options = run.prepare(screen, token, settings)
        sources = TrainingData(training.sources, validation.sources if validation else ())
        trained = train_refinement(sources, begun.backbone, begun.refinements, target, settings, options)
        report_model(trained, screen)


def _begin(
    model: str | None,
    backbone: Path | None,
    preset: str | None,
    settings: RefinementSettings,
    *,
    refinement: str | None,
    go_on: bool,
) -> _Begun:
    from magnet_geo.model import load_bundle
    from magnet_geo.training.refinement_training import begin_refinements, preset_backbone

    if model is not None:
        bundle = load_bundle(model)
        target, network, first = bundle.manifest, bundle.backbone, bundle.refinements
    elif preset is not None and backbone is not None:
        target = create_preset(preset)
        network, first = preset_backbone(target, backbone), ()
    architecture = target.architecture.model_dump() | {"refinement_per_level": settings.per_level}
    if refinement is not None:
        architecture["refinement"] = refinement
    if refinement is not None and go_on and refinement != target.architecture.refinement:
        raise OptionError(f"--go-on keeps the model's refinement '{target.architecture.refinement}'; leave one out.")
    target = target.changed(architecture=architecture, card=())
    return _Begun(target, network, begin_refinements(target, first if go_on else (), seed=settings.seed))


def _table_of(target: Manifest, preset: str | None) -> ClassTable:
    return PUBLISHED_TABLES[preset]() if preset is not None else ClassTable.of_scheme(target.class_scheme())


def _require_same_classes(table: ClassTable, target: Manifest) -> None:
    found, wanted = [c.name for c in table.scheme.classes], [entry.name for entry in target.classes]
    if found != wanted:
        raise OptionError(
            f"The labels' classes are {', '.join(found)}, the model's {', '.join(wanted)}; give --classes with the "
            "model's names in its order, or train a backbone with the new classes first."
        )


command = refinement
