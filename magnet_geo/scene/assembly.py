"""From the parts of a pass, in plan order, to the rasters of its maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from magnet_geo.grid import Window, WindowPlan
from magnet_geo.scene.array_file import Arrays
from magnet_geo.scene.map_stream import MapStream
from magnet_geo.scene.map_writer import MapWriter
from magnet_geo.scene.parts_store import PartsStore


def assemble(
    store: PartsStore,
    windows: WindowPlan,
    *,
    streams: Mapping[str, MapStream],
    writers: Mapping[str, MapWriter],
    on_part: Callable[[float], None],
) -> Iterator[tuple[Window, Arrays]]:
    """Write all parts; the order is the plan's, so that every sum and byte is that of a run without a break.

    Args:
        store: The parts.
        windows: The plan.
        streams: The maps by name.
        writers: Their rasters, open, by the same names.
        on_part: Told, after each part, what share of them is written.

    Yields:
        Each window and the arrays of its part, once it is written.

    Raises:
        OutputError: A part cannot be read, or a raster not written.
    """
    parts = store.parts()
    for number, index in enumerate(parts, 1):
        arrays, window = store.read(index), windows[index]
        for name, writer in writers.items():
            writer.write(streams[name].unpack(window.final, arrays))
        on_part(number / len(parts))
        yield window, arrays
