"""What became of the levels of a run's pyramid: how much was refined, and where."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Cells along the longer side of `RefinedGrid`, at most.
MOST_CELLS = 96


class LevelRecord(BaseModel):
    """What became of one level of the pyramid.

    Attributes:
        level: From 1, the first that is refined; the last is the finest.
        pixel_m: Side of its pixels on the ground in metres; null where unknown.
        patches: Patches with valid pixels.
        refined: Those of them that were refined.
    """

    model_config = ConfigDict(frozen=True)

    level: int
    pixel_m: float | None
    patches: int
    refined: int

    @property
    def share(self) -> float:
        """Share of the patches that was refined, 0-1."""
        return self.refined / max(1, self.patches)


class RefinedGrid(BaseModel):
    """Where a run refined, in coarse cells from the scene's upper left corner.

    Attributes:
        cell_px: Side of a cell in scene pixels; cells at the far edges may reach beyond the scene.
        height: Rows of cells.
        width: Columns of cells.
        levels: Per level from 1 on: a byte per cell, row by row, deflated, in base64. Percent of the cell that was
            refined, 255 where it holds nothing to refine.
    """

    model_config = ConfigDict(frozen=True)

    cell_px: int = Field(ge=1)
    height: int = Field(ge=1, le=MOST_CELLS)
    width: int = Field(ge=1, le=MOST_CELLS)
    levels: tuple[str, ...]

    @model_validator(mode="after")
    def _check(self) -> RefinedGrid:
        for level in range(1, len(self.levels) + 1):
            self.percents(level)
        return self

    def percents(self, level: int) -> NDArray[np.uint8]:
        """Return the cells of a level from 1 on, (height, width) uint8."""
        cells = self.height * self.width
        try:
            unpacked = zlib.decompressobj().decompress(base64.b64decode(self.levels[level - 1], validate=True), cells)
        except (zlib.error, binascii.Error) as error:
            raise ValueError(f"level {level} cannot be unpacked.") from error
        if len(unpacked) != cells:
            raise ValueError(f"level {level} has {len(unpacked)} cells, not {cells}.")
        return np.frombuffer(unpacked, np.uint8).reshape(self.height, self.width)
