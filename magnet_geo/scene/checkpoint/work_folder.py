"""`WorkFolder`: the hidden folder beside an output in which a run lies until it is finished."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from magnet_geo.atomic_file import replacing
from magnet_geo.errors import OutputError
from magnet_geo.own_folder import claim_folder, clear_folder, is_own_folder, remove_folder
from magnet_geo.text_formats import parse_json

_PUBLISHED, _LOCK, _OWNER = "published.json", "lock", "owner"
_ATTEMPTS = 3
# All that a run gives a name to in its folder; nothing else in it is ever removed.
_PASS_FILES = ("*.part", "*.right", "*.below", "*.top", "*.journal", "*.new")
_OURS = (
    *(_LOCK, _OWNER, "*.json", "*.new", "coarse", "map", "drafts"),
    *(f"{name}/{file}" for name in ("coarse", "map") for file in _PASS_FILES),
    *("drafts/.*.part.tif*", "drafts/.*.cog.tif*"),
)


class WorkFolder:
    """Belongs to one run at a time, within a ``with`` block.

    A run that ends well takes the folder along. Otherwise it stays, if a window was finished, and the same command
    finds it again.

    Attributes:
        path: The folder.
    """

    def __init__(self, output: Path) -> None:
        """Name the folder.

        Args:
            output: The class raster of the run.
        """
        self._output = output
        self.path = work_path(output)
        self._lock = FileLock(self.path / _LOCK, blocking=False)

    def __enter__(self) -> WorkFolder:
        for _ in range(_ATTEMPTS):
            # A run that ended in between has taken the folder along.
            if self._claim() and (self.path / _LOCK).exists():
                return self
            self._lock.release()
        raise OutputError(f"'{self.path}' is removed again and again; check what else works there.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ends = error is None or not self.holds_work()
        if ends:
            remove_folder(self.path, _OURS)
        # Windows and NFS keep a file that is open, and its folder.
        left = ends and self.path.exists()
        self._lock.release()
        if left:
            remove_folder(self.path, _OURS)

    def holds_work(self) -> bool:
        """Whether a window was finished."""
        return any(self.path.glob("*/*.part"))

    def clear(self) -> None:
        """Forget all work.

        Raises:
            OutputError: The folder cannot be emptied.
        """
        try:
            clear_folder(self.path, _OURS, keep=(_LOCK,))
        except OSError as error:
            raise OutputError(
                f"The unfinished work in '{self.path}' cannot be removed ({error.strerror}); remove it yourself."
            ) from error

    def folder(self, name: str) -> Path:
        """Return an own folder for a part of the work, made where it is missing.

        Raises:
            OutputError: It cannot be made.
        """
        path = self.path / name
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise _not_written(self.path, error) from error
        return path

    def read_note(self, name: str) -> dict[str, Any] | None:
        """Return what `write_note` wrote; None where there is none, or it is damaged."""
        try:
            found = parse_json((self.path / name).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write_note(self, name: str, values: dict[str, Any]) -> None:
        """Keep some values for a later run.

        Raises:
            OutputError: They cannot be written.
        """
        try:
            with replacing(self.path / name, draft=self.path / f"{name}.new") as draft, draft.open("wb") as file:
                file.write(json.dumps(values, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _not_written(self.path, error) from error

    def own(self, token: str) -> Path:
        """Let processes elsewhere work in the folder as long as the file that is given holds this token.

        Raises:
            OutputError: It cannot be written.
        """
        path = self.path / _OWNER
        try:
            path.write_text(token)
        except OSError as error:
            raise _not_written(self.path, error) from error
        return path

    def announce(self, targets: Iterable[Path]) -> None:
        """Note that these outputs appear now: a later run may replace them as its own.

        Raises:
            OutputError: It cannot be noted.
        """
        paths = sorted(published_outputs(self._output) | {target.absolute() for target in targets})
        self.write_note(_PUBLISHED, {"outputs": [str(path) for path in paths]})

    def _claim(self) -> bool:
        """Lock the folder; False where it went away meanwhile."""
        try:
            claim_folder(self.path)
            self._lock.acquire()
        except OutputError:
            raise
        except FileNotFoundError as error:
            if not self.path.parent.is_dir():
                raise _not_written(self.path, error) from error
            return False
        except Timeout as error:
            raise OutputError(
                f"Another run is writing '{self._output}' now; wait for its end, or choose another name."
            ) from error
        except FileExistsError as error:
            raise OutputError(f"'{self.path}' is a file, where unfinished work is kept; move it away.") from error
        except OSError as error:
            raise _not_written(self.path, error) from error
        return True


def work_path(output: Path) -> Path:
    """Return where the unfinished work of an output lies."""
    return output.absolute().with_name(f".{output.name}.magnet-geo")


def published_outputs(output: Path) -> frozenset[Path]:
    """Outputs that an unfinished run has given their names already."""
    if not is_own_folder(work_path(output)):
        return frozenset()
    try:
        found = parse_json((work_path(output) / _PUBLISHED).read_bytes())
        return frozenset(Path(path) for path in found["outputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(f"Nothing can be written in '{path.parent}' ({error.strerror}); choose another folder.")
