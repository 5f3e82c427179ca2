"""Joins windows to the row above where another process made that: the same blend, done when both are finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from magnet_geo.grid import Window, WindowPlan
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore
from magnet_geo.scene.window.chunk import MapProduct, fill_chunk
from magnet_geo.scene.window.pipeline import VALID
from magnet_geo.scene.window.seams import fade_down, strips_of_edge


def join_pending_tops(
    store: ChunkStore,
    windows: WindowPlan,
    indices: Iterable[int],
    *,
    products: Mapping[str, MapProduct],
    device: torch.device,
) -> None:
    """Complete the chunks of windows whose tops are open; the windows above them are finished.

    Args:
        store: Of the pass; it knows the windows above, too.
        windows: The plan.
        indices: Windows to look at; those without an open top are passed over.
        products: The maps of the pass by name.
        device: Where windows are blended otherwise.

    Raises:
        OutputError: A chunk or edge cannot be read or written.
    """
    columns = windows.shape[1]
    for index in indices:
        if not store.top_pending(index):
            continue
        above = {} if store.is_empty(index - columns) else store.read_edge(index - columns, "below")
        top, chunk = store.read_edge(index, "top"), store.read(index)
        for product in products.values():
            _fill_top(product, chunk, windows[index], top=top, above=above, overlap=2 * windows.taper, device=device)
        store.commit(index, chunk, {})
        store.drop_edges([(index, "top"), (index - columns, "below")])


def _fill_top(
    product: MapProduct,
    chunk: Arrays,
    window: Window,
    *,
    top: Arrays,
    above: Arrays,
    overlap: int,
    device: torch.device,
) -> None:
    filled, valid = product.unpack(window.write, chunk), top[VALID]
    for rows in strips_of_edge(len(valid)):
        lower = torch.from_numpy(top[product.name][:, rows]).to(device)
        if product.name in above:
            upper = torch.from_numpy(above[product.name][:, rows]).to(device)
            lower = fade_down(upper, lower, rows=rows, overlap=overlap)
        fill_chunk(filled, rows, lower, valid=valid[rows], settings=product.settings)
