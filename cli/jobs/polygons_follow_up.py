"""``segment --polygons``: the polygons of a map that was just made."""

from __future__ import annotations

from pathlib import Path

from magnet_geo.progress import CancelToken, Event, ProgressEvent
from magnet_geo.raster import SceneSource
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene import SegmentOptions

from ..output.listeners import RunListener
from .segment_job import FollowUp


def check_polygon_layer(target: Path, scene: str, *, overwrite: bool) -> None:
    """Refuse a layer that cannot or must not be written.

    Raises:
        OutputError: See `magnet_geo.vector.polygonizer.check_polygons`.
        OptionError: Likewise.
    """
    from magnet_geo.vector.polygon_options import PolygonOptions
    from magnet_geo.vector.polygonizer import check_polygons

    check_polygons(target, scene, PolygonOptions(overwrite=overwrite))


def polygons_follow_up(target: Path, options: SegmentOptions) -> FollowUp:
    """Return what writes the polygons of a finished map, as they are.

    Args:
        target: The layer.
        options: Decisions about the run.
    """

    def write(result: SegmentResult, listener: RunListener, token: CancelToken) -> SegmentResult:
        from magnet_geo.vector.polygon_options import PolygonOptions
        from magnet_geo.vector.polygonizer import polygonize

        def listen(event: Event) -> None:
            # The run itself has come to its end already, and progress never falls.
            listener(ProgressEvent(1.0, "polygons", event.message) if isinstance(event, ProgressEvent) else event)

        layer = polygonize(
            SceneSource(result.raster),
            target,
            options=PolygonOptions(overwrite=options.overwrite),
            confidence=None if result.confidence is None else Path(result.confidence),
            progress=listen,
            cancel=token,
        )
        warnings = (*result.warnings, *(text for text in layer.warnings if text not in result.warnings))
        return result.model_copy(update={"polygons": layer.polygons, "warnings": warnings})

    return write
