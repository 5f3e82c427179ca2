"""Parts a dataset into training and validation: whole images where there are enough, blocks of them otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from magnet_geo.datasets.class_census import take_census
from magnet_geo.datasets.parts import PartSource, WithoutParts
from magnet_geo.datasets.source import LabeledSource
from magnet_geo.errors import TrainingError
from magnet_geo.grid import PixelRect
from magnet_geo.progress import CancelToken, ProgressListener, ignore_progress

_FEWEST_VALIDATION_IMAGES = 3


def split_sources(
    sources: Sequence[LabeledSource],
    share: float,
    *,
    seed: int,
    num_classes: int,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[tuple[LabeledSource, ...], tuple[LabeledSource, ...]]:
    """Return the sources to train on and those to validate on.

    Where the share makes three whole images or more, images are drawn. Otherwise each image is parted into blocks,
    and blocks are drawn so that every class has about its share of labels on both sides; training reads no label
    inside them. The same seed gives the same split.

    Args:
        sources: All images.
        share: Share for validation, between 0 and 1.
        seed: Of the draw.
        num_classes: Number of classes.
        progress: Follows.
        cancel: Stops.

    Raises:
        TrainingError: The share is not between 0 and 1, or the labels are too few or too close for two sides.
    """
    if not 0 < share < 1:
        raise TrainingError(f"The share for validation must lie between 0 and 1, not {share:g}.")
    generator = np.random.default_rng(seed)
    count = round(len(sources) * share)
    if _FEWEST_VALIDATION_IMAGES <= count < len(sources):
        chosen = set(generator.permutation(len(sources))[:count].tolist())
        training = tuple(source for number, source in enumerate(sources) if number not in chosen)
        return training, tuple(source for number, source in enumerate(sources) if number in chosen)
    censuses = [take_census(source, num_classes, progress=progress, cancel=cancel) for source in sources]
    owners = [number for number, census in enumerate(censuses) for _ in census.blocks]
    blocks = [block for census in censuses for block in census.blocks]
    picked = draw_blocks(np.concatenate([census.counts for census in censuses]), share, generator)
    return _sides(sources, owners, blocks, picked, share)


def draw_blocks(counts: NDArray[np.float64], share: float, generator: Generator) -> list[int]:
    """Return blocks that together hold about a share of every class's labels.

    Blocks are taken one by one out of a random half of them, each time the one that brings the classes' shares closest
    to the wanted one.

    Args:
        counts: (N, C) labels of each class in each block.
        share: The wanted share.
        generator: The draw.
    """
    totals = counts.sum(axis=0)
    shares = counts[:, totals > 0] / totals[totals > 0]
    order = generator.permutation(np.flatnonzero(shares.any(axis=1)))
    held, half = np.zeros(shares.shape[1]), -(-order.size // 2)
    picked: list[int] = []
    while order.size:
        distances = np.abs(held + shares[order] - share).sum(axis=1)
        now = np.abs(held - share).sum()
        best = int((distances[:half] if distances[:half].min() < now else distances).argmin())
        if distances[best] >= now:
            break
        held += shares[order[best]]
        picked.append(int(order[best]))
        order = np.delete(order, best)
    return sorted(picked)


def _sides(
    sources: Sequence[LabeledSource], owners: list[int], blocks: list[PixelRect], picked: list[int], share: float
) -> tuple[tuple[LabeledSource, ...], tuple[LabeledSource, ...]]:
    if not picked:
        raise TrainingError(
            f"The labels lie too close together to set {share:.0%} of them aside for validation; draw more labels in "
            "other places, or name validation data of its own."
        )
    validation = tuple(PartSource(sources[owners[number]], blocks[number]) for number in picked)
    training = []
    for owner, source in enumerate(sources):
        left_out = tuple(blocks[number] for number in picked if owners[number] == owner)
        training.append(WithoutParts(source, left_out) if left_out else source)
    return tuple(training), validation
