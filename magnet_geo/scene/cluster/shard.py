"""A shard: rows of windows that one worker takes, how they are dealt out, and how they are done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from math import ceil
from pathlib import Path

from typing_extensions import override

from magnet_geo.compute.device import use_threads
from magnet_geo.errors import OptionError
from magnet_geo.grid import Window
from magnet_geo.inference.segmenter import ModelSource, Segmenter
from magnet_geo.progress import CancelToken
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore
from magnet_geo.scene.checkpoint.resume import run_conditions
from magnet_geo.scene.cluster.joins import join_pending_tops
from magnet_geo.scene.events import PassName, WindowEvents
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import RunPlan, plan_run, run_limits
from magnet_geo.scene.refinement.selection import PatchSelector
from magnet_geo.scene.window.mapper import pass_products, window_mapper
from magnet_geo.scene.window.pipeline import run_windows
from magnet_geo.scene.window.reader import WindowReader

# Shards for each worker: more of them even out what windows cost, fewer have fewer rows to join.
_SHARDS_PER_WORKER = 4
_SECONDS_BETWEEN_LOOKS = 0.5
# Workers with several threads get several shards at once, but have one model.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class PassTask:
    """What all shards of a pass share.

    Attributes:
        plan: The run.
        options: The user's decisions.
        source: Where the model is loaded from.
        model_hash: Hash of the model that is meant.
        name: Which pass.
        folder: Of the pass's chunks, seen by all workers.
        owner: File that names the run that may work in it.
        token: Name of this run.
        threads: CPU threads of the networks; None for PyTorch's choice.
        device_type: Of the device that memory was planned for.
    """

    plan: RunPlan
    options: SegmentOptions
    source: ModelSource
    model_hash: str
    name: PassName
    folder: Path
    owner: Path
    token: str
    threads: int | None
    device_type: str


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """Rows of windows.

    Attributes:
        number: From the top, from 0.
        windows: Indices, in plan order.
        kept_below: Those of them whose lower edge the next shard needs.
        open_above: Windows of the shard before, above the first row.
        selector: Chooses the patches of these windows.
    """

    number: int
    windows: tuple[int, ...]
    kept_below: tuple[int, ...]
    open_above: tuple[int, ...]
    selector: PatchSelector


def plan_shards(
    windows: Sequence[Window],
    columns: int,
    store: ChunkStore,
    *,
    workers: int,
    selector: PatchSelector,
) -> list[Shard]:
    """Cut a pass into shards of whole rows.

    Args:
        windows: All windows of the pass, in plan order.
        columns: Windows across the scene.
        store: What is finished.
        workers: How many there are now.
        selector: Chooses the patches of each window.
    """
    by_row = [[window.index for window in row] for _, row in groupby(windows, lambda window: window.index // columns)]
    height = max(1, ceil(len(by_row) / (_SHARDS_PER_WORKER * workers)))
    in_run = {window.index for window in windows}

    def needs_edge_above(index: int) -> bool:
        return index in in_run and not store.is_whole(index)

    shards = []
    for number, first in enumerate(range(0, len(by_row), height)):
        own = [index for row in by_row[first : first + height] for index in row]
        mine = frozenset(own)
        shards.append(
            Shard(
                number,
                tuple(own),
                kept_below=tuple(i for i in own if i + columns not in mine and needs_edge_above(i + columns)),
                open_above=tuple(i - columns for i in own if i - columns in in_run - mine),
                selector=selector.only(own),
            )
        )
    return shards


class OwnerToken(CancelToken):
    """Raised in all processes at once, by taking away the file that names the run, or giving it to another."""

    def __init__(self, owner: Path, token: str) -> None:
        super().__init__()
        self._owner, self._token = owner, token
        self._looked_at = 0.0

    @property
    def cancelled(self) -> bool:
        """True once the folder is not this run's any more."""
        if not super().cancelled and time.monotonic() - self._looked_at > _SECONDS_BETWEEN_LOOKS:
            self._looked_at = time.monotonic()
            if not self._is_ours():
                self.cancel()
        return super().cancelled

    def _is_ours(self) -> bool:
        try:
            return self._owner.read_text() == self._token
        except FileNotFoundError:
            return False


class _ShardEvents(WindowEvents):
    """Reports windows as they are finished."""

    def __init__(self, cancel: CancelToken, windows: int, on_windows: Callable[[int], None]) -> None:
        super().__init__(cancel)
        self._windows, self._on_windows, self._reported = windows, on_windows, 0

    @override
    def patches_done(self, count: int) -> None:
        self.raise_if_cancelled()

    @override
    def share_done(self) -> None:
        finished = round(self.share * self._windows)
        self._on_windows(finished - self._reported)
        self._reported = finished


def run_shard(task: PassTask, shard: Shard, on_windows: Callable[[int], None]) -> dict[str, str]:
    """Finish the windows of a shard.

    Args:
        task: The pass.
        shard: The rows.
        on_windows: Called with how many windows more are finished.

    Returns:
        What may change the last digits of the numbers here.

    Raises:
        MagnetGeoError: With a sentence for the user.
        CancelledError: The run ended, or another one took over.
    """
    with _ONE_AT_A_TIME, use_threads(task.threads):
        model = _model(task)
        plan = _fitting_plan(task, model)
        events = _ShardEvents(OwnerToken(task.owner, task.token), len(shard.windows), on_windows)
        store = ChunkStore(task.folder, journal=f"shard-{shard.number}", only=frozenset(shard.windows))
        with run_limits(plan, model), store:
            run_windows(
                plan,
                store,
                window_mapper(task.name, model, plan, task.options, shard.selector),
                events,
                reader=WindowReader(plan, model.manifest.pyramid.window),
                windows=[plan.windows[index] for index in shard.windows],
                kept_below=shard.kept_below,
                open_above=frozenset(shard.open_above),
            )
        return run_conditions(plan, model)


def join_shard(task: PassTask, shard: Shard) -> None:
    """Join a finished shard to the finished one above.

    Raises:
        OutputError: A part cannot be read or written.
    """
    with _ONE_AT_A_TIME, use_threads(task.threads):
        model = _model(task)
        known = frozenset(shard.windows) | frozenset(shard.open_above)
        with ChunkStore(task.folder, journal=f"join-{shard.number}", only=known) as store:
            join_pending_tops(
                store,
                task.plan.windows,
                shard.windows,
                products=pass_products(task.name, model, task.plan.scale, task.options),
                device=model.predictor.device,
            )
            store.sync()


def _model(task: PassTask) -> Segmenter:
    model = _loaded(task.source, task.model_hash)
    if model.model_hash != task.model_hash:
        raise OptionError(
            f"The model '{model.manifest.name}' on a worker is not the one of this run; give all workers the same file."
        )
    return model


def _fitting_plan(task: PassTask, model: Segmenter) -> RunPlan:
    """The run's own plan, with the memory planned anew where a worker computes on another kind of device."""
    if model.predictor.device.type == task.device_type:
        return task.plan
    here = plan_run(task.plan.source.path, model, task.options)
    return replace(task.plan, memory=here.memory)


@lru_cache(maxsize=1)
def _loaded(source: ModelSource, model_hash: str) -> Segmenter:
    """One model per process; the hash tells a file that was replaced from what it was."""
    return source.load()
