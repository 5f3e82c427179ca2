"""A model's card and the list of models, drawn for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from magnet_geo.model.description import ModelDescription, fitting_sensors
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.manifest_parts import FastSelection, PointSelection
from magnet_geo.model.model_card import MetricsTable
from magnet_geo.model.model_file import short_hash

from .console import ShownText


def model_card(description: ModelDescription) -> RenderableType:
    """Everything people want to know about a model before they use it."""
    manifest = description.manifest
    heading = Text.assemble((manifest.title, "bold"), f"\n{manifest.name} {manifest.version}")
    parts: list[RenderableType] = [heading]
    parts += [ShownText(f"\n{text}") for text in (manifest.description, manifest.domain) if text]
    parts += [ShownText(), _facts(description), ShownText("\nClasses", style="bold"), _classes(manifest)]
    for table in manifest.card:
        parts += [ShownText(), _metrics(table)]
        parts += [ShownText(table.note, style="dim")] if table.note else []
    return Group(*parts)


def model_list(descriptions: Sequence[ModelDescription]) -> RenderableType:
    """One line per model."""
    table = Table("Name", "Version", "Pixel size", "Classes", "Size", "Title", box=None, pad_edge=False)
    for description in descriptions:
        manifest = description.manifest
        cells = (manifest.name, manifest.version, _gsd(manifest), str(len(manifest.classes)), _megabytes(description))
        table.add_row(*(ShownText(cell, no_wrap=True) for cell in cells), ShownText(manifest.title))
    return table


def _facts(description: ModelDescription) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in _named_facts(description):
        table.add_row(ShownText(name, style="dim"), ShownText(value))
    return table


def _named_facts(description: ModelDescription) -> Iterator[tuple[str, str]]:
    manifest = description.manifest
    scaling, window = manifest.scaling, manifest.pyramid.window
    refinement = manifest.architecture.refinement
    yield "Bands", ", ".join(manifest.bands)
    sensors = fitting_sensors(manifest)
    if sensors:
        yield "Sensors", f"{', '.join(sensors)} (for --sensor)"
    kind = "reflectance" if scaling.unit == "reflectance" else scaling.dtype
    yield "Values", f"{kind}, {_numbers(scaling.low)} to {_numbers(scaling.high)}"
    yield "Pixel size", _gsd(manifest)
    yield "Window", f"{window.width} x {window.height} px, {len(manifest.pyramid.levels)} levels"
    if manifest.graph is not None:
        yield "Network", f"foreign ONNX graph, one level, {manifest.graph.layout}, gives {manifest.graph.output}"
    else:
        networks = manifest.architecture.backbone
        yield "Networks", networks + (f" + {refinement} refinement" if refinement else ", coarse only")
    if manifest.selection is not None:
        default = manifest.selection.default
        yield "Full", _rule(manifest.selection.full) + (" (default)" if default == "full" else "")
        if manifest.selection.fast is not None:
            yield "Fast", _rule(manifest.selection.fast) + (" (default)" if default == "fast" else "")
    yield "License", manifest.licence
    if manifest.data:
        yield "Data", manifest.data
    yield "File", f"{description.path} ({_megabytes(description)})"
    yield "Hash", short_hash(description.sha256)


def _rule(rule: PointSelection) -> str:
    points = f"{rule.n_points:.0%} of the points" if rule.n_points <= 1 else f"{rule.n_points:.0f} points"
    text = f"{points}, median {rule.smooth_kernel}"
    if isinstance(rule, FastSelection) and rule.n_patches is not None:
        return f"{rule.n_patches} patches per level, {text}"
    if isinstance(rule, FastSelection) and rule.patch_thresholds is not None:
        return f"patches of uncertainty from {_numbers(rule.patch_thresholds)}, {text}"
    return f"all patches, {text}"


def _classes(manifest: Manifest) -> Table:
    table = Table.grid(padding=(0, 2))
    for entry in manifest.classes:
        remark = "not counted in the mean IoU" if entry.value in manifest.uncounted_values else ""
        swatch = ShownText("    ", style=f"on {entry.color}")
        table.add_row(
            ShownText(str(entry.value), justify="right"),
            swatch,
            ShownText(entry.name),
            ShownText(entry.color),
            ShownText(remark),
        )
    return table


def _metrics(metrics: MetricsTable) -> Table:
    table = Table(
        *(Column(ShownText(column)) for column in metrics.columns),
        title=ShownText(metrics.title),
        title_justify="left",
    )
    for row in metrics.rows:
        table.add_row(*(ShownText("" if cell is None else str(cell)) for cell in row))
    return table


def _numbers(values: Sequence[float]) -> str:
    distinct = values[:1] if len(set(values)) == 1 else values
    return ", ".join(f"{value:g}" for value in distinct)


def _gsd(manifest: Manifest) -> str:
    return "any" if manifest.gsd_m is None else f"{manifest.gsd_m:g} m"


def _megabytes(description: ModelDescription) -> str:
    return f"{description.size_bytes / 1e6:.1f} MB"
