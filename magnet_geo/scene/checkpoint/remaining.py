"""What a pass has left to do: windows without a chunk, and those whose edges they need and nobody kept."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from magnet_geo.grid import Window
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore, Side


@dataclass(frozen=True, slots=True)
class WindowTask:
    """A window to be segmented.

    Attributes:
        window: The window.
        has_chunk: Whether its chunk is wanted; otherwise only what its neighbors need.
        left: Window whose right edge is blended in, or None.
        above: Window whose lower edge is blended in, or None.
        open_top: Whether the window above is another process's, and joined later.
        sides: Edges that windows still to come need.
    """

    window: Window
    has_chunk: bool
    left: int | None
    above: int | None
    open_top: bool
    sides: frozenset[Side]


def remaining_windows(
    windows: Sequence[Window],
    columns: int,
    store: ChunkStore,
    *,
    kept_below: Iterable[int] = (),
    open_above: Container[int] = (),
) -> list[WindowTask]:
    """Plan the rest of a pass.

    Args:
        windows: All windows of the pass, in plan order.
        columns: Windows across the scene.
        store: What is finished.
        kept_below: Windows whose lower edge is needed by a window that is not among these.
        open_above: Windows that are not among these, but above some of them.

    Returns:
        In plan order. A finished window comes again where an edge of it is needed and lost.
    """
    by_index = {window.index: window for window in windows}
    open_windows = [index for index in by_index if index not in store.finished]

    def mapped(index: int) -> bool:
        return index in by_index and not store.is_empty(index)

    def left_of(index: int) -> int | None:
        return index - 1 if index % columns and mapped(index - 1) else None

    def above(index: int) -> int | None:
        return index - columns if mapped(index - columns) else None

    needs: dict[int, set[Side]] = {}
    chunks, waiting = set(open_windows), list[tuple[int, Side]]()
    for index in open_windows:
        waiting += [(left, "right") for left in [left_of(index)] if left is not None]
        waiting += [(upper, "below") for upper in [above(index)] if upper is not None]
    to_join = [above(index) for index in by_index if store.top_pending(index)]
    waiting += [(index, "below") for index in (*kept_below, *to_join) if index is not None and mapped(index)]
    while waiting:
        index, side = waiting.pop()
        if side in needs.get(index, ()) or (index not in chunks and store.has_edge(index, side)):
            continue
        needs.setdefault(index, set()).add(side)
        if index not in chunks and side == "below" and (left := left_of(index)) is not None:
            waiting.append((left, "right"))

    def task(index: int) -> WindowTask:
        has_chunk, sides = index in chunks, frozenset(needs.get(index, ()))
        blended = has_chunk or "below" in sides
        return WindowTask(
            by_index[index],
            has_chunk=has_chunk,
            left=left_of(index) if blended else None,
            above=above(index) if has_chunk else None,
            open_top=has_chunk and index - columns in open_above,
            sides=sides,
        )

    return [task(index) for index in sorted(chunks | needs.keys())]
