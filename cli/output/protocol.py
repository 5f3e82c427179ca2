"""The JSON lines of ``--progress jsonl``, version 1: one record per kind of line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from magnet_geo.records.segment_result import PlanRecord, SegmentResult

from ..flags import with_flags

PROTOCOL_VERSION = 1

# What a user reads: options are named by their flags.
_Sentence = Annotated[str, AfterValidator(with_flags)]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)


class HelloLine(_Line):
    """The first line.

    Attributes:
        protocol: Version of the protocol.
        version: Version of magnet-geo.
        pid: Process to signal.
    """

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL_VERSION
    version: str
    pid: int


class ProgressLine(_Line):
    """How far the command has come.

    Attributes:
        fraction: Share of all its scenes that is done, 0-1, never falling.
        stage: Short name of the present step.
        message: One line for people.
    """

    type: Literal["progress"] = "progress"
    fraction: float
    stage: str
    message: str


class LogLine(_Line):
    """Something to know.

    Attributes:
        level: How much it matters.
        message: One sentence.
    """

    type: Literal["log"] = "log"
    level: Literal["info", "warning"]
    message: _Sentence


class PreviewLine(_Line):
    """The coarse map can be looked at.

    Attributes:
        raster: Its absolute path.
    """

    type: Literal["preview"] = "preview"
    raster: str


class PlanLine(PlanRecord):
    """What the run of a scene does, or would do: with ``--dry-run`` or ``-v``."""

    type: Literal["plan"] = "plan"


class ResultLine(SegmentResult):
    """A scene is done: the result object."""

    type: Literal["result"] = "result"


class ErrorLine(_Line):
    """A scene failed; the exit code will be 1.

    Attributes:
        code: Short cause: input, bands, area, output, disk_full, model, options, out_of_memory, device, cluster,
            error.
        message: One sentence for the user.
        hint: What to do, where the message does not say it.
        traceback: Only where it was asked for.
    """

    type: Literal["error"] = "error"
    code: str
    message: _Sentence
    hint: str | None = None
    traceback: str | None = None


class CancelledLine(_Line):
    """The run was cancelled; the exit code will be 130."""

    type: Literal["cancelled"] = "cancelled"


Line = HelloLine | ProgressLine | LogLine | PreviewLine | PlanLine | ResultLine | ErrorLine | CancelledLine
