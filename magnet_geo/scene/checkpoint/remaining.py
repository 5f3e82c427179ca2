"""What a pass has left to do: windows without a part, and those whose bands they need and nobody kept."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from magnet_geo.grid import Window
from magnet_geo.scene.checkpoint.chunk_store import PartsStore, Side


@dataclass(frozen=True, slots=True)
class Step:
    """A window to be segmented.

    Attributes:
        window: The window.
        has_part: Whether its part is wanted; otherwise only what its neighbors need.
        left: Window whose band to the right is blended in, or None.
        above: Window whose band below is blended in, or None.
        open_top: Whether the window above is another process's, and joined later.
        sides: Bands that windows still to come need.
    """

    window: Window
    has_part: bool
    left: int | None
    above: int | None
    open_top: bool
    sides: frozenset[Side]


def plan_steps(
    windows: Sequence[Window],
    columns: int,
    store: PartsStore,
    *,
    kept_below: Iterable[int] = (),
    open_above: Container[int] = (),
) -> list[Step]:
    """Plan the rest of a pass.

    Args:
        windows: All windows of the pass, in plan order.
        columns: Windows across the scene.
        store: What is finished.
        kept_below: Windows whose band below is needed by a window that is not among these.
        open_above: Windows that are not among these, but above some of them.

    Returns:
        In plan order. A finished window comes again where a band of it is needed and lost.
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
    parts, waiting = set(open_windows), list[tuple[int, Side]]()
    for index in open_windows:
        waiting += [(left, "right") for left in [left_of(index)] if left is not None]
        waiting += [(upper, "below") for upper in [above(index)] if upper is not None]
    to_join = [above(index) for index in by_index if store.has_open_top(index)]
    waiting += [(index, "below") for index in (*kept_below, *to_join) if index is not None and mapped(index)]
    while waiting:
        index, side = waiting.pop()
        if side in needs.get(index, ()) or (index not in parts and store.has_band(index, side)):
            continue
        needs.setdefault(index, set()).add(side)
        if index not in parts and side == "below" and (left := left_of(index)) is not None:
            waiting.append((left, "right"))

    def step(index: int) -> Step:
        has_part, sides = index in parts, frozenset(needs.get(index, ()))
        blended = has_part or "below" in sides
        return Step(
            by_index[index],
            has_part=has_part,
            left=left_of(index) if blended else None,
            above=above(index) if has_part else None,
            open_top=has_part and index - columns in open_above,
            sides=sides,
        )

    return [step(index) for index in sorted(parts | needs.keys())]
