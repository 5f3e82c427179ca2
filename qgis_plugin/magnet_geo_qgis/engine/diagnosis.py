"""What a bug report needs: the plugin, QGIS, the engine, and what it says when it is asked."""

from __future__ import annotations

import configparser
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from qgis.core import Qgis
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QT_VERSION_STR

from ..core.environment import REMOVED
from ..core.model_card import read_model_card
from ..core.outcome import MIN_ENGINE_VERSION
from ..core.protocol import PROTOCOL_VERSION
from ..core.sentences import FailureText, no_engine_text, version_text
from ..core.text import tr
from ..core.version import is_at_least
from .asking import ask_engine
from .finding import find_engine
from .installing import probe_python
from .program import ProgramError, run_program


@dataclass(frozen=True)
class Diagnosis:
    """What the test found.

    Attributes:
        fine: Whether a run would work.
        sentence: One sentence for the user.
        report: Markdown for a bug report.
    """

    fine: bool
    sentence: str
    report: str


def diagnose() -> Diagnosis:
    """Asks the engine and its Python everything a bug report needs; takes a few seconds."""
    engine = find_engine()
    rows = _surrounding_rows()
    if engine is None:
        return _diagnosis(False, str(no_engine_text()), rows)
    rows.append(("Engine", f"`{engine.program}`"))
    if engine.is_python:
        rows += _python_rows(engine.program)
    began = time.monotonic()
    try:
        code, lines = run_program(engine.program, [*engine.prefix(), "--version"], limit_s=60)
    except ProgramError as error:
        return _diagnosis(False, str(error), rows)
    rows.append(("`--version`", f"{' / '.join(lines[-3:])} (code {code}, {time.monotonic() - began:.1f} s)"))
    version = lines[-1].split()[-1] if code == 0 and lines else ""
    if code != 0:
        return _diagnosis(False, tr("The engine does not run: {said}").format(said=lines[-1] if lines else code), rows)
    if not is_at_least(version, MIN_ENGINE_VERSION):
        return _diagnosis(False, str(version_text(version, MIN_ENGINE_VERSION)), rows)
    described = ask_engine(engine, ["model", "show", "landcover", "--json"])
    if isinstance(described, FailureText):
        return _diagnosis(False, str(described), rows)
    card = read_model_card(described)
    rows.append(("Bundled model", f"{card.name} {card.version}"))
    return _diagnosis(True, tr("The engine works: magnet-geo {version}.").format(version=version), rows)


def plugin_version() -> str:
    """Gives the plugin's version, from its metadata."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(Path(__file__).parents[1] / "metadata.txt", encoding="utf-8")
    return parser.get("general", "version", fallback="?")


def _surrounding_rows() -> list[tuple[str, str]]:
    hostile = sorted(name for name in REMOVED if name in os.environ)
    return [
        ("Plugin", f"{plugin_version()}, protocol {PROTOCOL_VERSION}, wants engine {MIN_ENGINE_VERSION} or newer"),
        ("QGIS", f"{Qgis.QGIS_VERSION}, Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}"),
        ("System", platform.platform()),
        ("QGIS's Python", f"{platform.python_version()}, `{sys.exec_prefix}`"),
        ("Variables kept from the engine", ", ".join(hostile) or "none set"),
    ]


def _python_rows(program: str) -> list[tuple[str, str]]:
    probe = probe_python(program)
    if probe is None:
        return [("Engine's Python", "does not run")]
    packages = ", ".join(f"{name} {version or '-'}" for name, version in probe.packages.items())
    return [
        ("Engine's Python", f"{'.'.join(map(str, probe.python))}, `{probe.prefix}`"),
        ("Engine's packages", packages),
    ]


def _diagnosis(fine: bool, sentence: str, rows: list[tuple[str, str]]) -> Diagnosis:
    lines = [f"- {name}: {value}" for name, value in [*rows, ("Result", sentence)]]
    return Diagnosis(fine, sentence, "\n".join(lines))
