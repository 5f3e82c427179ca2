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
    """Makes the .qm files of the .ts files; without lrelease the zip speaks English only, which is said."""
    program = shutil.which("lrelease") or shutil.which("lrelease-qt5")
    if program is None:
        print("lrelease is not here: the zip goes without translations (Debian: qttools5-dev-tools)")
        return
    for source in sorted((PACKAGE / "i18n").glob("*.ts")):
        subprocess.run([program, "-silent", str(source), "-qm", str(source.with_suffix(".qm"))], check=True)


def write_zip(target: Path) -> list[str]:
    """Writes the zip and gives the names in it."""
    files = sorted(
        p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix in SUFFIXES and "__pycache__" not in p.parts
    )
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            info = zipfile.ZipInfo(path.relative_to(HERE).as_posix(), TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, path.read_bytes())
    part.replace(target)
    return [path.relative_to(HERE).as_posix() for path in files]


if __name__ == "__main__":
    main()
