"""A model's card and a scene's fit, from the engine's JSON to what the dialog shows."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Optional

from .text import tr


@dataclass(frozen=True)
class MapClass:
    """One class of a map."""

    value: int
    name: str
    color: str
    area_m2: Optional[float] = None
    share: Optional[float] = None


@dataclass(frozen=True)
class ModelCard:
    """What the user should know of a model.

    Attributes:
        path: File or name to call it by.
        name: Short name.
        title: One line.
        version: Its version.
        classes: Values, names, colours.
        bands: Bands it wants, in order.
        gsd_m: Pixel size it was trained for in metres; None for any.
        domain: Where it may be trusted.
        licence: Terms of the weights.
    """

    path: str
    name: str
    title: str
    version: str
    classes: tuple[MapClass, ...]
    bands: tuple[str, ...]
    gsd_m: Optional[float]
    domain: str
    licence: str

    def html(self) -> str:
        """The card as rich text."""
        swatch = '<span style="background-color:{color}">&nbsp;&nbsp;&nbsp;</span>&nbsp;{name}'
        classes = ", ".join(swatch.format(color=escape(c.color), name=escape(c.name)) for c in self.classes)
        size = tr("any pixel size") if self.gsd_m is None else tr("pixels of about {m} m").format(m=f"{self.gsd_m:g}")
        rows = [
            f"<b>{escape(self.title)}</b> ({escape(self.name)} {escape(self.version)})",
            classes,
            tr("Wants: {bands}; {size}").format(bands=escape(", ".join(self.bands)), size=size),
            escape(self.domain),
            "<small>" + tr("Licence: {licence}").format(licence=escape(self.licence)) + "</small>",
        ]
        return "<br>".join(row for row in rows if row)


@dataclass(frozen=True)
class SceneFit:
    """How a model would read a scene.

    Attributes:
        bands: Scene bands for the model's; None where they cannot be told.
        problems: Why a run would stop.
        warnings: What the user should know.
        pixels: Columns times rows of the scene.
    """

    bands: Optional[tuple[int, ...]]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    pixels: int


def read_model_card(described: dict[str, Any]) -> ModelCard:
    """Gives the card of what `model show --json` says.

    Raises:
        KeyError, TypeError, ValueError: It says something else.
    """
    manifest = described["manifest"]
    gsd = manifest.get("gsd_m")
    return ModelCard(
        path=str(described.get("path", manifest["name"])),
        name=str(manifest["name"]),
        title=str(manifest.get("title") or manifest["name"]),
        version=str(manifest.get("version", "")),
        classes=read_classes(manifest["classes"]),
        bands=tuple(map(str, manifest["bands"])),
        gsd_m=None if gsd is None else float(gsd),
        domain=str(manifest.get("domain") or ""),
        licence=str(manifest.get("licence") or ""),
    )


def read_classes(records: list[dict[str, Any]]) -> tuple[MapClass, ...]:
    """Gives the classes of a model or a result, in their order."""
    return tuple(
        MapClass(int(r["value"]), str(r["name"]), str(r["color"]), r.get("area_m2"), r.get("share")) for r in records
    )


def read_fit(described: dict[str, Any]) -> SceneFit:
    """Gives the fit of what `info --json` says.

    Raises:
        KeyError, TypeError, ValueError: It says something else.
    """
    fit, grid = described["fit"], described["grid"]
    bands = fit.get("bands")
    return SceneFit(
        bands=None if bands is None else tuple(map(int, bands)),
        problems=tuple(map(str, fit.get("problems", ()))),
        warnings=tuple(map(str, (*described.get("warnings", ()), *fit.get("warnings", ())))),
        pixels=int(grid["width"]) * int(grid["height"]),
    )


def area_text(classes: tuple[MapClass, ...], *, most: int = 3) -> str:
    """The largest classes with their areas, for one line: vegetation 242 ha, land 59 ha."""
    present = sorted((c for c in classes if c.share), key=lambda c: -(c.share or 0.0))[:most]
    return ", ".join(f"{c.name} {_area(c)}" for c in present)


def _area(found: MapClass) -> str:
    if found.area_m2 is None:
        return f"{100 * (found.share or 0.0):.1f} %"
    if found.area_m2 >= 1e7:
        return f"{found.area_m2 / 1e6:.1f} km²"
    return f"{found.area_m2 / 1e4:.1f} ha" if found.area_m2 >= 1e3 else f"{found.area_m2:.0f} m²"
