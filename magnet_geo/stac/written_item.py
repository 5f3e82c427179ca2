"""Items as files: where they may go, what paths in them look like, and writing them whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pystac

from magnet_geo.addresses import public_address
from magnet_geo.atomic_file import atomic_path
from magnet_geo.raster import check_output_path


def check_item_path(target: Path, source: str, *, overwrite: bool) -> None:
    """Refuse an Item that cannot or must not be written, before any work is done.

    Raises:
        OutputError: Wrong extension, missing or read-only folder, the source itself, or an existing file.
    """
    check_output_path(target, source, overwrite, suffixes=(".json", ".geojson"))


def write_item(item: pystac.Item, target: Path) -> None:
    """Write an Item, complete or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    text = json.dumps(item.to_dict(include_self_link=False), indent=2, ensure_ascii=False) + "\n"
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def href(path: str | Path, target: Path) -> str:
    """How an Item names a file: from its own folder where both lie on one disk, so that the two can move together."""
    text = str(path)
    if "://" in text or text.startswith("/vsi"):
        return public_address(text)
    try:
        relative = os.path.relpath(Path(text).absolute(), target.absolute().parent)
    except ValueError:
        # Another drive of Windows.
        return Path(text).absolute().as_uri()
    found = Path(relative).as_posix()
    return found if found.startswith("../") else f"./{found}"
