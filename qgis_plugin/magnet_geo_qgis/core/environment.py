"""The environment variables of the engine: QGIS's own would lead its Python, GDAL and PROJ astray."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# PYTHONEXECUTABLE changes sys.prefix even under `python -I`; PROJ_LIB makes PROJ read another version's database.
REMOVED = frozenset(
    (
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONEXECUTABLE",
        "PYTHONSTARTUP",
        "PYTHONUSERBASE",
        "PYTHONPLATLIBDIR",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PROJ_LIB",
        "PROJ_DATA",
        "GDAL_DATA",
        "GDAL_DRIVER_PATH",
        "QT_PLUGIN_PATH",
        "QGIS_PREFIX_PATH",
        "QGIS_PLUGINPATH",
        "LD_PRELOAD",
        "DYLD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
    )
)
ADDED = {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1"}


def clean_environment(
    variables: Mapping[str, str], *, bundle_folders: Iterable[str] = (), windows: bool = False
) -> dict[str, str]:
    """Gives the variables for a child that has its own Python, GDAL and PROJ.

    Proxy and certificate variables stay; they are how the engine reaches the network.

    Args:
        variables: As QGIS has them.
        bundle_folders: Where QGIS brings libraries of its own; taken out of the search path on Windows, and out of
            LD_LIBRARY_PATH elsewhere.
        windows: Whether paths are Windows paths.
    """
    folders = [folder for folder in bundle_folders if folder.strip("/\\")]
    kept = {name: value for name, value in variables.items() if name.upper() not in REMOVED}
    searched = "PATH" if windows else "LD_LIBRARY_PATH"
    for name in [name for name in kept if name.upper() == searched]:
        entries = _outside(kept[name], folders, windows=windows)
        if entries:
            kept[name] = entries
        else:
            del kept[name]
    return {**kept, **ADDED}


def _outside(entries: str, folders: list[str], *, windows: bool) -> str:
    separator = ";" if windows else ":"
    outside = [e for e in entries.split(separator) if e and not any(_is_below(e, f, windows=windows) for f in folders)]
    return separator.join(outside)


def _is_below(path: str, folder: str, *, windows: bool) -> bool:
    def plain(text: str) -> str:
        return (text.replace("\\", "/").lower() if windows else text).rstrip("/") + "/"

    return plain(path).startswith(plain(folder))
