"""A real QGIS desktop on a screen that nobody sees: started, asked, clicked, photographed, ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
SIZE = "1280x860"
NEEDED = ("qgis", "Xvfb", "openbox", "xdotool", "import", "convert")


def lacking_programs() -> list[str]:
    """Gives the programs that a tour needs and this machine lacks."""
    return [name for name in NEEDED if shutil.which(name) is None]


class Desktop:
    """QGIS with the plugin's zip in a fresh profile.

    Args:
        folder: Empty folder for profile, questions and answers.
        plugin_zip: What users install; None for a profile without it.
        settings: Lines of the plugin's own settings, as in an ini file.
        environment: Further variables for QGIS.
    """

    def __init__(
        self,
        folder: Path,
        plugin_zip: Path | None,
        *,
        settings: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder, self._zip = folder, plugin_zip
        self._settings, self._more = settings or {}, environment or {}
        self._asked = 0
        self._helpers: list[subprocess.Popen[bytes]] = []
        self.qgis: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Desktop:
        self._make_profile()
        runtime = self.folder / "runtime"
        runtime.mkdir(mode=0o700)
        variables = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "LC_ALL": "C.UTF-8"}
        variables["DISPLAY"] = self._start_screen(variables)
        variables.update(MAGNET_GEO_TOUR=str(self.folder), HOME=str(self.folder), **self._more)
        variables.pop("QT_QPA_PLATFORM", None)
        self._variables = variables
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": variables}
        self._helpers.append(subprocess.Popen(["openbox"], **quiet))
        command = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(self.folder), "--profile", "tour"]
        log = (self.folder / "qgis.log").open("wb")
        self.qgis = subprocess.Popen(
            [*command, "--code", str(HERE / "desktop_driver.py")], stdout=log, stderr=log, env=variables
        )
        self._wait_for(self.folder / "ready", 120)
        return self

    def _start_screen(self, variables: dict[str, str]) -> str:
        # The screen chooses a free number itself and says it when it is ready.
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{SIZE}x24", "-nolisten", "tcp"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": variables}
        self._helpers.append(subprocess.Popen(command, pass_fds=(writing,), **quiet))
        os.close(writing)
        with os.fdopen(reading, encoding="ascii") as answer:
            return f":{answer.readline().strip()}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self.is_alive():
            self.photograph(Path("/tmp/tour-failure.png"))
        for child in [self.qgis, *reversed(self._helpers)]:
            if child is not None and child.poll() is None:
                child.terminate()
                try:
                    child.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()

    def ask(self, code: str, *, limit_s: float = 60) -> Any:
        """Runs Python in QGIS; gives what it assigned to ``answer``."""
        number = self._asked
        self._asked += 1
        path = self.folder / f"ask-{number}.py"
        part = path.with_suffix(".part")
        part.write_text(code, encoding="utf-8")
        part.rename(path)
        reply = self.folder / f"answer-{number}.json"
        self._wait_for(reply, limit_s)
        found = json.loads(reply.read_text(encoding="utf-8"))
        if "error" in found:
            raise RuntimeError(f"QGIS says of\n{code}\n{found['error']}")
        return found["value"]

    def wait_until(self, expression: str, *, limit_s: float = 60) -> float:
        """Asks until an expression is true; gives the seconds that took."""
        began = time.monotonic()
        while not self.ask(f"answer = bool({expression})"):
            if time.monotonic() - began > limit_s:
                raise TimeoutError(f"Not true within {limit_s} s: {expression}")
            time.sleep(0.2)
        return time.monotonic() - began

    def click(self, widget: str) -> None:
        """Clicks in the middle of a widget, with the mouse."""
        place = self.ask(
            f"from qgis.PyQt.QtCore import QPoint\n_w = {widget}\n"
            "_p = _w.mapToGlobal(QPoint(_w.width() // 2, _w.height() // 2))\nanswer = [_p.x(), _p.y()]"
        )
        self._xdotool("mousemove", str(place[0]), str(place[1]), "click", "1")
        time.sleep(0.5)

    def drag(self, widget: str, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Drags the mouse across a widget, between places given as shares of its width and height."""
        spots = [
            self.ask(
                f"from qgis.PyQt.QtCore import QPoint\n_w = {widget}\n"
                f"_p = _w.mapToGlobal(QPoint(int(_w.width() * {x}), int(_w.height() * {y})))\nanswer = [_p.x(), _p.y()]"
            )
            for x, y in (begin, end)
        ]
        self._xdotool("mousemove", *map(str, spots[0]), "mousedown", "1")
        time.sleep(0.2)
        self._xdotool("mousemove", *map(str, spots[1]))
        time.sleep(0.2)
        self._xdotool("mouseup", "1")
        time.sleep(0.5)

    def press(self, key: str) -> None:
        """Presses a key."""
        self._xdotool("key", key)
        time.sleep(0.3)

    def photograph(self, path: Path, *, colors: int = 64) -> None:
        """Writes the screen as a small PNG."""
        shot = self.folder / "shot.png"
        subprocess.run(["import", "-window", "root", str(shot)], env=self._variables, check=True)
        reduce = ["-resize", "1000x", "+dither", "-colors", str(colors), "-strip", "-define", "png:compression-level=9"]
        subprocess.run(["convert", str(shot), *reduce, f"PNG8:{path}"], check=True)

    def quit(self, *, limit_s: float = 30) -> int:
        """Leaves QGIS as a user would, without saving; gives its exit code."""
        self.ask(
            "from qgis.core import QgsProject\nfrom qgis.PyQt.QtCore import QTimer\n"
            "from qgis.PyQt.QtWidgets import QApplication, QDialog\n"
            "for _w in QApplication.topLevelWidgets():\n"
            "    if isinstance(_w, QDialog): _w.close()\n"
            "QgsProject.instance().clear(); QgsProject.instance().setDirty(False)\n"
            "QTimer.singleShot(300, iface.actionExit().trigger)"
        )
        assert self.qgis is not None
        return self.qgis.wait(timeout=limit_s)

    def kill(self) -> None:
        """Ends QGIS at once, as a crash would."""
        assert self.qgis is not None
        self.qgis.send_signal(signal.SIGKILL)
        self.qgis.wait()

    def is_alive(self) -> bool:
        """Whether QGIS runs."""
        return self.qgis is not None and self.qgis.poll() is None

    def _make_profile(self) -> None:
        profile = self.folder / "profiles" / "tour"
        plugins = profile / "python" / "plugins"
        plugins.mkdir(parents=True)
        lines = ["[PythonPlugins]", "processing=true"]
        if self._zip is not None:
            with zipfile.ZipFile(self._zip) as archive:
                archive.extractall(plugins)
            lines.append("magnet_geo_qgis=true")
        lines += ["[qgis]", "checkVersion=false"]
        lines += ["showTips=false", "[magnet_geo]", *(f"{key}={value}" for key, value in self._settings.items())]
        (profile / "QGIS").mkdir()
        # QGIS 4 has a file of its own.
        for name in ("QGIS3.ini", "QGIS4.ini"):
            (profile / "QGIS" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _xdotool(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._variables, check=True)

    def _wait_for(self, path: Path, limit_s: float) -> None:
        began = time.monotonic()
        while not path.exists():
            if not self.is_alive():
                raise RuntimeError(f"QGIS has ended; see {self.folder}/qgis.log")
            if time.monotonic() - began > limit_s:
                raise TimeoutError(f"No {path.name} within {limit_s} s")
            time.sleep(0.05)
