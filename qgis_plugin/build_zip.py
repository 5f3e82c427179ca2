"""Builds dist/magnet_geo_qgis-VERSION.zip, what the plugin manager installs: make plugin."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE / "magnet_geo_qgis"
SUFFIXES = {".py", ".txt", ".svg", ".png", ".html", ".css", ".qm", ".ts", ""}
REQUIRED = (
    "name",
    "description",
    "version",
    "qgisMinimumVersion",
    "author",
    "email",
    "about",
    "tracker",
    "repository",
    "homepage",
    "license",
    "icon",
)
# Qt 5 and Qt 6 by their names on Debian, Fedora, Arch and elsewhere; Debian's Qt 6 keeps its own out of the path.
LRELEASE = ("lrelease", "lrelease-qt5", "lrelease6", "lrelease-qt6", "/usr/lib/qt6/bin/lrelease")
# The versions that the engine is tested with, for the environment that the plugin makes.
CONSTRAINTS = HERE.parent / "constraints.txt"
# A fixed time: the same sources give the same bytes.
TIME = (2026, 1, 1, 0, 0, 0)


def main() -> None:
    """Checks the metadata, makes the translations, writes the zip."""
    metadata = read_metadata()
    release_translations()
    target = HERE.parent / "dist" / f"magnet_geo_qgis-{metadata['version']}.zip"
    target.parent.mkdir(exist_ok=True)
    names = write_zip(target)
    print(f"Wrote {target.relative_to(HERE.parent)}: {len(names)} files, {target.stat().st_size / 1024:.0f} kB")


def read_metadata() -> dict[str, str]:
    """Gives the plugin's metadata; ends the program where something that QGIS requires is missing."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(PACKAGE / "metadata.txt", encoding="utf-8")
    found = dict(parser["general"])
    lacking = [name for name in REQUIRED if not found.get(name)]
    if lacking:
        sys.exit(f"metadata.txt lacks {', '.join(lacking)}")
    return found


def release_translations() -> None:
    """Makes the .qm files of the .ts files; ends the program where they cannot be made: no zip goes without them."""
    program = find_lrelease()
    if program is None:
        sys.exit(
            f"The translations need Qt's lrelease, and none of {', '.join(LRELEASE)} runs here; install it (Debian: "
            "qt6-l10n-tools or qttools5-dev-tools; Fedora: qt6-linguist; elsewhere: Qt Linguist)."
        )
    for source in sorted((PACKAGE / "i18n").glob("*.ts")):
        target = source.with_suffix(".qm")
        done = subprocess.run([program, "-silent", str(source), "-qm", str(target)], capture_output=True, text=True)
        if done.returncode != 0 or not target.is_file():
            sys.exit(f"{program} cannot translate {source.name}: {(done.stderr or done.stdout).strip()}")


def find_lrelease() -> str | None:
    """Gives the first lrelease that runs: Debian's plain name starts a chooser, which fails where no Qt is chosen."""
    for name in LRELEASE:
        program = shutil.which(name)
        if program and subprocess.run([program, "-version"], capture_output=True).returncode == 0:
            return program
    return None


def write_zip(target: Path) -> list[str]:
    """Writes the zip and gives the names in it."""
    files = {
        p.relative_to(HERE).as_posix(): p
        for p in PACKAGE.rglob("*")
        if p.is_file() and p.suffix in SUFFIXES and "__pycache__" not in p.parts
    }
    files[f"{PACKAGE.name}/{CONSTRAINTS.name}"] = CONSTRAINTS
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(name, TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, path.read_bytes())
    part.replace(target)
    return sorted(files)


if __name__ == "__main__":
    main()
