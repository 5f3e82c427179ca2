"""The second stage: from a model with a trained backbone to the same model, refined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from magnet_geo.errors import ModelError, TrainingError
from magnet_geo.model import Manifest, bundle_from_checkpoints, load_bundle
from magnet_geo.model.model_file import METADATA_KEY, is_safetensors, read_metadata
from magnet_geo.networks import Backbone, Refinement, create_refinement, load_state
from magnet_geo.progressive import AllPatches
from magnet_geo.training.backbone_training import (
    RunOptions,
    TrainingData,
    class_weights_of,
    create_trainer,
    measure_data,
    validation_set,
)
from magnet_geo.training.chains import ChainSampler, PairSampler, PlaceBatch
from magnet_geo.training.crops import SourceSet
from magnet_geo.training.encoder import freeze_batch_norms
from magnet_geo.training.finishing import TrainedModel, create_predictor, finish
from magnet_geo.training.learners import RefinementLearner
from magnet_geo.training.objective import Objective
from magnet_geo.training.pace import ParameterGroup
from magnet_geo.training.scoring import refinement_scores
from magnet_geo.training.settings import BackboneSettings, RefinementSettings
from magnet_geo.training.target import is_published, point_rule_of
from magnet_geo.training.trainer import Scores, Task
from magnet_geo.training.validation_set import ValidationSet
from magnet_geo.training.workplace import Workplace, prepared_workplace


def begin_refinements(target: Manifest, first: Sequence[Refinement] = (), *, seed: int = 0) -> tuple[Refinement, ...]:
    """Return the refinement modules to train: one for all levels, or one per level, as the manifest says.

    Args:
        target: The model to make.
        first: Modules to begin with, one per refined level; new ones where empty.
        seed: Of new weights.

    Raises:
        TrainingError: The model has nothing to refine.
    """
    name, count = target.architecture.refinement, len(target.refined_levels)
    if name is None or not count:
        raise TrainingError(
            f"The model '{target.name}' has a single level, so there is nothing to refine; train its backbone with "
            "several `decimations`."
        )
    wanted = count if target.architecture.refinement_per_level else 1
    if first:
        return tuple(first[:wanted])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return tuple(create_refinement(len(target.classes), name=name) for _ in range(wanted))


def preset_backbone(target: Manifest, path: Path) -> Backbone:
    """Return the trained backbone of a preset, from a model file or a checkpoint.

    Raises:
        ModelError: It cannot be read or does not fit.
    """
    if is_safetensors(path) and METADATA_KEY in read_metadata(path):
        bundle = load_bundle(path)
        found, wanted = (_backbone_facts(manifest) for manifest in (bundle.manifest, target))
        if found != wanted:
            raise ModelError(
                f"The model {path} has a backbone {found}, but the preset '{target.name}' needs {wanted}; name a "
                "backbone of the preset, or train the refinement of that model without a preset."
            )
        return bundle.backbone
    return bundle_from_checkpoints(target.without_refinement(), path, ()).backbone


def _backbone_facts(manifest: Manifest) -> str:
    part = manifest.architecture
    return f"{part.backbone} for {part.num_classes} classes and {part.in_channels} bands"


def place_refinements(refinements: Sequence[Refinement], workplace: Workplace) -> nn.ModuleList:
    """Return the modules on their device, batch norms shared where several GPUs train."""
    # Not channels last: there oneDNN's bfloat16 gradients of dilated depthwise filters hold unset memory.
    placed: list[nn.Module] = [module.to(workplace.device) for module in refinements]
    if workplace.device.type == "cuda" and workplace.ranks.world_size > 1:
        placed = [nn.SyncBatchNorm.convert_sync_batchnorm(module) for module in placed]  # type: ignore[no-untyped-call]
    return nn.ModuleList(placed)


def train_refinement(
    data: TrainingData,
    backbone: Backbone,
    refinements: Sequence[Refinement],
    target: Manifest,
    settings: RefinementSettings,
    run: RunOptions,
) -> TrainedModel | None:
    """Train the refinement modules on the predictions of a frozen backbone and write the model.

    Args:
        data: Labelled images.
        backbone: Trained; stays as it is.
        refinements: As `begin_refinements` gives them.
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
        pyramid = target.pyramid
        published = is_published(pyramid)
        images = SourceSet.of(data.training, gsd_m=target.gsd_m, area_exponent=settings.area_exponent)
        per_step = settings.batch_size * settings.accumulation * workplace.ranks.world_size
        sampler: PairSampler | ChainSampler = (
            PairSampler(images, pyramid, settings, samples_per_step=per_step, stand_in=target.normalization.mean)
            if published
            else ChainSampler(images, pyramid, settings)
        )
        statistics = measure_data(images, target, BackboneSettings(seed=settings.seed, crop_px=256))
        objective = Objective(settings, class_weights_of(settings, statistics, target), workplace.ranks)
        network = place_refinements(refinements, workplace)
        learner = RefinementLearner(
            list(network),  # type: ignore[arg-type]
            backbone,
            target.normalization,
            objective,
            roi_aligned=published,
            device=workplace.device,
            dtype=workplace.dtype,
        )
        windows = validation_set(data, target, settings, workplace)

        def set_mode() -> None:
            network.train()
            if settings.freeze_batch_norm:
                freeze_batch_norms(network)

        task = Task(
            stage="refinement",
            network=network,
            learner=learner,
            groups=[ParameterGroup(list(network.parameters()), settings.learning_rate)],
            sample=sampler,
            collate=PlaceBatch.of,
            samples_per_epoch=sampler.samples_per_epoch,
            set_mode=set_mode,
            validate=None if windows is None else _validation(windows, backbone, target, workplace),
            config={"manifest": target.to_json(), "parameters": dict(run.parameters)},
        )
        trainer = create_trainer(task, settings, workplace, run)
        outcome = trainer.run()
        if not workplace.ranks.is_first:
            return None
        trained = nn.ModuleList(refinements)
        load_state(trained, trainer.best_weights(), what="The best checkpoint")
        return finish(
            target,
            backbone,
            [module.cpu().eval() for module in refinements],
            stage="refinement",
            outcome=outcome,
            windows=windows,
            workplace=workplace,
            folder=run.folder,
        )


def _validation(
    windows: ValidationSet, backbone: Backbone, target: Manifest, workplace: Workplace
) -> Callable[[nn.Module], Scores]:
    names = [entry.name for entry in target.classes]
    uncounted = set(range(len(names))) - set(target.counted_indices)

    def validate(network: nn.Module) -> Scores:
        modules = list(network.children())
        predictor = create_predictor(target, backbone, modules, workplace)  # type: ignore[arg-type]
        return refinement_scores(
            windows,
            predictor,
            patch_rule=AllPatches(),
            point_rule=point_rule_of(target),
            class_names=names,
            uncounted=uncounted,
        )

    return validate
