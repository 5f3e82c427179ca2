"""`LabelReader`: a label raster, read on the grid of the scene it belongs to."""

from __future__ import annotations

import numpy as np
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from magnet_geo.errors import SceneError
from magnet_geo.grid import RasterGrid
from magnet_geo.raster.description import SceneDescription, describe_scene
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, gdal_environment
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.source import SceneSource

_SAME_WITHIN_PX = 0.01
_WARP_TOLERANCE_PX = 0.01
_COLOR_BANDS = 3


class LabelReader(SceneReader):
    """Reads label values or colors at the pixels of another grid, within a ``with`` block.

    Labels on another grid or in another CRS are warped by nearest neighbor, window by window. A reader serves one
    thread at a time.

    Attributes:
        warped: Whether the labels lie on another grid.
        is_colored: Whether labels are colors (three bands) and not values (one band).
    """

    def __init__(self, source: SceneSource, grid: RasterGrid, grid_name: str) -> None:
        """Look at a label raster without reading its pixels.

        Args:
            source: The labels.
            grid: What they are read on.
            grid_name: The scene's name, for messages.

        Raises:
            SceneError: It cannot be opened, its bands are neither one nor three, or it does not fit the grid.
        """
        description = describe_scene(source)
        super().__init__(source, _label_bands(description))
        self._grid = grid
        self.is_colored = len(self.bands) == _COLOR_BANDS
        self.warped = _needs_warp(description, grid, grid_name)

    def __enter__(self) -> LabelReader:
        super().__enter__()
        if self.warped:
            try:
                self._use(self._warped_dataset())
            except GDAL_ERRORS as error:
                self.__exit__(None, None, None)
                raise SceneError(
                    f"The labels '{self.source.name}' cannot be brought to the scene's grid: {gdal_detail(error)}."
                ) from error
        return self

    def _warped_dataset(self) -> WarpedVRT:
        dataset = self.dataset
        tells_empty = self.nodata[0] is not None or self.facts.alpha_band is not None
        given: dict[str, float | None] = {}
        if self.source.nodata is not None:
            given = {"src_nodata": self.source.nodata, "nodata": self.source.nodata}
        elif self.nodata[0] is None:
            # Otherwise a nodata value that the mask overrules would be used in its place.
            given = {"src_nodata": None}
        with gdal_environment():
            return WarpedVRT(
                dataset,
                src_crs=self.source.crs or dataset.crs,
                crs=self._grid.crs,
                transform=self._grid.transform,
                width=self._grid.width,
                height=self._grid.height,
                resampling=Resampling.nearest,
                tolerance=_WARP_TOLERANCE_PX,
                add_alpha=not tells_empty,
                **given,
            )


def _label_bands(description: SceneDescription) -> tuple[int, ...]:
    bands = description.data_bands
    if len(bands) not in (1, _COLOR_BANDS):
        raise SceneError(
            f"The labels '{description.name}' have {len(bands)} bands; give one of class values, or three of colors."
        )
    if len(bands) == _COLOR_BANDS and description.dtype != "uint8":
        raise SceneError(
            f"The labels '{description.name}' have three bands of {description.dtype}; colors must be 8-bit (uint8)."
        )
    return bands


def _needs_warp(description: SceneDescription, grid: RasterGrid, grid_name: str) -> bool:
    labels = description.grid
    if labels.crs is None or grid.crs is None:
        if labels.size == grid.size:
            return False
        raise SceneError(
            f"The labels '{description.name}' ({labels.width} x {labels.height}) and '{grid_name}' ({grid.width} x "
            f"{grid.height}) differ in size, and without georeference in both they cannot be matched; give labels of "
            "the image's size."
        )
    if labels.size != grid.size or labels.crs != grid.crs:
        return True
    shift = ~grid.transform @ labels.transform
    corners = [(0, 0), (labels.width, 0), (0, labels.height), (labels.width, labels.height)]
    moved = [np.hypot(*np.subtract(shift @ corner, corner)) for corner in corners]
    return bool(max(moved) > _SAME_WITHIN_PX)
