"""How long a run will take, learned from the runs before it."""

from __future__ import annotations

from dataclasses import dataclass

from .text import tr

# Two cores of a desktop processor without a GPU; the first run replaces it.
DEFAULT_SECONDS_PER_PATCH = 0.15
START_SECONDS = 4.0
NEWEST_WEIGHT = 0.5


@dataclass(frozen=True)
class Workload:
    """What a plan says (`segment --dry-run --json`, refinement full).

    Attributes:
        windows: Coarse passes.
        patches: All passes when everything is refined.
    """

    windows: int
    patches: int

    def passes(self, share: float) -> float:
        """Passes when a share (0-1) of the patches is refined."""
        return self.windows + min(max(share, 0.0), 1.0) * max(self.patches - self.windows, 0)

    def seconds(self, share: float, seconds_per_patch: float) -> float:
        """Time of a run, with the start of the engine."""
        return START_SECONDS + self.passes(share) * seconds_per_patch


def learned_rate(known: float, *, seconds: float, passes: float) -> float:
    """Seconds per pass after one more run; runs that are too short to tell change nothing."""
    if passes < 4 or seconds <= 0:
        return known
    rate = seconds / passes
    return rate if known <= 0 else (1 - NEWEST_WEIGHT) * known + NEWEST_WEIGHT * rate


def duration_text(seconds: float) -> str:
    """A duration as people say it: about 40 s, about 3 min, about 2 h."""
    if seconds < 90:
        return tr("about {n} s").format(n=max(int(round(seconds, -1)), 5) if seconds >= 10 else 5)
    if seconds < 5400:
        return tr("about {n} min").format(n=round(seconds / 60))
    return tr("about {n} h").format(n=round(seconds / 3600))
