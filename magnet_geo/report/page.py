"""A report as one HTML file that needs no other, and no network."""

from __future__ import annotations

import os
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from magnet_geo.errors import OutputError
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.report.compose import compose_report
from magnet_geo.report.contents import ReportContents
from magnet_geo.report.sources import ReportSources
from magnet_geo.report.wording import percent

_EXTENSIONS = (".html", ".htm")


def write_report(
    sources: ReportSources,
    output: Path,
    *,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Write the report of a map.

    The pictures are reduced to 1600 pixels and everything else is counted band by band, so that neither memory nor
    the file grows with the map.

    Args:
        sources: What it is made from.
        output: HTML file to write; it appears when it is complete.
        overwrite: Whether an existing file may be replaced.
        progress: Receives events.
        cancel: Raised by another thread to stop.

    Returns:
        The file.

    Raises:
        MagnetGeoError: A source cannot be read or does not fit the map, or the file cannot be written.
    """
    check_report_path(output, overwrite=overwrite)
    contents = compose_report(sources, progress=progress, cancel=cancel or CancelToken())
    progress(ProgressEvent(0.98, "write", "Writing the report"))
    _write_whole(output, render(contents))
    progress(ProgressEvent(1.0, "done", "Done"))
    return output


def check_report_path(output: Path, *, overwrite: bool) -> None:
    """Refuse a report that cannot or must not be written, before any work is done.

    Raises:
        OutputError: Wrong extension, missing or read-only folder, a folder of that name, or an existing file.
    """
    if output.suffix.lower() not in _EXTENSIONS:
        raise OutputError(f"The report '{output}' must end in .html, not '{output.suffix}'; rename it.")
    folder = output.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"The folder '{folder}' does not exist; create it first.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"The folder '{folder}' is read-only; choose another one.")
    if output.is_dir():
        raise OutputError(f"The report '{output}' is a folder; name a file inside it.")
    if output.exists() and not overwrite:
        raise OutputError(f"The report '{output}' exists already; choose another name or use --overwrite.")


def render(contents: ReportContents) -> str:
    """Gives the page."""
    environment = Environment(
        loader=PackageLoader("magnet_geo.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template("report.html").render(report=contents)


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise OutputError(
            f"The report '{path}' could not be written ({error.strerror}); make room or choose another folder."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
