"""Options of commands that write STAC Items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from magnet_geo.errors import OptionError
from magnet_geo.progress import CancelToken, WarningEvent
from magnet_geo.records.segment_result import SegmentResult

from ..output.listeners import RunListener
from .model_choice import ModelChoice

if TYPE_CHECKING:
    from click import ParamType

    from magnet_geo.stac import TimeSpan

    from ..jobs.segment_job import FollowUp

    _Type = ParamType[TimeSpan]
else:
    _Type = click.ParamType


class TimeSpanType(_Type):
    """An instant, a day or an interval."""

    name = "TIME|FROM/TO"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> TimeSpan:
        from magnet_geo.stac.time_span import TimeSpan

        try:
            return TimeSpan.parse(str(value))
        except OptionError as error:
            self.fail(str(error), param, ctx)


def check_stac(target: Path, scene: str, *, overwrite: bool) -> None:
    """Refuse a STAC Item that cannot or must not be written.

    Raises:
        OutputError: See `magnet_geo.stac.check_item_path`.
    """
    from magnet_geo.stac import check_item_path

    check_item_path(target, scene, overwrite=overwrite)


def stac_follow_up(target: Path, choice: ModelChoice, taken: TimeSpan | None) -> FollowUp:
    """Return what writes a STAC Item of a finished map.

    Args:
        target: The Item.
        choice: The model that maps; one with a file of its own is linked to.
        taken: When the scene was taken; None to ask its file.
    """
    model = choice.name if choice.name and Path(choice.name).is_file() else None

    def follow_up(result: SegmentResult, listener: RunListener, token: CancelToken) -> SegmentResult:
        from magnet_geo.stac import make_map_item, map_files_of_result, write_item

        token.raise_if_cancelled()
        files = map_files_of_result(result, model=model)
        item, warnings = make_map_item(files, target, classes=result.classes, taken=taken)
        write_item(item, target)
        for text in warnings:
            listener(WarningEvent(text))
        return result.model_copy(update={"stac": str(target.absolute()), "warnings": (*result.warnings, *warnings)})

    return follow_up
