"""How the windows of a pass are dealt out to a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import ceil

from magnet_geo.grid import Window
from magnet_geo.scene.parts_store import PartsStore
from magnet_geo.scene.ranking import NothingRanked
from magnet_geo.scene.shard import Shard

# Shards for each worker: more of them even out what windows cost, fewer have fewer rows to join.
_SHARDS_PER_WORKER = 4


def plan_shards(
    windows: Sequence[Window],
    columns: int,
    store: PartsStore,
    *,
    workers: int,
    ranking: NothingRanked | None,
) -> list[Shard]:
    """Cut a pass into shards of whole rows.

    Args:
        windows: All windows of the pass, in plan order.
        columns: Windows across the scene.
        store: What is finished.
        workers: How many there are now.
        ranking: Chooses the patches where they were ranked over the whole run; None otherwise.
    """
    by_row = [[window.index for window in row] for _, row in groupby(windows, lambda window: window.index // columns)]
    height = max(1, ceil(len(by_row) / (_SHARDS_PER_WORKER * workers)))
    in_run = {window.index for window in windows}

    def needs_band_above(index: int) -> bool:
        return index in in_run and not store.is_whole(index)

    shards = []
    for number, first in enumerate(range(0, len(by_row), height)):
        own = [index for row in by_row[first : first + height] for index in row]
        mine = frozenset(own)
        shards.append(
            Shard(
                number,
                tuple(own),
                kept_below=tuple(i for i in own if i + columns not in mine and needs_band_above(i + columns)),
                open_above=tuple(i - columns for i in own if i - columns in in_run - mine),
                ranking=None if ranking is None else ranking.only(own),
            )
        )
    return shards
