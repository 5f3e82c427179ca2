"""`WorkerPlace`: where the workers of a run are, as a user writes it."""

from __future__ import annotations

from dataclasses import dataclass

from magnet_geo.errors import OptionError

_LOCAL, _REMOTE = "local:", ("tcp://", "tls://", "ucx://", "ws://", "wss://")


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """Workers to be started here, or a cluster that runs already.

    Attributes:
        local: Processes to start on this machine; 0 for a cluster.
        address: Of the cluster's scheduler; empty for this machine.
    """

    local: int
    address: str

    @classmethod
    def parse(cls, text: str) -> WorkerPlace:
        """From ``local:N`` or ``tcp://HOST:PORT``.

        Raises:
            OptionError: It is neither.
        """
        count = text.removeprefix(_LOCAL)
        if text.startswith(_LOCAL) and count.isdecimal() and int(count) > 0:
            return cls(int(count), "")
        if text.startswith(_REMOTE):
            return cls(0, text)
        raise OptionError(f"'{text}' names no workers; give local:N, such as local:2, or tcp://HOST:PORT.")
