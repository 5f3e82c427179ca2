"""Results and plans for people, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10
from pathlib import Path

from rich.console import Console
from rich.table import Table

from magnet_geo.progress import duration_text
from magnet_geo.records.segment_result import AreaRecord, ClassRecord, PlanRecord, SegmentResult, TimeEstimate

from .console import VisibleConsole, escape

# A projection that is off by less is as good as an equal-area one.
_LEAST_SCALE = 1e-6
_BEST_ERROR = 1e-9


def show_result(result: SegmentResult) -> None:
    """Print the class table and where the files are."""
    console = _console()
    _print_classes(console, result.classes, result.areas)
    megapixels = result.grid.width * result.grid.height / 1e6
    console.print(
        f"{megapixels:.2f} Mpx in {result.seconds:.1f} s on {result.device} ({result.precision}), "
        f"{result.refined_share:.0%} of the patches refined, peak memory {result.peak_memory_bytes / 1e9:.2f} GB, "
        f"model {result.model.name} {result.model.version}"
    )
    for label, path in _files(result):
        console.print(f"{label:<14}{_shown(path)}", markup=False)


def show_areas(classes: Sequence[ClassRecord], areas: AreaRecord | None) -> None:
    """Print the class table of a map, and how its areas were measured."""
    _print_classes(_console(), classes, areas)


def show_plan(plan: PlanRecord, *, with_warnings: bool) -> None:
    """Print what a run would do, on stderr."""
    console = VisibleConsole(stderr=True, highlight=False, soft_wrap=True)
    size = f"{plan.grid.width} x {plan.grid.height} px"
    gsd = "unknown pixel size" if plan.gsd_m is None else f"{plan.gsd_m:.3g} m pixels"
    ratio = plan.scene_pixels_per_model_pixel
    read = "pixels as they are" if ratio == 1 else f"{ratio:.3g} scene pixels per model pixel"
    height, width = plan.window
    lines = [
        ("scene", f"{plan.scene}: {size}, {plan.grid.crs or 'no CRS'}, {gsd}"),
        ("model", f"{plan.model.name} {plan.model.version}: {plan.model.title}"),
        ("bands", ", ".join(map(str, plan.bands))),
        ("values", plan.scaling),
        ("reading", read),
        ("windows", f"{plan.windows} of {width} x {height} px, halo {plan.halo} px, up to {plan.patches} passes"),
        ("memory", f"about {plan.memory_bytes / 1e9:.1f} GB{_vram(plan)}, {plan.batch_size} patches per pass"),
        ("device", f"{plan.device}, {plan.precision}"),
        *([("time", _time(plan.estimate, plan.budget_seconds))] if plan.estimate else []),
    ]
    for label, text in lines:
        console.print(f"{label:<14}{text}", markup=False)
    for warning in plan.warnings if with_warnings else ():
        console.print(f"{'warning':<14}{warning}", markup=False)


def _console() -> Console:
    return VisibleConsole(highlight=False, soft_wrap=True)


def _print_classes(console: Console, classes: Sequence[ClassRecord], areas: AreaRecord | None) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head, justify in (("", "left"), ("value", "right"), ("class", "left"), ("pixels", "right"), ("share", "right")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    known = [entry.area_m2 for entry in classes if entry.area_m2 is not None]
    unit, square_metres = area_unit(max(known, default=0.0))
    if known:
        table.add_column(f"area, {unit}", justify="right")
    for entry in classes:
        cells = [
            f"[{entry.color}]██[/]",
            str(entry.value),
            escape(entry.name),
            f"{entry.pixels:,}",
            f"{entry.share:.1%}",
        ]
        area = "unknown" if entry.area_m2 is None else f"{entry.area_m2 / square_metres:,.2f}"
        table.add_row(*cells, *([area] if known else []))
    console.print(table)
    if areas is not None:
        console.print(_how_measured(areas), markup=False)


def _how_measured(areas: AreaRecord) -> str:
    if areas.ellipsoid is None:
        return "areas in the plane of the CRS"
    text = f"areas on the ellipsoid ({areas.ellipsoid}), to {_percent(areas.relative_error)} or better"
    low, high = areas.areal_scale or (1.0, 1.0)
    if max(abs(low - 1), abs(high - 1)) < _LEAST_SCALE:
        return text
    times = " to ".join(sorted({f"{low:.4g}", f"{high:.4g}"}))
    return f"{text}; the CRS itself would count {times} times as much"


def _percent(error: float) -> str:
    """The next power of ten above an error."""
    exponent = ceil(log10(max(error, _BEST_ERROR) * 100))
    return f"{10.0**exponent:.{max(0, -exponent)}f} %"


def _files(result: SegmentResult) -> list[tuple[str, str]]:
    raster = Path(result.raster)
    found = [
        ("map", result.raster),
        ("styles", f"{raster.with_suffix('.qml')}, {raster.with_suffix('.sld').name}"),
        ("confidence", result.confidence),
        ("probabilities", result.probabilities),
        ("polygons", result.polygons),
        ("report", result.report),
        ("STAC Item", result.stac),
    ]
    return [(label, path) for label, path in found if path is not None]


def _shown(path: str) -> str:
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def _vram(plan: PlanRecord) -> str:
    return f" and {plan.vram_bytes / 1e9:.1f} GB on the GPU" if plan.vram_bytes else ""


def _time(estimate: TimeEstimate, budget_s: float | None) -> str:
    parts = [
        ("reading", estimate.read_seconds),
        ("networks", estimate.network_seconds),
        ("making and writing the map", estimate.write_seconds),
    ]
    of_what = ", ".join(f"{name} {duration_text(seconds)}" for name, seconds in parts)
    text = f"about {duration_text(estimate.seconds)}, estimated from one window: {of_what}"
    if budget_s is None:
        return text
    enough = f"enough for about {estimate.refined_share:.0%} of the patches"
    return f"{text}; budget {duration_text(budget_s)}, {enough if estimate.refined_share else 'too short to refine'}"


def area_unit(largest_m2: float) -> tuple[str, float]:
    """Unit for all classes of a map, so that they compare at a glance, and its square metres."""
    if largest_m2 >= 1e8:
        return "km²", 1e6
    return ("ha", 1e4) if largest_m2 >= 1e4 else ("m²", 1.0)
