"""A model on a device, and one image through it. Loaded on first use: it needs torch."""

from typing import TYPE_CHECKING

from magnet_geo.lazy_names import lazy_names

if TYPE_CHECKING:
    from magnet_geo.inference.segmenter import (
        ModelSource,
        NamedModel,
        Segmenter,
        final_probabilities,
        last_stage,
        load_model,
    )

__all__ = [
    "ModelSource",
    "NamedModel",
    "Segmenter",
    "final_probabilities",
    "last_stage",
    "load_model",
]

__getattr__, __dir__ = lazy_names(__name__, dict.fromkeys(__all__, "segmenter"))
