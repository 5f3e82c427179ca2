"""What a training notes while it runs: one JSON line a step and a validation, and the same for TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from magnet_geo.atomic_file import atomic_path
from magnet_geo.errors import OutputError, TrainingError
from magnet_geo.text_formats import parse_json


@dataclass(frozen=True, slots=True)
class HistoryRecords:
    """A history as read.

    Attributes:
        steps: Each with ``step``, ``loss``, ``rate``, ``seconds``.
        validations: Each with ``step``, ``score`` and the values of the stage.
    """

    steps: list[dict[str, Any]] = field(default_factory=list)
    validations: list[dict[str, Any]] = field(default_factory=list)


def read_history(path: Path) -> HistoryRecords:
    """Read a history; empty where there is no file, without a last line that was cut off."""
    records = HistoryRecords()
    if not path.exists():
        return records
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = parse_json(line)
        except ValueError:
            break
        if not isinstance(record, dict):
            break
        (records.validations if "score" in record else records.steps).append(record)
    return records


class History:
    """Appends to ``history.jsonl`` and to a TensorBoard log.

    Args:
        path: The file; lines beyond the step that is gone on from are dropped.
        from_step: Step that the training goes on from, 0 for a new one.
        tensorboard: Folder of the TensorBoard log, None for none.
    """

    def __init__(self, path: Path, *, from_step: int, tensorboard: Path | None) -> None:
        before = read_history(path)
        kept = [record for record in (*before.steps, *before.validations) if record["step"] <= from_step]
        kept.sort(key=lambda record: (record["step"], "score" in record))
        with atomic_path(path) as temporary:
            temporary.write_text("".join(f"{json.dumps(record)}\n" for record in kept), encoding="utf-8")
        try:
            self._file = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise OutputError(f"{path} cannot be written ({error.strerror}); check the folder.") from error
        self._board = None if tensorboard is None else _board(tensorboard, from_step)

    def note_step(self, step: int, *, loss: float, rate: float, seconds: float) -> None:
        """Note a step."""
        self._write({"step": step, "loss": loss, "rate": rate, "seconds": round(seconds, 2)})
        if self._board is not None:
            self._board.add_scalar("loss", loss, step)
            self._board.add_scalar("rate", rate, step)

    def note_validation(self, step: int, *, score: float, values: Mapping[str, float]) -> None:
        """Note a validation."""
        self._write({"step": step, "score": score, **values})
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"validation/{name}", value, step)

    def close(self) -> None:
        """End both."""
        self._file.close()
        if self._board is not None:
            self._board.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        try:
            self._file.write(f"{json.dumps(record)}\n")
        except OSError as error:
            raise OutputError(f"{self._file.name} cannot be written ({error.strerror}); free some space.") from error


def require_tensorboard() -> None:
    """Say before the first step that the package of the TensorBoard log is missing.

    Raises:
        TrainingError: It is.
    """
    try:
        import tensorboardX  # noqa: F401
    except ImportError as error:
        raise TrainingError(
            "The TensorBoard log needs the package tensorboardX; run 'pip install magnet-geo[train]', or leave "
            "`tensorboard` out."
        ) from error


def _board(folder: Path, from_step: int) -> Any:
    from tensorboardX import SummaryWriter

    return SummaryWriter(str(folder), purge_step=from_step + 1 if from_step else None)
