"""What a run hands back, as records with a JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from magnet_geo.classes import LandClass
from magnet_geo.grid import PixelAreas
from magnet_geo.records.grid_record import GridRecord
from magnet_geo.records.refinement_record import LevelRecord


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ClassRecord(_Record):
    """One class of the map.

    Attributes:
        value: Pixel value.
        name: Class name.
        color: ``#rrggbb``.
        pixels: How many pixels have it.
        area_m2: Their area on the ellipsoid; null without a CRS.
        share: Their share of the valid pixels, 0-1.
        area_share: Their share of the mapped area, 0-1; null without a CRS.
    """

    value: int
    name: str
    color: str
    pixels: int
    area_m2: float | None
    share: float
    area_share: float | None = None


class AreaRecord(_Record):
    """How the areas of classes were measured.

    Attributes:
        ellipsoid: They are areas on this ellipsoid; null where the CRS has none and is taken for a plane.
        relative_error: Largest relative error of a pixel's area; it says nothing of errors of the classification.
        areal_scale: Smallest and largest ratio of an area in the CRS to that on the ground, for which the areas are
            corrected; null for degrees and planes.
    """

    ellipsoid: str | None
    relative_error: float
    areal_scale: tuple[float, float] | None


class ModelRecord(_Record):
    """The model behind a map.

    Attributes:
        name: Short name.
        version: Its version.
        sha256: Hash of its file.
        title: One line for people.
    """

    name: str
    version: str
    sha256: str
    title: str


class BudgetRecord(_Record):
    """How far a budget of time went.

    Attributes:
        seconds: The budget.
        patches: Patches that might have been refined.
        refined: Those of them that were, most uncertain ground first.
        coarse: Those that were left coarse.
    """

    seconds: float
    patches: int
    refined: int
    coarse: int


class SegmentResult(_Record):
    """The outcome of one scene.

    Attributes:
        scene: As it was named.
        raster: Absolute path of the class raster, as all paths here.
        confidence: Certainty raster, or null.
        probabilities: Probability raster, or null.
        polygons: Polygon layer, or null.
        report: Report, or null.
        stac: STAC Item, or null.
        model: The model.
        grid: Georeference of the rasters.
        classes: Classes with pixels and areas, unclassified last where it occurs.
        valid_pixels: Mapped pixels.
        areas: How areas were measured; null without a CRS.
        refined_share: Share of the patches with valid pixels that were refined, 0-1.
        levels: The same level by level.
        budget: How far the budget of time went; null without one.
        seconds: Wall time.
        peak_memory_bytes: Largest main memory of the process so far.
        device: Where the networks ran.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        warnings: Sentences for the user.
    """

    scene: str
    raster: str
    confidence: str | None
    probabilities: str | None
    polygons: str | None = None
    report: str | None = None
    stac: str | None = None
    model: ModelRecord
    grid: GridRecord
    classes: tuple[ClassRecord, ...]
    valid_pixels: int
    areas: AreaRecord | None
    refined_share: float
    levels: tuple[LevelRecord, ...] = ()
    budget: BudgetRecord | None = None
    seconds: float
    peak_memory_bytes: int
    device: str
    precision: str
    warnings: tuple[str, ...]


class TimeEstimate(_Record):
    """How long a run may take, estimated from one of its windows on this machine.

    Attributes:
        seconds: Of the whole run; reading, networks and writing partly go on at once.
        read_seconds: Of reading.
        network_seconds: Of the networks.
        write_seconds: Of making and writing the map.
        ranking_seconds: Of a first pass that ranks patches, as a share or a budget needs; others do without.
        refining_seconds: Of refining patches: twice the patches take twice as long.
        refined_share: Share of the patches that the estimate takes to be refined, 0-1.
        fast_share: Share that ``--refine fast`` would refine in the window that was tried; null where the model has
            no such mode.
    """

    seconds: float
    read_seconds: float
    network_seconds: float
    write_seconds: float
    ranking_seconds: float
    refining_seconds: float
    refined_share: float
    fast_share: float | None


class PlanRecord(_Record):
    """What a run would do (``--dry-run``).

    Attributes:
        scene: The scene.
        model: The model.
        grid: Georeference of scene and result.
        bands: Scene bands for the model's bands.
        scaling: How values are scaled, in words.
        gsd_m: Pixel size of the scene; null where unknown.
        scene_pixels_per_model_pixel: 1 where pixels are taken as they are.
        windows: Windows to compute.
        window: Height and width of a window in scene pixels.
        halo: Pixels of a window dropped on each inner side.
        patches: Network passes of a full refinement.
        batch_size: Patches per pass.
        memory_bytes: Estimated peak of main memory.
        vram_bytes: Estimated peak of GPU memory.
        estimate: Estimated time; null where it was not asked for.
        budget_seconds: The budget of time, or null.
        device: Where the networks would run.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        warnings: Sentences for the user.
    """

    scene: str
    model: ModelRecord
    grid: GridRecord
    bands: tuple[int, ...]
    scaling: str
    gsd_m: float | None
    scene_pixels_per_model_pixel: float
    windows: int
    window: tuple[int, int]
    halo: int
    patches: int
    batch_size: int
    memory_bytes: int
    vram_bytes: int
    estimate: TimeEstimate | None = None
    budget_seconds: float | None = None
    device: str
    precision: str
    warnings: tuple[str, ...]


def class_records(
    classes: Iterable[LandClass], *, pixels: NDArray[np.int64], areas_m2: NDArray[np.float64] | None
) -> tuple[ClassRecord, ...]:
    """Return the record of each class.

    Args:
        classes: All classes that occur, and others.
        pixels: (256,) pixels by value; other values than the classes' do not count.
        areas_m2: (256,) square metres by value, NaN where not known; None without a CRS.
    """
    listed = list(classes)
    values = [land_class.value for land_class in listed]
    valid = int(pixels[values].sum())
    total_m2 = None if areas_m2 is None else float(areas_m2[values].sum())
    return tuple(_record(land_class, pixels, areas_m2, valid, total_m2) for land_class in listed)


def area_record(areas: PixelAreas | None) -> AreaRecord | None:
    """Return how areas were measured; None where they were not."""
    if areas is None:
        return None
    return AreaRecord(ellipsoid=areas.ellipsoid, relative_error=areas.relative_error, areal_scale=areas.areal_scale)


def _record(
    land_class: LandClass,
    pixels: NDArray[np.int64],
    areas_m2: NDArray[np.float64] | None,
    valid: int,
    total_m2: float | None,
) -> ClassRecord:
    count = int(pixels[land_class.value])
    area = None if areas_m2 is None or not isfinite(areas_m2[land_class.value]) else float(areas_m2[land_class.value])
    known = area is not None and total_m2 is not None and isfinite(total_m2)
    return ClassRecord(
        value=land_class.value,
        name=land_class.name,
        color=land_class.color,
        pixels=count,
        area_m2=area,
        share=count / max(1, valid),
        area_share=(area or 0.0) / total_m2 if known and total_m2 else None,
    )
