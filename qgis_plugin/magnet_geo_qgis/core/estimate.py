"""How long a run will take, by the engine's own estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .text import tr

# Of the engine with its libraries.
START_SECONDS = 4.0


@dataclass(frozen=True)
class RunTime:
    """What the engine's plan of a full run says of its time.

    Attributes:
        full_seconds: A run that refines everything.
        refining_seconds: Refining, of these.
        preview_seconds: Coarse pass for the preview, beside these.
        fast_share: Share of the patches (0-1) that the model's own rule refines.
    """

    full_seconds: float
    refining_seconds: float
    preview_seconds: float
    fast_share: float

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> RunTime:
        """From the answer to `segment --dry-run --json`, refinement full."""
        estimate = plan["estimate"]
        full, refining, ranking = (float(estimate[name]) for name in ("seconds", "refining_seconds", "ranking_seconds"))
        fast = estimate["fast_share"]
        return cls(full, refining, ranking, 1.0 if fast is None else float(fast))

    def seconds(self, share: float) -> float:
        """Time of a run that refines a share (0-1) of the patches, with the start of the engine."""
        return START_SECONDS + self.preview_seconds + self.full_seconds - (1.0 - share) * self.refining_seconds


def duration_text(seconds: float) -> str:
    """A duration as people say it: about 40 s, about 3 min, about 2 h."""
    if seconds < 90:
        return tr("about {n} s").format(n=max(int(round(seconds, -1)), 5) if seconds >= 10 else 5)
    if seconds < 5400:
        return tr("about {n} min").format(n=round(seconds / 60))
    return tr("about {n} h").format(n=round(seconds / 3600))
