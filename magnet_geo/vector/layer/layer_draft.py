"""`LayerDraft`: a polygon layer while it is being written; it appears under its name only when it is complete."""

from __future__ import annotations

import os
import shutil
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from rasterio.crs import CRS

from magnet_geo.errors import DiskFullError, OutputError
from magnet_geo.grid import follow_lines, lattice_px, to_wgs84
from magnet_geo.vector.layer.feature_batch import FeatureBatch
from magnet_geo.vector.layer.geopackage_style import add_geopackage_style
from magnet_geo.vector.layer.layer_format import LayerFormat, LayerPlan, LayerSink, layer_format

_ERRORS = (OSError, DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, sqlite3.Error)
# The newest version that QGIS 3.22 opens without a warning.
_DATASET_OPTIONS = {"GPKG": {"VERSION": "1.3"}}
_SHORT_NAMES = {"class_value": "class_val", "perimeter_m": "perim_m", "perimeter_px": "perim_px"}
_SMALL_DISK_BYTES = 10 * 2**20


class LayerDraft:
    """Takes batches of features, within a ``with`` block.

    Leaving the block without `finish` removes every trace.
    """

    def __init__(self, plan: LayerPlan) -> None:
        """Name the output.

        Raises:
            OutputError: Its end names no format, or one that cannot hold the layer.
        """
        self.plan = plan
        self.format = layer_format(plan.target)
        if self.format.driver == "GeoJSON" and plan.crs is None:
            raise OutputError(
                f"'{plan.target}' would be GeoJSON, which is in degrees (WGS 84), but the map has no coordinate "
                "reference system; name it with `crs`, or choose .gpkg."
            )
        self._sink: LayerSink | None = None

    def __enter__(self) -> LayerDraft:
        self._discard()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    @property
    def columns(self) -> Mapping[str, str]:
        """Names of columns that the format shortens."""
        return _SHORT_NAMES if self.format.short_names else {}

    def write(self, batch: FeatureBatch) -> None:
        """Add features.

        Raises:
            DiskFullError: There is no room.
            OutputError: They cannot be written.
        """
        with self._explained():
            if self._sink is None:
                self._sink = self._open()
            self._sink.write(batch)

    def finish(self, style: str) -> Path:
        """Give the layer its name, and a GeoPackage its style.

        Args:
            style: QML.

        Returns:
            Path of the layer.

        Raises:
            OutputError: It cannot be written; nothing is left behind.
        """
        if self._sink is None:
            raise ValueError("A layer without features has no columns and cannot be written.")
        with self._explained():
            self._sink.close()
            self._sink = None
            target = self.plan.target
            if self.format.driver == "GPKG":
                add_geopackage_style(self.plan.draft_path(".gpkg"), self.plan.name, style)
            # The file that names the layer comes last: without it the others are nothing. `atomic_file.replacing` is
            # for one file, written in one block.
            for suffix in reversed(self.format.sidecars):
                draft = self.plan.draft_path(suffix)
                if draft.exists():
                    os.replace(draft, target if suffix == target.suffix.lower() else target.with_suffix(suffix))
        return target

    def _open(self) -> LayerSink:
        if self.format.driver == "Parquet":
            from magnet_geo.vector.layer.parquet_sink import ParquetSink

            return ParquetSink(self.plan)
        if self.format.grows:
            return _GrowingSink(self.plan, self.format, self.plan.draft_path(self.format.sidecars[0]))
        return _CopyingSink(self.plan, self.format)

    def _discard(self) -> None:
        self._sink = None
        for path in self.plan.target.parent.glob(f".{_escaped(self.plan.target.stem)}.part.*"):
            path.unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with warnings.catch_warnings():
                # A layer in pixel coordinates has none, and says so elsewhere.
                warnings.filterwarnings("ignore", message="'crs' was not provided")
                yield
        except _ERRORS as error:
            target = self.plan.target
            detail = " ".join(str(error).split()).rstrip(".")
            if shutil.disk_usage(target.absolute().parent).free < _SMALL_DISK_BYTES:
                raise DiskFullError(
                    f"The disk filled up while '{target}' was written ({detail}); make room or choose another folder."
                ) from error
            raise OutputError(
                f"'{target}' could not be written ({detail}); check the folder, the disk and the limits of the format."
            ) from error


class _GrowingSink:
    """A layer to which GDAL can add features."""

    def __init__(self, plan: LayerPlan, written_as: LayerFormat, path: Path, *, indexed: bool = True) -> None:
        self._plan, self._format, self._path = plan, written_as, path
        self._layer_options = {} if indexed or written_as.driver != "GPKG" else {"SPATIAL_INDEX": "NO"}
        self._begun = False

    def write(self, batch: FeatureBatch) -> None:
        first = not self._begun
        names = [_SHORT_NAMES.get(n, n) if self._format.short_names else n for n in batch.columns]
        pyogrio.raw.write(
            self._path,
            shapely.to_wkb(batch.geometries),
            list(batch.columns.values()),
            np.array(names),
            # A shapefile is a layer by its own name.
            layer=self._path.stem if self._format.short_names else self._plan.name,
            driver=self._format.driver,
            geometry_type=self._plan.geometry_type,
            crs=_wkt(self._plan.crs),
            encoding="UTF-8",
            append=not first,
            dataset_options=_DATASET_OPTIONS.get(self._format.driver) if first else None,
            layer_options=self._layer_options if first else None,
        )
        self._begun = True

    def close(self) -> None:
        """Leave the file as it is: each batch was written whole."""


class _CopyingSink:
    """Collects features in a scratch GeoPackage and copies them to the format at the end, as a stream."""

    def __init__(self, plan: LayerPlan, written_as: LayerFormat) -> None:
        self._plan, self._format = plan, written_as
        self._scratch = plan.draft_path(".scratch.gpkg")
        self._sink = _GrowingSink(plan, layer_format(Path("scratch.gpkg")), self._scratch, indexed=False)
        # GeoJSON is in degrees, in which lines that were straight are not.
        to_degrees = to_wgs84(plan.grid) if written_as.driver == "GeoJSON" and plan.grid is not None else None
        self._lattice_px = None if to_degrees is None or plan.grid is None else lattice_px(plan.grid, to_degrees)

    def write(self, batch: FeatureBatch) -> None:
        if self._lattice_px is not None and self._plan.grid is not None:
            batch = replace(batch, geometries=follow_lines(batch.geometries, self._plan.grid, self._lattice_px))
        self._sink.write(batch)

    def close(self) -> None:
        options: Mapping[str, str] = {}
        if self._format.driver == "GeoJSON":
            options = {"RFC7946": "YES", "COORDINATE_PRECISION": str(self._plan.decimals)}
        with pyogrio.open_arrow(self._scratch, layer=self._plan.name, use_pyarrow=False) as (meta, stream):
            pyogrio.write_arrow(
                stream,
                self._plan.draft_path(self._format.sidecars[0]),
                layer=self._plan.name,
                driver=self._format.driver,
                geometry_name=meta["geometry_name"] or "wkb_geometry",
                geometry_type=self._plan.geometry_type,
                crs=_wkt(self._plan.crs),
                layer_options=dict(options),
            )
        self._scratch.unlink()


def _wkt(crs: CRS | None) -> str | None:
    return None if crs is None else crs.to_wkt()


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
