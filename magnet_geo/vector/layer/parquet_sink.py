"""GeoParquet 1.1 (https://geoparquet.org): WKB, the CRS as PROJJSON, and the box around all features."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
from typing_extensions import override

from magnet_geo.vector.layer.feature_batch import FeatureBatch
from magnet_geo.vector.layer.layer_format import LayerPlan, LayerSink

_GEOMETRY = "geometry"
_VERSION = "1.1.0"


class ParquetSink(LayerSink):
    """Writes each batch as a row group."""

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self._path = plan.draft_path(".parquet")
        self._writer: pq.ParquetWriter | None = None
        self._bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])

    @override
    def write(self, batch: FeatureBatch) -> None:
        columns = {name: pa.array(values, from_pandas=True) for name, values in batch.columns.items()}
        columns[_GEOMETRY] = pa.array(shapely.to_wkb(batch.geometries), pa.binary())
        table = pa.table(columns)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)
        bounds = shapely.total_bounds(batch.geometries)
        self._bounds = np.concatenate([np.fmin(self._bounds[:2], bounds[:2]), np.fmax(self._bounds[2:], bounds[2:])])

    @override
    def close(self) -> None:
        if self._writer is not None:
            self._writer.add_key_value_metadata({"geo": json.dumps(self._geo())})
            self._writer.close()

    def _geo(self) -> dict[str, Any]:
        crs = None if self._plan.crs is None else pyproj.CRS.from_user_input(self._plan.crs).to_json_dict()
        column = {
            "encoding": "WKB",
            "geometry_types": [self._plan.geometry_type],
            "crs": crs,
            "orientation": "counterclockwise",
            "bbox": self._bounds.tolist(),
        }
        return {"version": _VERSION, "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
