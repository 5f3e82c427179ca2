"""Numbers for the regions of a raster that is read band by band."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.border_walk import Corners
from magnet_geo.vector.tracing.disjoint_sets import DisjointSets
from magnet_geo.vector.tracing.row_runs import RowRuns

Numbers = NDArray[np.int64]
Connectivity = Literal[4, 8]


class RegionNumbers:
    """Hands out numbers band by band, and knows which of them turned out to be one region.

    The same bands give the same numbers.

    Attributes:
        parts: What hangs together by pixel sides.
        regions: What is one region; the same where pixels that touch by the corner only are two.
    """

    def __init__(self, connectivity: Connectivity) -> None:
        self.parts = DisjointSets()
        self.regions = self.parts if connectivity == 4 else DisjointSets()
        self._last: Numbers | None = None

    def take(self, runs: RowRuns, corners: Corners) -> Numbers:
        """Number the next band.

        Args:
            runs: The band; its upper row is the last one of the band before.
            corners: Its corners.

        Returns:
            (R,) number of each run, ascending with the first run of each part.
        """
        is_head = runs.regions == np.arange(runs.regions.size)
        count = int(np.count_nonzero(is_head))
        first = self.parts.add(count)
        numbers: Numbers = first + (np.cumsum(is_head) - 1)[runs.regions]
        top = numbers[: runs.first_row_runs]
        above = top if self._last is None else self._last
        self.parts.unite(above, top)
        if self.regions is not self.parts:
            self.regions.add(count)
            nw, ne, sw, se = corners.codes
            falling, rising = (nw == se) & (nw != ne) & (nw != sw), (ne == sw) & (ne != nw) & (ne != se)
            touching = numbers[corners.runs]
            one_end = np.concatenate([above, touching[0, falling], touching[1, rising]])
            self.regions.unite(one_end, np.concatenate([top, touching[3, falling], touching[2, rising]]))
        self._last = numbers[runs.last_row_first_run :]
        return numbers
