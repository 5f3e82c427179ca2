"""The model that a training is to make: its manifest, before there are weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isclose
from statistics import median

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme
from magnet_geo.datasets import IGNORE_INDEX, LabeledSource
from magnet_geo.errors import TrainingError
from magnet_geo.grid import MagnificationPyramid, PyramidManner
from magnet_geo.model import Manifest
from magnet_geo.normalization import Normalization, Scaling
from magnet_geo.progressive import PointRule
from magnet_geo.training.crops import CropSampler, SourceSet
from magnet_geo.training.settings import BackboneSettings

HALO_SHARE = 0.25
FADE_SHARE = 48 / 512
SMOOTH_KERNEL = 5
_SAMPLED_CROPS = 64
_PERCENTILES = (1, 5, 50, 95, 99)
_GSD_TOLERANCE = 0.02


def common_gsd_m(sources: Sequence[LabeledSource]) -> float | None:
    """Return the pixel size of the training data in metres: the middle one; None where none is known.

    Raises:
        TrainingError: Some sources have a pixel size and others have none.
    """
    known = [source.gsd_m for source in sources if source.gsd_m is not None]
    if not known:
        return None
    if len(known) < len(sources):
        without = next(source.name for source in sources if source.gsd_m is None)
        raise TrainingError(
            f"{without} has no pixel size, but other images have; give all of them one, or train with `gsd='native'`."
        )
    middle = float(median(known))
    return float(round(middle, 2)) if isclose(middle, round(middle, 2), rel_tol=_GSD_TOLERANCE) else middle


def new_manifest(
    *,
    name: str,
    backbone: str,
    scheme: ClassScheme,
    uncounted: Sequence[int],
    bands: Sequence[str],
    scaling: dict[str, object],
    normalization: Normalization,
    gsd_m: float | None,
    settings: BackboneSettings,
    texts: dict[str, str],
) -> Manifest:
    """Return the manifest of a decimation model.

    Args:
        name: Any text; what a model's name may not hold is replaced.
        backbone: Its name.
        scheme: Classes in channel order.
        uncounted: Class indexes left out of mean scores.
        bands: Names of the bands.
        scaling: Fields of the manifest's scaling.
        normalization: Of the network's inputs.
        gsd_m: Pixel size in metres, or None.
        settings: Its pyramid.
        texts: ``title``, ``licence``, ``data``, ``description`` and the like, where given.

    Raises:
        ModelError: The values do not fit together.
    """
    window = settings.patch_px * settings.decimations[0]
    refined = len(settings.decimations) > 1
    points = {
        "n_points": 1.0,
        "smooth_kernel": SMOOTH_KERNEL,
        "points_per": "patch",
        "cell_px": 1,
        "fade_px": round(settings.patch_px * FADE_SHARE),
    }
    return Manifest.from_values(
        {
            "name": model_name(name),
            "title": f"{', '.join(c.name for c in scheme.classes[:6])}",
            "version": "1",
            "architecture": {
                "backbone": backbone,
                "refinement": "light" if refined else None,
                "num_classes": len(scheme),
                "in_channels": len(bands),
            },
            "classes": [{"value": c.value, "name": c.name, "color": c.color} for c in scheme.classes],
            "nodata": scheme.nodata,
            "uncounted_values": [scheme.classes[index].value for index in uncounted],
            "bands": list(bands),
            "scaling": scaling,
            "normalization": {"mean": normalization.mean, "std": normalization.std},
            "gsd_m": gsd_m,
            "pyramid": {
                "levels": [(window // d, window // d) for d in settings.decimations],
                "patch": (settings.patch_px, settings.patch_px),
                "network_input": (settings.patch_px, settings.patch_px),
                "manner": "decimation",
            },
            "halo_px": round(settings.patch_px * HALO_SHARE) if refined or settings.patch_px > 4 else 0,
            "selection": {"full": points} if refined else None,
            "licence": "Not stated.",
            **texts,
        },
        source="The model to be trained",
    )


def measured_normalization(sources: Sequence[LabeledSource], settings: BackboneSettings) -> Normalization:
    """Return mean and deviation of crops of the training data, for weights that bring none."""
    images = SourceSet.of(sources, gsd_m=None, area_exponent=settings.area_exponent)
    pyramid = MagnificationPyramid.from_decimations(settings.patch_px, settings.decimations)
    plain = replace(settings, color=0.0, seed=settings.seed + 1)
    return DataStatistics(CropSampler(images, pyramid, plain), 255).normalization()


def model_name(text: str) -> str:
    """Return a text as a model's name."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip("-._+") or "model"


def band_names(count: int) -> tuple[str, ...]:
    """Return names for bands nobody named."""
    return ("red", "green", "blue") if count == 3 else tuple(f"band{number}" for number in range(1, count + 1))


def point_rule_of(manifest: Manifest) -> PointRule:
    """Return the point rule of a model's full mode; all points of each patch for a coarse-only model."""
    if manifest.selection is None:
        return PointRule(1.0, 1)
    full = manifest.selection.full
    return PointRule(full.n_points, full.smooth_kernel, full.cell_px, full.fade_px)


def is_published(pyramid: MagnificationPyramid) -> bool:
    """Whether images are stretched to the levels, as in the published pipeline."""
    return pyramid.manner is PyramidManner.PUBLISHED


class DataStatistics:
    """Colors and class shares of the training data, from crops drawn as training draws them, colors unchanged.

    Args:
        sampler: Draws crops.
        num_classes: C.
    """

    def __init__(self, sampler: CropSampler, num_classes: int) -> None:
        pixels, counts = [], np.zeros(num_classes, dtype=np.int64)
        for number in range(_SAMPLED_CROPS):
            crop = sampler(number)
            pixels.append(crop.pixels[crop.valid][::16])
            known = crop.classes[crop.classes != IGNORE_INDEX]
            counts += np.bincount(known, minlength=num_classes)[:num_classes]
        self.pixels: NDArray[np.generic] = np.concatenate(pixels)
        self.class_shares: NDArray[np.float64] = counts / max(counts.sum(), 1)

    def normalization(self) -> Normalization:
        """Return mean and deviation of values / 255."""
        values = self.pixels.astype(np.float64) / 255
        deviations = np.maximum(values.std(axis=0), 1 / 255)
        return Normalization(tuple(values.mean(axis=0).tolist()), tuple(deviations.tolist()))

    def band_records(self, scaling: Scaling) -> list[dict[str, object]]:
        """Return the statistics per band for a manifest, in native values."""
        low, high = (np.asarray(end, dtype=np.float64) for end in (scaling.low, scaling.high))
        native = self.pixels.astype(np.float64) * (high - low) / 255 + low
        percentiles = np.percentile(native, _PERCENTILES, axis=0)
        return [
            {
                "mean": round(float(native[:, band].mean()), 3),
                "std": round(float(native[:, band].std()), 3),
                "percentiles": [
                    {"percent": percent, "value": round(float(value), 3)}
                    for percent, value in zip(_PERCENTILES, percentiles[:, band], strict=True)
                ],
            }
            for band in range(native.shape[1])
        ]

    def balanced_weights(self) -> tuple[float, ...]:
        """Return the inverse square root of each class's share, scaled so that the mean pixel weighs 1."""
        shares = np.maximum(self.class_shares, 1e-4)
        weights = 1 / np.sqrt(shares)
        mean = float((weights * self.class_shares).sum()) or 1.0
        return tuple(round(float(weight / mean), 4) for weight in weights)
