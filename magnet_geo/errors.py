"""The error tree: one root, leaves that also inherit the builtin a caller would expect."""

from __future__ import annotations

from magnet_geo.plain_text import presentable


class MagnetGeoError(Exception):
    """Root of every error this package raises on purpose; its text is written for the user.

    Attributes:
        code: Short machine-readable cause, as sent in the JSON protocol's ``error`` line.
    """

    code = "error"

    def __init__(self, *args: object) -> None:
        # Sentences quote what came from outside: addresses with keys, names with control characters.
        super().__init__(*(presentable(part) if isinstance(part, str) else part for part in args))

    def add_clause(self, clause: str) -> None:
        """Append a clause to the sentence, after a semicolon."""
        self.args = (f"{str(self).rstrip('.')}; {clause}.",)


class SceneError(MagnetGeoError, ValueError):
    """The scene cannot be read or does not fit the model."""

    code = "input"


class BandError(SceneError):
    """The scene's bands cannot be matched to the model's."""

    code = "bands"


class AreaOfInterestError(MagnetGeoError, ValueError):
    """The area of interest is unreadable or misses the scene."""

    code = "area"


class OutputError(MagnetGeoError, OSError):
    """An output cannot be written where it was asked for."""

    code = "output"


class DiskFullError(OutputError):
    """The disk filled up while an output was written."""

    code = "disk_full"


class ModelError(MagnetGeoError, ValueError):
    """A model file, checkpoint or manifest cannot be used."""

    code = "model"


class OptionError(MagnetGeoError, ValueError):
    """Options contradict each other or the model."""

    code = "options"


class MemoryLimitError(MagnetGeoError, MemoryError):
    """The work does not fit in the memory it was given."""

    code = "out_of_memory"


class DeviceError(MagnetGeoError, RuntimeError):
    """The requested device or precision is not available."""

    code = "device"


class ClusterError(MagnetGeoError, RuntimeError):
    """The workers of a cluster cannot be reached, or do not stay."""

    code = "cluster"


class TrainingError(MagnetGeoError, ValueError):
    """Training data or settings cannot be used."""

    code = "training"


class UnknownLabelError(TrainingError):
    """A label is none of the class table's.

    Attributes:
        finding: What was found, as a clause; the advice that follows it depends on the command.
    """

    def __init__(self, finding: str, advice: str) -> None:
        super().__init__(f"{finding}; {advice}.")
        self.finding = finding


class EvaluationError(MagnetGeoError, ValueError):
    """Maps, labels or samples cannot be compared."""

    code = "evaluation"


class CancelledError(MagnetGeoError):
    """The user cancelled the run; not a failure."""

    code = "cancelled"
