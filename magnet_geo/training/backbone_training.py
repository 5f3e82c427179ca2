"""The first stage from labelled sources to a model file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from magnet_geo.datasets import LabeledSource
from magnet_geo.errors import TrainingError
from magnet_geo.model import Manifest
from magnet_geo.networks import Backbone, Refinement, create_refinement, load_state
from magnet_geo.progress import CancelToken, ProgressListener, ignore_progress
from magnet_geo.training.crops import CropBatch, CropSampler, SourceSet
from magnet_geo.training.encoder import encoder_parameters, freeze
from magnet_geo.training.finishing import TrainedModel, create_predictor, finish
from magnet_geo.training.initialization import Start
from magnet_geo.training.learners import BackboneLearner
from magnet_geo.training.objective import Objective
from magnet_geo.training.pace import ParameterGroup
from magnet_geo.training.scoring import backbone_scores
from magnet_geo.training.settings import BackboneSettings, TrainingSettings
from magnet_geo.training.target import DataStatistics
from magnet_geo.training.trainer import Scores, Task, Trainer
from magnet_geo.training.validation_set import ValidationSet
from magnet_geo.training.workplace import Workplace, prepared_workplace

ENCODER_RATE_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What a training learns from and is judged by.

    Attributes:
        training: At least one labelled image.
        validation: Others; empty for none.
    """

    training: Sequence[LabeledSource]
    validation: Sequence[LabeledSource] = ()

    def __post_init__(self) -> None:
        if not self.training:
            raise TrainingError("There is no image to train on; check the list or the folders of the dataset.")
        bands = {source.band_count for source in (*self.training, *self.validation)}
        if len(bands) > 1:
            raise TrainingError(f"The images have different numbers of bands ({sorted(bands)}); choose with `bands`.")


@dataclass(frozen=True, slots=True, eq=False)
class RunOptions:
    """How a run behaves, beside what is learned.

    Attributes:
        folder: Takes all files; it exists.
        resume: Whether to go on from its last checkpoint.
        tensorboard: Whether a TensorBoard log is written.
        progress: Told how far the run is.
        cancel: Stops it.
        parameters: Plain values the checkpoint carries along, such as the options of the command.
    """

    folder: Path
    resume: bool = False
    tensorboard: bool = False
    progress: ProgressListener = ignore_progress
    cancel: CancelToken = field(default_factory=CancelToken)
    parameters: Mapping[str, Any] = field(default_factory=dict)


def train_backbone(
    data: TrainingData, start: Start, target: Manifest, settings: BackboneSettings, run: RunOptions
) -> TrainedModel | None:
    """Train a backbone and write the model.

    A model of several levels gets an untrained refinement module, which averages the levels until
    `train_refinement` trains it; a published pyramid becomes a coarse-only model.

    Args:
        data: Labelled images.
        start: The backbone, with its first weights.
        target: The model to make.
        settings: How.
        run: Where to and who is told.

    Returns:
        The model; None in every process of several but the first.

    Raises:
        TrainingError: The data or settings cannot be used, or the loss became infinite.
        MemoryLimitError: A step does not fit in memory.
        CancelledError: The user cancelled.
    """
    with prepared_workplace(settings) as workplace:
        images = SourceSet.of(data.training, gsd_m=target.gsd_m, area_exponent=settings.area_exponent)
        sampler = CropSampler(images, target.pyramid, settings, stand_in=target.normalization.mean)
        statistics = measure_data(images, target, settings)
        windows = validation_set(data, target, settings, workplace)
        objective = Objective(settings, class_weights_of(settings, statistics, target), workplace.ranks)
        network = _on_device(start.backbone, workplace)
        learner = BackboneLearner(
            network,
            target.normalization,
            objective,
            auxiliary_weight=settings.auxiliary_weight,
            dtype=workplace.dtype,
        )
        freeze(network, settings)
        task = Task(
            stage="backbone",
            network=network,
            learner=learner,
            groups=_groups(network, settings),
            sample=sampler,
            collate=CropBatch.of,
            samples_per_epoch=sampler.samples_per_epoch,
            set_mode=lambda: freeze(network, settings),
            validate=None if windows is None else _validation(windows, target, workplace),
            config={"manifest": target.to_json(), "parameters": dict(run.parameters)},
        )
        trainer = create_trainer(task, settings, workplace, run)
        outcome = trainer.run()
        if not workplace.ranks.is_first:
            return None
        backbone = start.backbone
        load_state(backbone, trainer.best_weights(), what="The best checkpoint")
        statistic_records = statistics.band_records(target.scaling)
        return finish(
            target.changed(training_statistics=statistic_records),
            backbone.cpu().float().eval().requires_grad_(True),
            _untrained_refinements(target),
            stage="backbone",
            outcome=outcome,
            windows=windows,
            workplace=workplace,
            folder=run.folder,
        )


def create_trainer(task: Task, settings: TrainingSettings, workplace: Workplace, run: RunOptions) -> Trainer:
    """Return the loop of a task at a workplace."""
    return Trainer(
        task,
        settings,
        run.folder,
        device=workplace.device,
        dtype=workplace.dtype,
        ranks=workplace.ranks,
        progress=run.progress,
        cancel=run.cancel,
        resume=run.resume,
        tensorboard=run.tensorboard,
    )


def measure_data(images: SourceSet, target: Manifest, settings: BackboneSettings) -> DataStatistics:
    """Return colors and class shares of the training data.

    Raises:
        TrainingError: None of the crops looked at holds a label.
    """
    plain = replace(settings, color=0.0, seed=settings.seed + 1)
    statistics = DataStatistics(CropSampler(images, target.pyramid, plain), len(target.classes))
    if not statistics.class_shares.any():
        raise TrainingError("No crop of the training images holds a label; check that labels lie on the images.")
    return statistics


def class_weights_of(
    settings: TrainingSettings, statistics: DataStatistics, target: Manifest
) -> tuple[float, ...] | None:
    """Return the weight of each class, measured where they are to be balanced.

    Raises:
        TrainingError: Their number is wrong.
    """
    if settings.class_weights == "balanced":
        return statistics.balanced_weights()
    weights: tuple[float, ...] | None = settings.class_weights
    if weights is not None and len(weights) != len(target.classes):
        raise TrainingError(
            f"`class_weights` gives {len(weights)} values, but there are {len(target.classes)} classes."
        )
    return weights


def validation_set(
    data: TrainingData, target: Manifest, settings: TrainingSettings, workplace: Workplace
) -> ValidationSet | None:
    """Return the windows to validate on, None without validation data."""
    if not data.validation:
        return None
    return ValidationSet(data.validation, target, settings.validation_windows, workplace.device)


def _validation(windows: ValidationSet, target: Manifest, workplace: Workplace) -> Callable[[nn.Module], Scores]:
    names = [entry.name for entry in target.classes]
    uncounted = set(range(len(names))) - set(target.counted_indices)

    def validate(network: nn.Module) -> Scores:
        predictor = create_predictor(target, network, (), workplace)  # type: ignore[arg-type]
        return backbone_scores(windows, predictor, class_names=names, uncounted=uncounted)

    return validate


def _on_device(backbone: Backbone, workplace: Workplace) -> Backbone:
    backbone.to(workplace.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if workplace.device.type == "cuda" and workplace.ranks.world_size > 1:
        converted: Backbone = nn.SyncBatchNorm.convert_sync_batchnorm(backbone)  # type: ignore[no-untyped-call]
        return converted
    return backbone


def _groups(backbone: Backbone, settings: BackboneSettings) -> list[ParameterGroup]:
    encoder = {id(parameter): parameter for parameter in encoder_parameters(backbone)}
    rate = settings.learning_rate * ENCODER_RATE_SHARE if settings.encoder_rate is None else settings.encoder_rate
    return [
        ParameterGroup([parameter for parameter in encoder.values() if parameter.requires_grad], rate),
        ParameterGroup(
            [parameter for parameter in backbone.parameters() if id(parameter) not in encoder], settings.learning_rate
        ),
    ]


def _untrained_refinements(target: Manifest) -> tuple[Refinement, ...]:
    name = target.architecture.refinement
    return () if name is None else (create_refinement(len(target.classes), name=name).eval(),)
