"""`DecodedImages`: whole images of formats that can only be decoded whole, within a budget of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from magnet_geo.datasets.labeled_image import LabeledImage

_LARGEST_SHARE = 0.5


class DecodedImages:
    """Keeps the images used last; safe to use from several threads, which wait for each other's decoding."""

    def __init__(self, budget_bytes: int) -> None:
        """Begin empty.

        Args:
            budget_bytes: Memory that the images kept may take.
        """
        self._budget = budget_bytes
        self._lock = threading.Lock()
        self._decoding: dict[Hashable, threading.Lock] = {}
        self._images: OrderedDict[Hashable, LabeledImage] = OrderedDict()
        self.held_bytes = 0

    def accepts(self, size_bytes: int) -> bool:
        """Whether an image of this size may be kept."""
        return size_bytes <= self._budget * _LARGEST_SHARE

    def get(self, key: Hashable, decode: Callable[[], LabeledImage]) -> LabeledImage:
        """Return an image, decoded now or earlier.

        Args:
            key: Its name.
            decode: Gives it where it is not held.
        """
        image = self._find(key)
        if image is not None:
            return image
        with self._lock:
            own_turn = self._decoding.setdefault(key, threading.Lock())
        with own_turn:
            image = self._find(key)
            if image is None:
                image = decode()
                self._keep(key, image)
        with self._lock:
            self._decoding.pop(key, None)
        return image

    def _find(self, key: Hashable) -> LabeledImage | None:
        with self._lock:
            if key in self._images:
                self._images.move_to_end(key)
            return self._images.get(key)

    def _keep(self, key: Hashable, image: LabeledImage) -> None:
        with self._lock:
            self._images[key] = image
            self.held_bytes += image.nbytes
            while self.held_bytes > self._budget:
                _, dropped = self._images.popitem(last=False)
                self.held_bytes -= dropped.nbytes
