"""The coarse-to-fine loop against the published pipeline's reference values, stage by stage."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size
from magnet_geo.networks.registry import create_backbone, create_refinement
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import (
    AllPatches,
    NetworkPredictor,
    PointRule,
    SelectionRules,
    build_image_pyramid,
    segment_stages,
)
from magnet_geo.progressive.points import median_filter
from tests.reference_weights import reference_state

REFERENCE = Path(__file__).parents[1] / "data/reference"
IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _size(width_height):
    return Size(int(width_height[1]), int(width_height[0]))


def _pyramid(reference):
    levels = tuple(_size(scale) for scale in reference["scales"])
    return MagnificationPyramid(
        levels, _size(reference["crop_size"]), _size(reference["input_size"]), PyramidManner.PUBLISHED
    )


def _networks(backbone_name, num_classes):
    backbone = create_backbone(backbone_name, num_classes=num_classes)
    backbone.load_state_dict(reference_state(f"{backbone_name}/{num_classes}"))
    refinement = create_refinement(num_classes)
    refinement.load_state_dict(reference_state(f"refinement/{num_classes}"))
    return backbone, refinement


@pytest.fixture(scope="module", params=[("fpn7", "fpn", 7), ("hrnet19", "hrnet18+ocr", 19)], ids=lambda p: p[0])
def run(request):
    """Reference arrays, the image pyramid and every stage of our run."""
    file, backbone_name, num_classes = request.param
    reference = np.load(REFERENCE / f"pipeline_{file}.npz")
    backbone, refinement = _networks(backbone_name, num_classes)
    device = torch.device("cpu")
    predictor = NetworkPredictor(
        backbone, [refinement] * 2, num_classes=num_classes, device=device, dtype=torch.float32, batch_size=4
    )
    image = build_image_pyramid(
        np.moveaxis(reference["image"], -1, 0), None, pyramid=_pyramid(reference), normalization=IMAGENET, device=device
    )
    n_points = float(reference["n_points"])
    rules = SelectionRules(AllPatches(), PointRule(n_points, int(reference["smooth_kernel"])))
    stages = [
        (stage.probabilities.clone(), stage.points and stage.points.pixels(), stage.points and stage.points.score)
        for stage in segment_stages(image, predictor, rules)
    ]
    return reference, image, stages


def test_patches_are_the_published_ones_to_the_bit(run):
    reference, image, _ = run
    for level in range(3):
        inputs = image.inputs(level, image.pyramid.patches(level))
        mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET.mean, IMAGENET.std))
        ours = ((inputs * std + mean) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        np.testing.assert_array_equal(ours, reference["patches"][reference["patch_scale"] == level])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_argmax_equals_the_reference(run, level):
    reference, _, stages = run
    argmax = stages[level][0].argmax(0).numpy()
    assert (argmax == reference[f"stage{level}_argmax"]).mean() >= 0.999


@pytest.mark.parametrize("level", [1, 2])
def test_chosen_points_and_score_equal_the_reference(run, level):
    reference, _, stages = run
    _, chosen, score = stages[level]
    score = median_filter(score, int(reference["smooth_kernel"]))
    assert (chosen == _published_points(reference, level)).mean() >= 0.999
    rows, cols = (np.arange(0, n, 4) * cells // n for n, cells in zip(chosen.shape, score.shape, strict=True))
    difference = np.abs(score[np.ix_(rows, cols)] - reference[f"stage{level}_error_stride4"])
    same_past = _same_past(reference, stages, level, reach_px=40)[::4, ::4]
    assert same_past.mean() > 0.9
    assert difference[same_past].max() <= 1e-3


@pytest.mark.parametrize("level", [0, 1, 2])
def test_probabilities_equal_the_reference(run, level):
    reference, _, stages = run
    probabilities, chosen, _ = stages[level]
    difference = np.abs(probabilities[:, ::4, ::4].numpy() - reference[f"stage{level}_probs_stride4"]).max(axis=0)
    comparable = np.ones(probabilities.shape[-2:], bool)
    if level:
        comparable = (chosen == _published_points(reference, level)) & _same_past(reference, stages, level, 10)
    assert comparable.mean() > 0.99
    assert difference[comparable[::4, ::4]].max() <= 1e-3


def _published_points(reference, level):
    width = reference[f"stage{level}_argmax"].shape[1]
    return np.unpackbits(reference[f"stage{level}_chosen"], axis=1)[:, :width].astype(bool)


def _same_past(reference, stages, level, reach_px):
    """Pixels out of reach of an earlier level's tie that was broken otherwise than in the reference run."""
    height, width = reference[f"stage{level}_argmax"].shape
    reached = np.zeros((height, width), np.uint8)
    for earlier in range(1, level):
        differs = (stages[earlier][1] != _published_points(reference, earlier)).astype(np.uint8)
        reached |= cv2.resize(differs, (width, height), interpolation=cv2.INTER_NEAREST)
    return cv2.dilate(reached, np.ones((2 * reach_px + 1,) * 2, np.uint8)) == 0
