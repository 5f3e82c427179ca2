"""`Neighbors`: what the windows before a window left for it, asked for when they are kept."""

from __future__ import annotations

from collections.abc import Callable

from magnet_geo.scene.window.seams import SeamBlender

Blenders = dict[str, SeamBlender]


class Neighbors:
    """Seen from one window, which may be segmented while the one before is still being finished."""

    def __init__(self, blenders: Callable[[], Blenders], wait: Callable[[], None] = lambda: None) -> None:
        """Name where to ask.

        Args:
            blenders: Makes the window's blenders, one per map, from what is kept.
            wait: Returns once all windows handed over so far are kept; not to be called by the thread that keeps them.
        """
        self._make, self._blenders, self.wait = blenders, Blenders(), wait

    def blenders(self) -> Blenders:
        """The window's blenders, the same ones at every call; all windows before it must be kept by then."""
        if not self._blenders:
            self._blenders = self._make()
        return self._blenders
