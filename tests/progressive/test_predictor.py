"""A batch that the GPU's memory does not hold is done in parts."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from magnet_geo.progressive import NetworkPredictor

PATCHES = torch.rand((7, 3, 16, 16), generator=torch.Generator().manual_seed(1))
COARSER = torch.rand((7, 3, 16, 16), generator=torch.Generator().manual_seed(2))


@pytest.fixture(autouse=True)
def _whole_batches() -> Iterator[None]:
    """One thread takes a batch as a whole, as a GPU does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Backbone(nn.Module):
    """Runs out of memory above a number of patches."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def forward(self, inputs: Tensor) -> Tensor:
        if len(inputs) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return inputs * 3


class Refinement(Backbone):
    """Likewise."""

    alignment, receptive_radius = 8, 0

    def forward(self, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(scale_specific - cumulative)


def _predictor(room: int, batch_size: int = 8) -> NetworkPredictor:
    return NetworkPredictor(
        Backbone(room),
        [Refinement(room)],  # type: ignore[list-item]
        num_classes=3,
        device=torch.device("cpu"),
        dtype=torch.float32,
        batch_size=batch_size,
    )


@pytest.mark.parametrize("room", [1, 2, 3, 6])
def test_a_batch_that_does_not_fit_gives_what_it_would_have_given(room: int) -> None:
    tight, roomy = _predictor(room), _predictor(8)
    torch.testing.assert_close(tight.scale_specific(PATCHES), roomy.scale_specific(PATCHES), rtol=0, atol=0)
    both = {"scale_specific": PATCHES, "cumulative": COARSER}
    torch.testing.assert_close(tight.refined(1, **both), roomy.refined(1, **both), rtol=0, atol=0)
    assert (tight.batch_size <= room, roomy.batch_size) == (True, 8)


def test_it_is_told_when_batches_shrink_and_not_again(caplog: pytest.LogCaptureFixture) -> None:
    predictor = _predictor(4)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            for part in PATCHES.split(predictor.batch_size):
                predictor.scale_specific(part)
    assert [record.getMessage() for record in caplog.records] == [
        "The GPU's memory does not hold 8 patches at a time: going on with 4."
    ]


def test_a_single_patch_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        _predictor(0).scale_specific(PATCHES)
