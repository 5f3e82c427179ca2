"""What the user reads when a run fails: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .protocol import Failure
from .text import tr


@dataclass(frozen=True)
class FailureText:
    """One failure in the user's words.

    Attributes:
        message: What happened, one sentence.
        hint: What to do; may be empty where the message says it.
    """

    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def options_path() -> str:
    """Where the engine is chosen."""
    return tr("Settings > Options > MagNet Geo")


def not_started_text(program: str, reason: str) -> FailureText:
    """The engine's program is missing or cannot be run."""
    message = tr("The engine could not be started: {program} ({reason}).").format(program=program, reason=reason)
    return FailureText(message, tr("Choose or create the engine in {page}.").format(page=options_path()))


def no_engine_text() -> FailureText:
    """No engine is set up yet."""
    message = tr("MagNet Geo has no engine yet.")
    return FailureText(message, tr("Choose or create one in {page}.").format(page=options_path()))


def protocol_text(found: int, wanted: int, version: str) -> FailureText:
    """The two speak different versions of the protocol."""
    message = tr("The engine (version {version}) speaks protocol {found}, this plugin protocol {wanted}.").format(
        version=version, found=found, wanted=wanted
    )
    if found > wanted:
        return FailureText(message, tr("Update the plugin in the plugin manager."))
    return FailureText(message, tr("Update the engine in {page}.").format(page=options_path()))


def version_text(found: str, wanted: str) -> FailureText:
    """The engine is too old."""
    message = tr("The engine is version {found}, but this plugin needs {wanted} or newer.").format(
        found=found, wanted=wanted
    )
    return FailureText(message, tr("Update the engine in {page}.").format(page=options_path()))


def died_text() -> FailureText:
    """A signal ended the engine."""
    return FailureText(
        tr("The engine was ended from outside or crashed; most often the computer had no memory left."),
        tr("Nothing was written. Close other programs, or set a memory limit or a smaller area, and run again."),
    )


def goes_on_text() -> str:
    """An interrupted run left work behind."""
    return tr("The same run would go on where this one stopped.")


def no_result_text() -> FailureText:
    """Exit code 0, but no result."""
    return FailureText(
        tr("The engine ended without a result."),
        tr("Press Test in {page}; it shows what the engine says.").format(page=options_path()),
    )


def usage_text(lines: Sequence[str]) -> FailureText:
    """The engine does not know what it was asked for."""
    said = _last(lines)
    if "No such command" in said or "No such option" in said:
        message = tr("The engine does not know what the plugin asks for: {said}").format(said=_without_label(said))
        return FailureText(message, tr("Update the engine in {page}.").format(page=options_path()))
    return FailureText(_without_label(said) or tr("The engine did not understand the request."), "")


def stopped_text(code: int, lines: Sequence[str]) -> FailureText:
    """An exit code without an explanation of the protocol."""
    said = _last(lines)
    if said.startswith("Error:"):
        return FailureText(_without_label(said), "")
    for package in ("magnet_geo", "torch", "rasterio"):
        if any(f"No module named '{package}" in line or f"No module named {package}" in line for line in lines):
            message = tr("The engine's Python lacks the package {package}.").format(package=package)
            hint = tr("Create the engine anew, or choose another one, in {page}.").format(page=options_path())
            return FailureText(message, hint)
    message = tr("The engine stopped with code {code}: {said}").format(code=code, said=said or tr("it said nothing."))
    return FailureText(message, tr("Press Test in {page}; it shows what the engine says.").format(page=options_path()))


def explain_failure(failure: Failure) -> FailureText:
    """The engine's own sentence, with a next step where it gives none."""
    hints = {
        "out_of_memory": tr("Close other programs, or set a memory limit under Advanced parameters."),
        "disk_full": tr("Free some space, or write to another disk."),
        "bands": tr("Choose the bands in the dialog."),
        "device": tr("Choose the device 'cpu' under Advanced parameters."),
        "area": tr("Choose an area that meets the layer."),
    }
    return FailureText(_sentence(failure.message), failure.hint or hints.get(failure.code, ""))


def is_unreadable(text: str) -> bool:
    """Whether the engine says that its GDAL cannot open the scene; QGIS's may know the format."""
    return "is not a raster that GDAL can read" in text or "cannot be opened" in text


def _last(lines: Sequence[str]) -> str:
    return next((line for line in reversed(lines) if line.strip()), "")


def _without_label(text: str) -> str:
    return _sentence(text.partition("Error:")[2].strip() if text.startswith("Error:") else text)


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
