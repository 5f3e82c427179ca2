"""What a test hands back, as records with a JSON Schema."""

from __future__ import annotations

from math import isnan

from pydantic import BaseModel, ConfigDict

from magnet_geo.addresses import public_address
from magnet_geo.evaluation.map_score import MapScore
from magnet_geo.evaluation.score_record import ScoreRecord
from magnet_geo.records.segment_result import ModelRecord


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ImageScore(_Record):
    """The scores of one image; null where nothing of it could be compared.

    Attributes:
        name: Path of the image.
        compared_pixels: Pixels with a label and a map.
        mean_iou: Mean IoU of the counted classes that occur in it.
        overall_accuracy: Share of its compared pixels that are mapped right.
    """

    name: str
    compared_pixels: int
    mean_iou: float | None
    overall_accuracy: float | None

    @classmethod
    def of(cls, name: str, score: MapScore, *, uncounted: frozenset[int]) -> ImageScore:
        """Return the record of an image's counts."""
        confusion = score.confusion
        iou, accuracy = confusion.mean_iou(uncounted=uncounted), confusion.overall_accuracy
        return cls(
            name=public_address(name),
            compared_pixels=confusion.total,
            mean_iou=None if isnan(iou) else iou,
            overall_accuracy=None if isnan(accuracy) else accuracy,
        )


class ModeScores(_Record):
    """What one mode of the model has come to.

    Attributes:
        mode: ``coarse``, ``fast``, ``full``, ``slid`` or a share of the patches such as ``0.25``.
        refined_share: Share of the patches with valid pixels that were refined, 0-1.
        passes: Patches through the backbone.
        seconds: Wall time of mapping, reading included.
        scores: Over all images together.
        by_image: Image by image.
    """

    mode: str
    refined_share: float
    passes: int
    seconds: float
    scores: ScoreRecord
    by_image: tuple[ImageScore, ...]


class DatasetScores(_Record):
    """A model on labelled images.

    Attributes:
        model: The model.
        images: How many images.
        pixels: Their pixels.
        unlabeled_pixels: Mapped pixels without a label, not compared.
        device: Where the networks ran.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        modes: One entry per mode, in the order asked for.
    """

    model: ModelRecord
    images: int
    pixels: int
    unlabeled_pixels: int
    device: str
    precision: str
    modes: tuple[ModeScores, ...]
