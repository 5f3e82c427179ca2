"""`TimeBudget`: what becomes of a run that may take so long and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from magnet_geo.grid import MagnificationPyramid
from magnet_geo.progress import duration_text
from magnet_geo.progressive import PointRule
from magnet_geo.records.segment_result import BudgetRecord, TimeEstimate
from magnet_geo.scene.refinement.cost import CostModel, StepCosts
from magnet_geo.scene.refinement.selection import WithinBudget
from magnet_geo.scene.refinement.uncertainty import Uncertainties

# A run that takes so much longer than its budget has overdrawn it.
_TOLERANCE = 0.1
# Of the time left, what no patch is promised: better a little early than late.
_RESERVE = 0.04


class TimeBudget:
    """Counts from its making on.

    Attributes:
        seconds: The budget.
        is_short: Whether the user knows already that it is too short for more than a coarse map.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count.

        Args:
            seconds: The budget.
            clock: Seconds since some moment.
        """
        self.seconds, self.is_short = seconds, False
        self._clock, self._begun = clock, clock()

    def left_s(self) -> float:
        """Seconds that are left; negative once it is overdrawn."""
        return self.seconds - (self._clock() - self._begun)

    @property
    def overdrawn(self) -> bool:
        """Whether a run has clearly taken longer."""
        return self.left_s() < -_TOLERANCE * self.seconds

    def allows(self, run: TimeEstimate) -> bool:
        """Whether there is time for a run."""
        return run.seconds <= self.left_s()

    def selector(
        self,
        found: Mapping[int, Uncertainties],
        pyramid: MagnificationPyramid,
        points: PointRule,
        *,
        speed: StepCosts,
        coarse_s: float,
    ) -> WithinBudget:
        """Rank what was found within the time that is left.

        Args:
            found: Uncertainties by window, in plan order.
            pyramid: The levels of a window.
            points: Which points of a patch are replaced.
            speed: What the steps of the run cost.
            coarse_s: Seconds that the coarse pass took.
        """
        # What slowed the coarse pass, other programs mostly, will slow the rest; a pass taken up from an earlier run
        # says nothing.
        expected_s = speed.coarse_read.clock_s + speed.windows * speed.ranking_s
        slowed = max(1.0, coarse_s / max(1e-9, expected_s))
        return WithinBudget(
            found,
            pyramid,
            points,
            costs=CostModel(window_s=slowed * speed.window_s, patch_s=slowed * speed.patch_s),
            seconds_left=lambda: (1 - _RESERVE) * self.left_s() - slowed * speed.write.clock_s,
            clock=self._clock,
        )


def budget_warning(record: BudgetRecord, *, overdrawn: bool) -> str | None:
    """Return the sentence on what was left coarse; None where nothing was.

    Args:
        record: How far the budget went.
        overdrawn: Whether the run took longer all the same.
    """
    if record.coarse == 0:
        return None
    budget = duration_text(record.seconds)
    if overdrawn:
        return (
            f"The budget of {budget} was too short even for the coarse map, which is finished all the same: "
            f"{record.refined:,} of {record.patches:,} patches were refined."
        )
    if record.refined == 0:
        return f"The budget of {budget} was spent on the coarse map: nothing was refined."
    return (
        f"Within the budget of {budget}, {record.refined:,} of {record.patches:,} patches "
        f"({record.refined / record.patches:.0%}) were refined, most uncertain ground first; the others are coarse."
    )


def short_budget_warning(seconds: float, estimate: TimeEstimate) -> str:
    """Return the sentence on a budget that ranking patches would overdraw."""
    return (
        f"The budget of {duration_text(seconds)} is too short for more than the coarse map, which alone takes about "
        f"{duration_text(estimate.seconds)}: nothing is refined."
    )
