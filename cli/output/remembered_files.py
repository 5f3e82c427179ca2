"""Files among the options of a training: kept so that it can go on from any folder, and found again after a move."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..options.option_types import FileOrName

_LAYER_MARK = "|layername="


def with_whole_paths(command: click.Command, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return option values in which relative paths of what exists begin at the root of the file system.

    Args:
        command: The command.
        values: Plain values by option name.
    """

    def whole(path: str) -> str:
        return path if Path(path).is_absolute() or not Path(path).exists() else os.path.abspath(path)

    return _with_paths(command, values, whole)


def found_again(command: click.Command, values: Mapping[str, Any], *, before: Path, now: Path) -> dict[str, Any]:
    """Return option values in which files that are gone are looked for where they lie if all was moved together.

    Args:
        command: The command.
        values: Plain values by option name, as `with_whole_paths` gives them.
        before: The training's folder when it began.
        now: Where it lies now.
    """

    def found(path: str) -> str:
        if not Path(path).is_absolute() or Path(path).exists():
            return path
        moved = os.path.normpath(now.absolute() / os.path.relpath(path, before))
        return moved if Path(moved).exists() else path

    return _with_paths(command, values, found)


def _with_paths(command: click.Command, values: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    types = {param.name: param.type for param in command.params}
    return {name: _changed(value, types.get(name), change) for name, value in values.items()}


def _changed(value: Any, kind: click.ParamType[Any] | None, change: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_changed(part, kind, change) for part in value]
    is_file = isinstance(kind, click.Path) or (isinstance(kind, FileOrName) and value not in kind.names())
    if not is_file or not isinstance(value, str):
        return value
    path, mark, layer = value.partition(_LAYER_MARK)
    return change(path) + mark + layer
