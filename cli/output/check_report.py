"""Shows what a check of labelled images found."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from magnet_geo.datasets.check import CheckReport, SourceFacts
from magnet_geo.plain_text import short_name

from .console import ShownText, VisibleConsole
from .shown import echo

_SHOWN_SOURCES = 12


def show_check(report: CheckReport, *, title: str = "Training data") -> None:
    """Print a check's facts to stdout, its warnings and faults to stderr."""
    console = VisibleConsole()
    if report.sources:
        console.print(_sources(report, title))
    if report.labeled_share:
        console.print(_classes(report))
    for warning in report.warnings:
        echo(f"Warning: {warning}", err=True)
    for fault in report.faults:
        echo(f"Fault: {fault}", err=True)


def _sources(report: CheckReport, title: str) -> Table:
    count = len(report.sources)
    table = Table(title=f"{title}: {count} image{'s' if count > 1 else ''}", title_justify="left", box=SIMPLE_HEAD)
    for heading in ("image", "labels"):
        table.add_column(heading, overflow="fold")
    for heading in ("size", "bands", "pixel", "labelled"):
        table.add_column(heading, justify="right", no_wrap=True)
    for facts in report.sources[:_SHOWN_SOURCES]:
        table.add_row(*_row(facts))
    if count > _SHOWN_SOURCES:
        table.add_row(f"... and {count - _SHOWN_SOURCES} more", *[""] * 5)
    return table


def _row(facts: SourceFacts) -> tuple[Text | str, ...]:
    labels = ShownText(short_name(facts.labels))
    if facts.note:
        labels.append(f" ({facts.note})", style="dim")
    return (
        ShownText(short_name(facts.image)),
        labels,
        f"{facts.size.width} x {facts.size.height}",
        f"{facts.bands} {facts.dtype}",
        "-" if facts.gsd_m is None else f"{facts.gsd_m:.3g} m",
        f"{facts.labeled_px / facts.sampled_px:.1%}" if facts.sampled_px else "-",
    )


def _classes(report: CheckReport) -> Table:
    basis = "all pixels" if report.complete else "a sample of windows"
    title = f"Classes, from {basis}; {report.labeled_share:.1%} of the pixels have one"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, min_width=len(title))
    table.add_column("class")
    for heading in ("pixels", "share", "images"):
        table.add_column(heading, justify="right")
    for entry in report.classes:
        name = Text.assemble(("■ ", entry.color), entry.name)
        table.add_row(name, f"{entry.pixels:,}".replace(",", " "), f"{entry.share:.1%}", str(entry.images))
    return table
