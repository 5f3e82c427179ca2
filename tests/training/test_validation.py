from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage
from magnet_geo.grid import MagnificationPyramid
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import AllPatches, PatchesAbove, PointRule
from magnet_geo.training.calibration import best_temperature, patch_thresholds, point_share_scores
from magnet_geo.training.validation import (
    RememberingPredictor,
    ValidationWindow,
    chain_confusion,
    class_iou,
    confusion,
    validation_windows,
)

PYRAMID = MagnificationPyramid.from_decimations(16, (2, 1))
RULE = PointRule(n_points=1.0, smooth_kernel=1)


class BrightnessPredictor:
    """Says class 1 the surer the brighter a pixel is; the fine prediction is taken as it is."""

    num_classes, batch_size, device, dtype = 2, 4, torch.device("cpu"), torch.float32
    passes = 0

    def scale_specific(self, inputs: Tensor) -> Tensor:
        self.passes += 1
        return torch.cat([-inputs, inputs], dim=1).mul(2).softmax(dim=1)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        return scale_specific


@pytest.fixture
def windows() -> list[ValidationWindow]:
    generator = np.random.default_rng(0)
    pixels = generator.integers(1, 256, (41, 53, 1), dtype=np.uint8)
    classes = (pixels[..., 0] > 127).astype(np.uint8)
    classes[:3] = IGNORE_INDEX
    image = LabeledImage(pixels, np.ones(classes.shape, bool), classes)
    return list(validation_windows(image, PYRAMID, Normalization((0.5,), (0.5,)), halo_px=4))


def test_cores_of_the_windows_count_every_labelled_pixel_once(windows: list[ValidationWindow]) -> None:
    counts, refined = chain_confusion(windows, BrightnessPredictor(), patch_rule=AllPatches(), point_rule=RULE)
    assert counts.sum() == (41 - 3) * 53
    assert np.trace(counts) == counts.sum()
    assert 0 < refined[0] <= 1


def test_iou_counts_hits_over_union() -> None:
    probabilities = torch.eye(3)[torch.tensor([[0, 0, 1, 1]])].movedim(-1, 0)
    counts = confusion(probabilities, np.array([[0, 1, 1, IGNORE_INDEX]], np.uint8), 3)
    assert counts.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    np.testing.assert_array_equal(class_iou(counts), [0.5, 0.5, np.nan])


def test_predictions_are_remembered_across_rules(windows: list[ValidationWindow]) -> None:
    networks = BrightnessPredictor()
    predictor = RememberingPredictor(networks)
    point_share_scores(windows, predictor, point_rule=RULE, shares=(1.0,))
    passes = networks.passes
    scores = point_share_scores(windows, predictor, point_rule=RULE, shares=(0.25, 1.0))
    assert networks.passes == passes
    assert scores[1.0] > scores[0.25]


def test_thresholds_refine_the_wanted_share(windows: list[ValidationWindow]) -> None:
    predictor = BrightnessPredictor()
    thresholds = patch_thresholds(windows, predictor, point_rule=RULE, levels=2, share=0.25)
    _, every = chain_confusion(windows, predictor, patch_rule=AllPatches(), point_rule=RULE)
    _, fast = chain_confusion(windows, predictor, patch_rule=PatchesAbove(thresholds), point_rule=RULE)
    assert fast[0] / every[0] == pytest.approx(0.25, abs=0.1)


def test_underconfident_predictions_get_a_temperature_below_one(windows: list[ValidationWindow]) -> None:
    best, scores = best_temperature(
        windows, BrightnessPredictor(), point_rule=RULE, temperatures=(0.25, 1.0, 2.0), stride_px=1
    )
    assert best == 0.25
    assert scores[0.25] < scores[1.0] < scores[2.0]
