"""`Refinement`: what of a run is refined, decided once from the user's options and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.scene.options import RefineMode, SegmentOptions
from magnet_geo.scene.refinement.selection import EachWindow, PatchSelector


@dataclass(frozen=True, slots=True)
class Refinement:
    """What becomes of the patches of a run.

    Attributes:
        mode: Whose rules apply: every patch (``full``), those that the model's own rule takes (``fast``) or none
            (``off``); ``full`` where patches are ranked.
        share: Share of the run's patches that is refined, highest expected gain first; None where no share is given.
        budget_s: Seconds that the run may take, likewise; None where there is no budget.
        with_preview: Whether the coarse map is wanted first.
    """

    mode: Literal["full", "fast", "off"]
    share: float | None = None
    budget_s: float | None = None
    with_preview: bool = False

    @classmethod
    def of(cls, model: Segmenter, options: SegmentOptions) -> Refinement:
        """Decide.

        Raises:
            OptionError: The model has no such mode.
        """
        selection, asked = model.manifest.selection, None if options.refine is None else RefineMode.of(options.refine)
        mode: Literal["full", "fast", "off"] = selection.default if selection else "off"
        if options.budget_s is not None:
            mode = "full"
        elif asked is not None:
            mode = "full" if asked.mode == "share" else asked.mode
        model.rules(mode)
        return cls(mode, asked.share if asked else None, options.budget_s, options.preview is not None)

    @property
    def ranks(self) -> bool:
        """Whether patches compete over the whole run."""
        return self.share is not None or self.budget_s is not None

    @property
    def needs_coarse_pass(self) -> bool:
        """Whether the run begins with a cheap pass over all windows."""
        return self.ranks or self.with_preview

    @property
    def may_skip_fine_pixels(self) -> bool:
        """Whether some windows are read in some pass for their coarse levels alone."""
        return self.mode == "off" or self.needs_coarse_pass

    @property
    def name(self) -> str:
        """For records: ``full``, ``fast``, ``off``, the share, or ``budget``."""
        if self.budget_s is not None:
            return "budget"
        return self.mode if self.share is None else f"{self.share:g}"

    def selector(self, model: Segmenter) -> PatchSelector:
        """Return the selector of a run in which every window decides alone."""
        return EachWindow.of(model, self.mode)

    def expected_share(self, fast_share: float | None) -> float:
        """Share of the patches that will be refined if time allows, 0-1.

        Args:
            fast_share: Share that mode ``fast`` refines; None where the model has none.
        """
        if self.share is not None:
            return self.share
        return {"off": 0.0, "fast": fast_share or 0.0, "full": 1.0}[self.mode]
