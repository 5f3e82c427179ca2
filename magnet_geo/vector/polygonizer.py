"""`polygonize`: a class raster of any size to a layer of polygons, band by band."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import OptionError, SceneError
from magnet_geo.grid import RasterGrid
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.raster import ClassMap, SceneSource, check_output_path
from magnet_geo.vector.class_bands import Band, BandSource, ClassBands, Inside
from magnet_geo.vector.class_choice import ClassTally, chosen_codes
from magnet_geo.vector.confidence_map import ConfidenceMap
from magnet_geo.vector.ground_scale import GroundScale
from magnet_geo.vector.layer.feature_batch import FeatureBatch, FeatureMaker, RegionSums
from magnet_geo.vector.layer.large_polygons import TILE_PX, cut_large
from magnet_geo.vector.layer.layer_draft import LayerDraft
from magnet_geo.vector.layer.layer_format import FORMATS, LayerPlan, layer_format
from magnet_geo.vector.layer.polygon_style import polygon_style
from magnet_geo.vector.layer.style_file import write_polygon_style
from magnet_geo.vector.merging.minimum_mapping_unit import merged_bands
from magnet_geo.vector.polygon_options import BorderTolerance, PatchSize, PolygonOptions
from magnet_geo.vector.polygons_result import PolygonsResult
from magnet_geo.vector.tracing.border_shape import BorderShape, PixelBorders, SmoothBorders
from magnet_geo.vector.tracing.polygons import build_polygons
from magnet_geo.vector.tracing.region_tracer import RegionTracer
from magnet_geo.vector.tracing.run_measures import GroundArea, RunMeasure, SumOfPixels, count_pixels
from magnet_geo.vector.tracing.simplification import TILE_PX as SIMPLIFIED_TILE_PX
from magnet_geo.vector.tracing.simplification import SimplifiedBorders
from magnet_geo.vector.tracing.waiting_regions import FinishedRegions

_DEFAULTS = PolygonOptions()
# Shares of the progress bar.
_MERGED, _TRACED = 0.3, 0.97
_METRES_PER_DEGREE = 111_320.0
# Features; between two writes the run can be cancelled.
_WRITTEN_AT_ONCE = 50_000


def check_polygons(target: Path, source: str, options: PolygonOptions = _DEFAULTS) -> None:
    """Refuse an output that cannot or must not be written, before any work is done.

    Raises:
        OutputError: Its end names no format, its folder is missing or read-only, or it exists.
        OptionError: Its format needs a package that is not installed.
    """
    # The style is none of them: another's is left alone, since the layer needs none.
    parts = [target.with_suffix(suffix) for suffix in layer_format(target).sidecars[1:]]
    check_output_path(target, source, options.overwrite, suffixes=tuple(FORMATS), side_files=parts)


def polygonize(
    source: SceneSource | str | Path,
    output: str | Path,
    *,
    options: PolygonOptions = _DEFAULTS,
    confidence: str | Path | None = None,
    inside: Inside | None = None,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> PolygonsResult:
    """Turn a class raster into polygons that tile its valid area without gaps or overlaps.

    Memory holds a band of rows and the borders of the regions that reach its last row; it does not grow with the
    pixels. With ``dissolve`` it holds all borders.

    Args:
        source: Class raster: one band of whole numbers from 0 to 255.
        output: Layer to write; its suffix chooses the format.
        options: Decisions about the layer.
        confidence: Certainty raster of the same grid (0-254 = 0-1, 255 nodata); its mean becomes an attribute.
        inside: Which pixels are wanted; None for all.
        progress: Receives events.
        cancel: Raised by another thread to stop between two bands, or two writes.

    Raises:
        MagnetGeoError: With a sentence for the user; no layer exists then.
    """
    started = time.monotonic()
    source, output = SceneSource.of(source), Path(output)
    check_polygons(output, source.path, options)
    with ExitStack() as open_files:
        class_map = open_files.enter_context(ClassMap(source))
        certainty = None
        if confidence is not None:
            certainty = open_files.enter_context(ConfidenceMap(SceneSource(str(confidence)), class_map.grid))
        run = _Run(class_map, certainty, options, inside, progress, cancel or CancelToken())
        result = run.write(output)
    return result.model_copy(update={"seconds": time.monotonic() - started})


@dataclass(slots=True)
class _Run:
    class_map: ClassMap
    certainty: ConfidenceMap | None
    options: PolygonOptions
    inside: Inside | None
    progress: ProgressListener
    cancel: CancelToken
    scale: GroundScale | None = field(init=False)
    warnings: list[str] = field(default_factory=list, init=False)
    tally: ClassTally = field(default_factory=ClassTally, init=False)

    def __post_init__(self) -> None:
        grid = self.class_map.grid
        self.scale = None if grid.crs is None else GroundScale(grid)

    def write(self, output: Path) -> PolygonsResult:
        """Return the whole layer and its style."""
        for warning in self.class_map.description.warnings:
            self._warn(warning)
        grid, shape = self.class_map.grid, self._shape()
        bands = ClassBands(self.class_map, rows=shape.knots if self.options.simplify else None, inside=self.inside)
        classes = {code: self.class_map.land_class(value) for code, value in enumerate(bands.values.tolist()) if code}
        named = sorted(self.class_map.table.values(), key=lambda c: c.value)
        wanted = chosen_codes(self.options.classes, classes, named) if self.options.classes else set(classes)
        multi = self.options.dissolve or self.options.connectivity == 8
        plan = LayerPlan(output, grid.crs, multi, _decimals(grid), None if grid.crs is None else grid)
        with LayerDraft(plan) as draft:
            source, merged = self._merged(bands)
            maker = FeatureMaker(grid, self.scale, classes, multi)
            for finished, tracer in self._finished(source, shape):
                chosen = np.isin(finished.codes, list(wanted))
                batch = self._features(maker, finished if chosen.all() else finished.take(chosen), tracer)
                # The rings of a large region need not stay in memory while its geometry is written.
                del finished
                self._write(draft, batch)
            self._require_features()
            self._say(_TRACED, "write", "Writing the layer")
            legend = [c for c in named if c in [classes[code] for code in wanted]] or self.tally.present(classes)
            draft.finish(polygon_style(legend))
        column = draft.columns.get("class_value", "class_value")
        style = write_polygon_style(output, polygon_style(legend, column=column), column=column)
        if style is None and draft.format.driver != "GPKG":
            self._warn(
                f"'{output.with_suffix('.qml')}' is the style of another layer and was left alone: the polygons have "
                "no style file beside them; give them another name."
            )
        self._say(1.0, "done", "Done")
        return PolygonsResult(
            polygons=str(output.absolute()),
            layer=plan.name,
            style=None if style is None else str(style.absolute()),
            features=int(self.tally.features.sum()),
            vertices=self.tally.vertices,
            merged_patches=merged,
            classes=self.tally.records(classes, with_areas=self.scale is not None),
            seconds=0.0,
            warnings=tuple(self.warnings),
        )

    def _shape(self) -> BorderShape:
        grid, options = self.class_map.grid, self.options
        knots = TILE_PX if options.max_vertices is not None else None
        if options.smooth:
            return SmoothBorders(grid.height, grid.width, knots)
        if options.simplify is None:
            return PixelBorders(knots)
        tolerance = BorderTolerance.of(options.simplify)
        if self.scale is None and not tolerance.in_pixels:
            raise OptionError(
                "A map without a coordinate reference system has no metres; give the tolerance in pixels, such as 2px, "
                "or name the system with `crs`."
            )
        if self.scale is None:
            return SimplifiedBorders(tolerance.value)
        height, width = self.scale.metres_per_pixel(row=grid.height / 2, col=grid.width / 2)
        side = tolerance.value if tolerance.in_pixels else tolerance.value / width
        return SimplifiedBorders(side, height / width)

    def _merged(self, bands: ClassBands) -> tuple[BandSource, int]:
        least = self.options.min_area
        if least is None:
            return bands, 0
        merged = merged_bands(
            bands,
            PatchSize.of(least),
            self.scale,
            connectivity=self.options.connectivity,
            each_band=lambda band: self._read("merge", "Merging small patches", 0.0, _MERGED, band),
        )
        return merged, merged.changed

    def _finished(self, source: BandSource, shape: BorderShape) -> Iterator[tuple[FinishedRegions, RegionTracer]]:
        tracer = RegionTracer(source.grid.width, connectivity=self.options.connectivity, shape=shape)
        begun = _MERGED if self.options.min_area else 0.0
        kept: list[FinishedRegions] = []
        # Nothing here holds what was handed out.
        for band in source.bands():
            if self.options.dissolve:
                kept.append(tracer.take(band.codes, self._measures(band)))
            else:
                yield tracer.take(band.codes, self._measures(band)), tracer
            self._read("trace", "Tracing borders", begun, _TRACED, band)
        yield (FinishedRegions.dissolve([*kept, tracer.finish()]) if self.options.dissolve else tracer.finish()), tracer

    def _measures(self, band: Band) -> list[RunMeasure]:
        measures: list[RunMeasure] = [count_pixels]
        if self.scale is not None:
            measures.append(GroundArea(self.scale, band.rect.row))
        if self.certainty is not None:
            values, valid = self.certainty.read(band.rect)
            measures += [SumOfPixels(values), SumOfPixels(valid.view(np.uint8))]
        return measures

    def _sums(self, sums: NDArray[np.float64]) -> RegionSums:
        rows = iter(sums)
        pixels = next(rows)
        area = None if self.scale is None else next(rows)
        return RegionSums(pixels, area, *(rows if self.certainty is not None else ()))

    def _features(self, maker: FeatureMaker, found: FinishedRegions, tracer: RegionTracer) -> FeatureBatch | None:
        if not found.codes.size:
            return None
        block = build_polygons(found.rings, found.owners, tracer.part_of(found.rings.regions))
        codes, sums = found.codes, found.sums
        if self.options.max_vertices is not None:
            tile_px = SIMPLIFIED_TILE_PX if self.options.simplify else TILE_PX
            block, parents = cut_large(block, self.options.max_vertices, tile_px=tile_px)
            codes, sums = codes[parents], sums[:, parents]
        batch = maker.make(block, codes, self._sums(sums))
        self.tally.add(codes, batch.columns.get("area_m2"), block.rings.keys.size)
        return batch

    def _write(self, draft: LayerDraft, batch: FeatureBatch | None) -> None:
        for part in batch.parts(_WRITTEN_AT_ONCE) if batch else ():
            self.cancel.raise_if_cancelled()
            draft.write(part)

    def _require_features(self) -> None:
        if self.tally.features.any():
            return
        name = self.class_map.source.name
        if self.options.classes:
            raise SceneError(f"No pixel of '{name}' has the class {' or '.join(self.options.classes)}.")
        where = " inside the area of interest" if self.inside else ""
        raise SceneError(f"No pixel of '{name}'{where} is valid; there is nothing to polygonize.")

    def _read(self, stage: str, message: str, begun: float, end: float, band: Band) -> None:
        self.cancel.raise_if_cancelled()
        share = band.rect.row_stop / self.class_map.grid.height
        self._say(begun + (end - begun) * share, stage, message)

    def _say(self, fraction: float, stage: str, message: str) -> None:
        self.progress(ProgressEvent(fraction, stage, message))

    def _warn(self, text: str) -> None:
        self.warnings.append(text)
        self.progress(WarningEvent(text))


def _decimals(grid: RasterGrid) -> int:
    """Digits of degrees that tell a hundredth of a pixel apart; 7, as is usual, where that is enough."""
    gsd_m = grid.ground_sample_distance_m or 1.0
    return int(np.clip(np.ceil(-np.log10(gsd_m / _METRES_PER_DEGREE / 100)), 7, 12))
