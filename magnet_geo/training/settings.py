"""What a training can be told, one frozen record per stage; options, config files and checkpoints are made of it."""

# ruff: noqa: RUF009 - `setting` gives a dataclass field, as `field` does

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Literal, Self

from magnet_geo.errors import TrainingError
from magnet_geo.option_fields import OptionNote, setting

OptimizerName = Literal["sgd", "adamw"]
ScheduleName = Literal["poly", "multistep", "cosine"]
LossName = Literal["cross-entropy", "ohem"]
PrecisionName = Literal["auto", "fp32", "bf16", "fp16"]
DEFAULT_STEPS = 2000

LENGTH, PACE, LOSS, SAMPLES, VALIDATION, MACHINE, NETWORK = (
    "Length",
    "Optimizer and pace",
    "Loss",
    "Samples and augmentation",
    "Validation and checkpoints",
    "Machine",
    "Network",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """What both stages share. Each field says in its own line what it is, with its unit."""

    steps: int | None = setting(
        None, f"Steps at most.  [default: {DEFAULT_STEPS}, where no other limit is given]", group=LENGTH, least=1
    )
    epochs: float | None = setting(None, "Passes over the training data at most.", group=LENGTH, least=0)
    minutes: float | None = setting(
        None, "Minutes by the clock at most; the schedule ends then too.", group=LENGTH, least=0
    )

    batch_size: int = setting(4, "Samples per step and process.", group=PACE, least=1)
    accumulation: int = setting(1, "Batches whose gradients make one step.", group=PACE, least=1)
    optimizer: OptimizerName = setting("adamw", "Rule of the step.", group=PACE)
    schedule: ScheduleName = setting("poly", "How the rate falls.", group=PACE)
    learning_rate: float = setting(2e-3, "Highest rate.", group=PACE, least=0)
    momentum: float = setting(0.9, "Momentum of sgd, first beta of adamw, 0-1.", group=PACE, least=0, most=1)
    weight_decay: float = setting(0.02, "Decay of the weights.", group=PACE, least=0)
    warmup_steps: int = setting(50, "Steps over which the rate rises.", group=PACE, least=0)
    poly_power: float = setting(0.9, "Exponent of the poly schedule.", group=PACE, least=0)
    milestones: tuple[float, ...] = setting(
        (0.2, 0.4, 0.6, 0.8, 0.9),
        "Shares of the training at which multistep falls to a tenth.",
        group=PACE,
        least=0,
        most=1,
    )
    averaging: float = setting(
        0.995, "Decay of the running average of weights, which is what is kept; 0: none.", group=PACE, least=0, most=1
    )
    clip_gradient: float = setting(5.0, "Norm gradients are cut to; 0: never.", group=PACE, least=0)

    loss: LossName = setting("cross-entropy", "Loss on all pixels, or on hard ones (ohem).", group=LOSS)
    ohem_threshold: float = setting(
        0.7, "Pixels whose class has a probability below this are hard.", group=LOSS, least=0, most=1
    )
    ohem_min_kept: int = setting(
        100_000, "Hardest pixels of a batch kept at least, over all processes.", group=LOSS, least=0
    )
    lovasz: float = setting(0.5, "Weight of the Lovasz loss beside it (per process); 0: none.", group=LOSS, least=0)
    lovasz_stride_px: int = setting(3, "Spacing of the pixels the Lovasz loss looks at.", group=LOSS, least=1)
    class_weights: tuple[float, ...] | Literal["balanced"] | None = setting(
        None,
        "One weight per class such as 1,2,0.5, or 'balanced': the inverse square root of a class's share.",
        group=LOSS,
        least=0,
    )
    label_smoothing: float = setting(
        0.05, "Share of each target spread over all classes.", group=LOSS, least=0, most=0.9
    )

    flips: bool = setting(True, "Mirror half of the samples.", group=SAMPLES)
    rotations: bool = setting(True, "Turn samples by quarters (half turns where they are not square).", group=SAMPLES)
    color: float = setting(
        1.0, "Strength of the changes of color, haze, blur and noise; 0: none.", group=SAMPLES, least=0, most=2
    )
    area_exponent: float = setting(
        0.5, "Images are drawn in proportion to their area to this power.", group=SAMPLES, least=0, most=1
    )

    validate_every: int = setting(200, "Steps between two validations.", group=VALIDATION, least=1)
    validation_windows: int = setting(
        24, "Windows that are validated at most, spread evenly over the data.", group=VALIDATION, least=1
    )
    patience: int = setting(
        0, "Validations without a better score after which training ends; 0: never.", group=VALIDATION, least=0
    )
    checkpoint_every: int = setting(50, "Steps between two checkpoints.", group=VALIDATION, least=1)
    freeze_batch_norm: bool = setting(False, "Keep the statistics of batch norms as they are.", group=NETWORK)

    device: str = setting("auto", "auto, cpu, cuda or cuda:N.", group=MACHINE)
    precision: PrecisionName = setting(
        "auto", "Numbers of the networks; auto: bf16 where the hardware multiplies it.", group=MACHINE
    )
    workers: int = setting(2, "Threads that prepare samples.", group=MACHINE, least=1)
    threads: int = setting(0, "CPU threads of the networks; 0: torch's choice.", group=MACHINE, least=0)
    seed: int = setting(0, "Of everything random.", group=MACHINE, least=0)

    def __post_init__(self) -> None:
        for entry in fields(self):
            _check(entry.name, getattr(self, entry.name), entry.metadata["note"])

    def planned_steps(self, samples_per_epoch: int, samples_per_step: int) -> int | None:
        """Return the steps that steps and epochs allow, None where only the clock ends the training."""
        limits = [] if self.steps is None else [self.steps]
        if self.epochs is not None:
            limits.append(max(1, round(self.epochs * samples_per_epoch / samples_per_step)))
        if not limits and self.minutes is None:
            limits.append(DEFAULT_STEPS)
        return min(limits) if limits else None

    def to_json(self) -> str:
        """Return the settings as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Make settings of plain values, lists for tuples.

        Raises:
            TrainingError: A name is unknown or a value out of range.
        """
        names = {entry.name for entry in fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise TrainingError(f"There is no setting '{unknown[0]}'; choose among: {', '.join(sorted(names))}.")
        frozen: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**frozen)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneSettings(TrainingSettings):
    """How a backbone is trained."""

    crop_px: int = setting(384, "Side of a crop as the network sees it, in pixels.", group=SAMPLES, least=32)
    decimations: tuple[int, ...] = setting(
        (4, 2, 1), "Levels of the model, coarse to fine, as multiples of the pixel size.", group=SAMPLES, least=1
    )
    patch_px: int = setting(512, "Side of a patch in the finished model, in pixels.", group=SAMPLES, least=32)
    scale_range: tuple[float, float] = setting(
        (0.7, 1.4), "Crops are zoomed by a factor in this range.", group=SAMPLES, least=0.05
    )
    encoder_rate: float | None = setting(
        None, "Highest rate of the encoder.  [default: 0.3 of the learning rate]", group=PACE, least=0
    )
    auxiliary_weight: float = setting(0.4, "Weight of an auxiliary head's loss.", group=LOSS, least=0)
    frozen_blocks: int = setting(
        0, "First blocks of the encoder, its stem the first, that keep their weights.", group=NETWORK, least=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinementSettings(TrainingSettings):
    """How a refinement module is trained."""

    batch_size: int = setting(2, "Places per step and process.", group=PACE, least=1)
    learning_rate: float = setting(3e-3, "Highest rate.", group=PACE, least=0)
    weight_decay: float = setting(1e-3, "Decay of the weights.", group=PACE, least=0)
    warmup_steps: int = setting(20, "Steps over which the rate rises.", group=PACE, least=0)
    averaging: float = setting(
        0.98, "Decay of the running average of weights, which is what is kept; 0: none.", group=PACE, least=0, most=1
    )
    per_level: bool = setting(False, "Give each level weights of its own.", group=NETWORK)
    sharpness_range: tuple[float, float] = setting(
        (0.5, 1.1),
        "The backbone's predictions are raised to a power in this range: it is surer of ground it has seen.",
        group=SAMPLES,
        least=0.01,
    )


def _check(name: str, value: Any, note: OptionNote) -> None:
    option = f"`{name}`"
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, bool) or not isinstance(part, int | float):
            continue
        if note.least is not None and not part >= note.least:
            raise TrainingError(f"{option} is {part:g}, but must be at least {note.least:g}.")
        if note.most is not None and not part <= note.most:
            raise TrainingError(f"{option} is {part:g}, but must be at most {note.most:g}.")
    if name.endswith("_range") and (len(value) != 2 or value[0] > value[1]):
        raise TrainingError(f"{option} needs a smaller and a greater value, not {value}.")
    if name == "decimations" and any(coarse % fine for coarse, fine in pairwise(value)):
        raise TrainingError(f"{option} are {value}, but each must be a multiple of the next, such as 4,2,1.")
