"""Joins windows to the row above where another process made that: the same blend, done when both are finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from magnet_geo.grid import Window, WindowPlan
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.checkpoint.chunk_store import PartsStore
from magnet_geo.scene.window.chunk import MapStream, fill_core_map
from magnet_geo.scene.window.pipeline import VALID
from magnet_geo.scene.window.seams import fade_down, strips_of_band


def join_open_tops(
    store: PartsStore,
    windows: WindowPlan,
    indices: Iterable[int],
    *,
    streams: Mapping[str, MapStream],
    device: torch.device,
) -> None:
    """Complete the parts of windows whose tops are open; the windows above them are finished.

    Args:
        store: Of the pass; it knows the windows above, too.
        windows: The plan.
        indices: Windows to look at; those without an open top are passed over.
        streams: The maps of the pass by name.
        device: Where windows are blended otherwise.

    Raises:
        OutputError: A part or band cannot be read or written.
    """
    columns = windows.shape[1]
    for index in indices:
        if not store.has_open_top(index):
            continue
        above = {} if store.is_empty(index - columns) else store.read_band(index - columns, "below")
        top, part = store.read_band(index, "top"), store.read(index)
        for stream in streams.values():
            _fill_top(stream, part, windows[index], top=top, above=above, band=2 * windows.taper, device=device)
        store.commit(index, part, {})
        store.drop_bands([(index, "top"), (index - columns, "below")])


def _fill_top(
    stream: MapStream, part: Arrays, window: Window, *, top: Arrays, above: Arrays, band: int, device: torch.device
) -> None:
    core, valid = stream.unpack(window.final, part), top[VALID]
    for rows in strips_of_band(len(valid)):
        lower = torch.from_numpy(top[stream.name][:, rows]).to(device)
        if stream.name in above:
            upper = torch.from_numpy(above[stream.name][:, rows]).to(device)
            lower = fade_down(upper, lower, rows=rows, band=band)
        fill_core_map(core, rows, lower, valid=valid[rows], settings=stream.settings)
