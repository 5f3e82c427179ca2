"""A report as one HTML file that needs no other, and no network."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from magnet_geo.atomic_file import atomic_write
from magnet_geo.errors import OutputError
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.raster import SceneSource, check_output_path
from magnet_geo.report.compose import compose_report
from magnet_geo.report.contents import ReportContents
from magnet_geo.report.sources import ReportSources
from magnet_geo.report.wording import percent

_SUFFIXES = (".html", ".htm")


def write_report(
    sources: ReportSources | str | Path,
    output: str | Path,
    *,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Write the report of a map.

    The pictures are reduced to 1600 pixels and everything else is counted band by band, so that neither memory nor
    the file grows with the map.

    Args:
        sources: What it is made from; a map alone is enough.
        output: HTML file to write; it appears when it is complete.
        overwrite: Whether an existing file may be replaced.
        progress: Receives events.
        cancel: Raised by another thread to stop.

    Returns:
        The file.

    Raises:
        MagnetGeoError: A source cannot be read or does not fit the map, or the file cannot be written.
    """
    if not isinstance(sources, ReportSources):
        sources = ReportSources(SceneSource(str(sources)))
    output = Path(output)
    check_report_path(output, sources.classes.path, overwrite=overwrite)
    contents = compose_report(sources, progress=progress, cancel=cancel or CancelToken())
    progress(ProgressEvent(0.98, "write", "Writing the report"))
    _write(output, render(contents))
    progress(ProgressEvent(1.0, "done", "Done"))
    return output


def check_report_path(output: Path, scene: str, *, overwrite: bool) -> None:
    """Refuse a report that cannot or must not be written, before any work is done.

    Args:
        output: Where the report shall be.
        scene: What it must not replace.
        overwrite: Whether an existing file may be replaced.

    Raises:
        OutputError: Wrong extension, missing or read-only folder, the scene itself, or an existing file.
    """
    check_output_path(output, scene, overwrite, suffixes=_SUFFIXES)


def render(contents: ReportContents) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("magnet_geo.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template("report.html").render(report=contents)


def _write(path: Path, text: str) -> None:
    try:
        atomic_write(path, text)
    except OSError as error:
        raise OutputError(
            f"The report '{path}' could not be written ({error.strerror}); make room or choose another folder."
        ) from error
