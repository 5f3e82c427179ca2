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

from magnet_geo.compute.device import use_threads
from magnet_geo.errors import OptionError
from magnet_geo.grid import Window
from magnet_geo.inference.segmenter import ModelSource, Segmenter
from magnet_geo.progress import CancelToken
from magnet_geo.scene.checkpoint.chunk_store import PartsStore
from magnet_geo.scene.checkpoint.resume import run_conditions
from magnet_geo.scene.cluster.joins import join_open_tops
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import RunPlan, plan_run
from magnet_geo.scene.refinement.selection import NothingRanked, PatchRanking
from magnet_geo.scene.window.pass_recipe import PassName, pass_recipe, pass_streams
from magnet_geo.scene.window.pipeline import WindowPass

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
        folder: Of the pass's parts, seen by all workers.
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
        kept_below: Those of them whose band below the next shard needs.
        open_above: Windows of the shard before, above the first row.
        ranking: Chooses the patches of these windows, where they were ranked over the whole run; None otherwise.
    """

    number: int
    windows: tuple[int, ...]
    kept_below: tuple[int, ...]
    open_above: tuple[int, ...]
    ranking: PatchRanking | None


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


def run_shard(task: PassTask, shard: Shard, on_window: Callable[[int], None]) -> dict[str, str]:
    """Finish the windows of a shard.

    Args:
        task: The pass.
        shard: The rows.
        on_window: Told how many windows more are finished.

    Returns:
        What may change the last digits of the numbers here.

    Raises:
        MagnetGeoError: With a sentence for the user.
        CancelledError: The run ended, or another one took over.
    """
    with _ONE_AT_A_TIME:
        model, cancel = _model(task), OwnerToken(task.owner, task.token)
        plan = _fitting_plan(task, model)
        model.predictor.batch_size = plan.memory.batch_size
        recipe = pass_recipe(task.name, model, plan, task.options, shard.ranking, cancel=cancel)
        told = 0

        def after(fraction: float) -> None:
            nonlocal told
            finished = round(fraction * len(shard.windows))
            on_window(finished - told)
            told = finished

        with PartsStore(task.folder, journal=f"shard-{shard.number}", only=frozenset(shard.windows)) as store:
            WindowPass(
                plan,
                [plan.windows[index] for index in shard.windows],
                model.manifest.pyramid_value().window,
                tuple(recipe.streams),
                store,
                cancel,
                shard.kept_below,
                frozenset(shard.open_above),
                decimation=recipe.decimation,
                for_map=recipe.for_map,
            ).run(recipe.begin, recipe.make, before=lambda fraction: None, after=after)
        return run_conditions(plan, model)


def join_shard(task: PassTask, shard: Shard) -> None:
    """Join a finished shard to the finished one above.

    Raises:
        OutputError: A part cannot be read or written.
    """
    with _ONE_AT_A_TIME:
        model = _model(task)
        known = frozenset(shard.windows) | frozenset(shard.open_above)
        with PartsStore(task.folder, journal=f"join-{shard.number}", only=known) as store:
            join_open_tops(
                store,
                task.plan.windows,
                shard.windows,
                streams=pass_streams(task.name, model, task.plan, task.options),
                device=model.predictor.device,
            )
            store.sync()


def _model(task: PassTask) -> Segmenter:
    if task.threads:
        use_threads(task.threads)
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
