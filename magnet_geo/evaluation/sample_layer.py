"""The layer of points that an interpreter fills in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from magnet_geo.evaluation.sample_answers import ID_COLUMN, REFERENCE_COLUMN, point_grid
from magnet_geo.evaluation.sample_design import DESIGN_KEY, SampleDesign
from magnet_geo.vector import PointLayer, answer_form, write_point_layer

LAYER_NAME = "sample"


def sample_layer(design: SampleDesign, *, blind: bool = False) -> PointLayer:
    """Return a point at the center of each pixel that was drawn, in order of ids.

    Args:
        design: The sample.
        blind: Leave out what the map says, so that it cannot sway the interpreter.
    """
    rows, cols, values = np.array([(point.row, point.col, point.value) for point in design.points]).T
    x, y = point_grid(design).world(rows=rows + 0.5, cols=cols + 0.5)
    names = {entry.value: entry.name for entry in design.classes}
    columns = {
        ID_COLUMN: pd.Series(np.arange(1, len(rows) + 1, dtype=np.int32)),
        REFERENCE_COLUMN: pd.Series([pd.NA] * len(rows), dtype="Int32"),
    }
    if not blind:
        columns["map_class"] = pd.Series(values.astype(np.int32))
        columns["map_name"] = pd.Series([names[int(value)] for value in values])
    columns |= {"x": pd.Series(x), "y": pd.Series(y)}
    return PointLayer(x, y, point_grid(design).crs, columns, {DESIGN_KEY: design.model_dump_json()})


def write_sample(target: Path, design: SampleDesign, *, blind: bool = False) -> None:
    """Write the layer as a GeoPackage, with a QGIS form that offers the classes.

    Args:
        target: Path that ends in .gpkg.
        design: The sample.
        blind: See `sample_layer`.

    Raises:
        OutputError: It cannot be written.
    """
    layer = sample_layer(design, blind=blind)
    choices = [entry.land_class() for entry in design.classes]
    style = answer_form(column=REFERENCE_COLUMN, choices=choices, columns=list(layer.columns))
    write_point_layer(target, layer, name=LAYER_NAME, style=style)
