"""Closes the dialogs that QGIS has opened for our algorithms, before their provider goes."""

from __future__ import annotations

import time
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QApplication, QWidget

WAIT_S = 8.0


def close_algorithm_dialogs(provider: Any) -> None:
    """Closes and deletes every open dialog of a provider's algorithms: single, batch, and those of the model designer.

    In QGIS (seen with 3.40.6 and 3.44.15) such a dialog outlives the provider, and asks its algorithm, whose provider
    is gone, for its name as soon as the project changes: QGIS dies of it. A run in a dialog must have been ended
    before; its dialog is given the time to hear of that.
    """
    dialogs = [widget for widget in QApplication.topLevelWidgets() if _is_of(widget, provider.id())]
    ends = time.monotonic() + WAIT_S
    while any(_is_running(dialog) for dialog in dialogs) and time.monotonic() < ends:
        QCoreApplication.processEvents()
        time.sleep(0.02)
    for dialog in dialogs:
        dialog.close()
        dialog.deleteLater()
        # Now, not when the event loop comes to it: by then the provider is gone.
        QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)


def _is_of(widget: QWidget, provider_id: str) -> bool:
    found = getattr(widget, "algorithm", None)
    algorithm = found() if callable(found) else None
    provider = algorithm.provider() if hasattr(algorithm, "provider") else None
    return provider is not None and provider.id() == provider_id


def _is_running(dialog: QWidget) -> bool:
    """Whether its run can be cancelled."""
    button = getattr(dialog, "cancelButton", None)
    return button is not None and button() is not None and button().isEnabled()
