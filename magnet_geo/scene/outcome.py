"""From a finished run, or a planned one, to the record that is handed back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme
from magnet_geo.compute.device import precision_name
from magnet_geo.compute.peak_memory import peak_memory_bytes
from magnet_geo.grid import PixelAreas
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.raster import GDAL_VERSION
from magnet_geo.records.grid_record import grid_record
from magnet_geo.records.run_record import RunRecord
from magnet_geo.records.segment_result import (
    BudgetRecord,
    ModelRecord,
    PlanRecord,
    SegmentResult,
    TimeEstimate,
    area_record,
    class_records,
)
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.refinement.stats import RefinementStats


def make_result(
    output: Path,
    *,
    plan: RunPlan,
    model: Segmenter,
    scheme: ClassScheme,
    options: SegmentOptions,
    pixels: NDArray[np.int64],
    areas_m2: NDArray[np.float64] | None,
    measured: PixelAreas | None,
    stats: RefinementStats,
    warnings: tuple[str, ...],
    seconds: float,
) -> SegmentResult:
    """Return the outcome of a finished run.

    Args:
        output: Class raster.
        plan: The run.
        model: The model.
        scheme: The classes as written.
        options: The user's decisions.
        pixels: (256,) pixels by value.
        areas_m2: (256,) square metres by value, or None.
        measured: What measured them.
        stats: What was refined.
        warnings: Sentences for the user.
        seconds: Wall time.
    """
    return SegmentResult(
        scene=plan.source.address,
        raster=str(output.absolute()),
        confidence=_absolute(options.confidence),
        probabilities=_absolute(options.probabilities),
        model=model_record(model),
        grid=grid_record(plan.description.grid),
        classes=class_records(scheme.classes, pixels=pixels, areas_m2=areas_m2),
        valid_pixels=int(pixels.sum() - pixels[scheme.nodata]),
        areas=area_record(measured),
        refined_share=stats.share,
        levels=stats.levels(plan.gsd_m),
        budget=budget_record(options.budget_s, stats),
        seconds=seconds,
        peak_memory_bytes=peak_memory_bytes(),
        device=str(model.predictor.device),
        precision=precision_name(model.predictor.dtype),
        warnings=warnings,
    )


def make_plan_record(
    plan: RunPlan, model: Segmenter, *, estimate: TimeEstimate | None = None, budget_s: float | None = None
) -> PlanRecord:
    """Return what a run would do.

    Args:
        plan: The run.
        model: The model.
        estimate: What `estimate_time` gave.
        budget_s: Seconds it may take.
    """
    pyramid = model.manifest.pyramid
    windows = len(plan.area_windows)
    passes = len(pyramid.patches(0)) + sum(2 * len(pyramid.patches(level)) for level in range(1, len(pyramid.levels)))
    return PlanRecord(
        scene=plan.source.address,
        model=model_record(model),
        grid=grid_record(plan.description.grid),
        bands=plan.bands,
        scaling=plan.scaling_text,
        gsd_m=plan.gsd_m,
        scene_pixels_per_model_pixel=plan.scale.ratio,
        windows=windows,
        window=(plan.windows.window.height, plan.windows.window.width),
        halo=plan.windows.halo,
        patches=windows * passes,
        batch_size=plan.memory.batch_size,
        memory_bytes=plan.memory.main_bytes,
        vram_bytes=plan.memory.gpu_bytes,
        estimate=estimate,
        budget_seconds=budget_s,
        device=str(model.predictor.device),
        precision=precision_name(model.predictor.dtype),
        warnings=plan.warnings,
    )


def make_run_record(
    plan: RunPlan, model: Segmenter, options: SegmentOptions, stats: RefinementStats, warnings: tuple[str, ...]
) -> RunRecord:
    """Put together what a run leaves in its map."""
    manifest = model.manifest
    networks = (manifest.architecture.backbone, manifest.architecture.refinement or "no refinement")
    return RunRecord(
        gdal=GDAL_VERSION,
        scene=plan.description.name,
        model=model_record(model),
        model_gsd_m=manifest.gsd_m,
        networks=" + ".join(networks),
        domain=manifest.domain,
        licence=manifest.licence,
        data=manifest.data,
        bands=plan.bands,
        band_names=manifest.bands,
        scaling=plan.scaling_text,
        gsd_m=plan.gsd_m,
        scene_pixels_per_model_pixel=plan.scale.ratio,
        refine=plan.refinement.name,
        ranked_share=stats.share if plan.refinement.ranks else None,
        min_confidence=options.min_confidence,
        part_of_scene=options.area is not None,
        windows=len(plan.area_windows),
        window=(plan.windows.window.height, plan.windows.window.width),
        halo=plan.windows.halo,
        device=str(model.predictor.device),
        precision=precision_name(model.predictor.dtype),
        levels=stats.levels(plan.gsd_m),
        refined=stats.grid(),
        warnings=warnings,
    )


def budget_record(seconds: float | None, stats: RefinementStats) -> BudgetRecord | None:
    """Return how far a budget of time went; None without one."""
    if seconds is None:
        return None
    levels = stats.levels(None)
    patches, refined = sum(level.patches for level in levels), sum(level.refined for level in levels)
    return BudgetRecord(seconds=seconds, patches=patches, refined=refined, coarse=patches - refined)


def model_record(model: Segmenter) -> ModelRecord:
    """Return the model in short."""
    manifest = model.manifest
    return ModelRecord(name=manifest.name, version=manifest.version, sha256=model.model_hash, title=manifest.title)


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
