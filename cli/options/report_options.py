"""``segment --report``: the report of a map that was just made."""

from __future__ import annotations

from pathlib import Path

from magnet_geo.progress import CancelToken
from magnet_geo.raster import SceneSource
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene import SegmentOptions

from ..jobs.segment_job import FollowUp
from ..output.listeners import RunListener
from .model_choice import ModelChoice


def check_report(report: Path, scene: str, *, overwrite: bool) -> None:
    """Refuse a report that cannot or must not be written.

    Raises:
        OutputError: Wrong extension, missing or read-only folder, the scene itself, or an existing file.
    """
    from magnet_geo.report import check_report_path

    check_report_path(report, scene, overwrite=overwrite)


def report_follow_up(report: Path, choice: ModelChoice, options: SegmentOptions) -> FollowUp:
    """Return what writes the report of a finished map.

    Args:
        report: HTML file.
        choice: The model, for its card.
        options: How the scene was read.
    """

    def write(result: SegmentResult, listener: RunListener, token: CancelToken) -> SegmentResult:
        from magnet_geo.report import ReportSources, write_report

        sources = ReportSources(
            classes=SceneSource(result.raster),
            scene=SceneSource(result.scene, options.open_options, options.crs, options.nodata),
            confidence=None if result.confidence is None else SceneSource(result.confidence),
            result=result,
            manifest=choice.manifest(),
        )
        write_report(sources, report, overwrite=options.overwrite, cancel=token)
        return result.model_copy(update={"report": str(report.absolute())})

    return write
