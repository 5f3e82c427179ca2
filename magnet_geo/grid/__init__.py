"""Pure values of space: grids, pyramids, plans."""

from magnet_geo.grid.magnification import MagnificationPyramid, PyramidManner
from magnet_geo.grid.pixel_area import PixelAreas
from magnet_geo.grid.pixel_rect import PixelRect, Size
from magnet_geo.grid.raster_grid import RasterGrid
from magnet_geo.grid.read_scale import ReadScale
from magnet_geo.grid.straight_lines import follow_lines, follow_pixels, lattice_px, lines_on_grid, to_wgs84
from magnet_geo.grid.window_plan import Window, WindowBlock, WindowPlan

__all__ = [
    "MagnificationPyramid",
    "PixelAreas",
    "PixelRect",
    "PyramidManner",
    "RasterGrid",
    "ReadScale",
    "Size",
    "Window",
    "WindowBlock",
    "WindowPlan",
    "follow_lines",
    "follow_pixels",
    "lattice_px",
    "lines_on_grid",
    "to_wgs84",
]
