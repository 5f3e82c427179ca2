"""The work behind ``magnet-geo segment``: one scene after the other, a failed one does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magnet_geo.errors import CancelledError, MagnetGeoError, OutputError
from magnet_geo.evaluation.area_csv import write_area_csv
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressListener
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene import SegmentOptions, WorkerPlace

from ..errors import explain
from ..options.model_choice import ModelChoice
from ..output.batch_table import SceneOutcome, show_done, show_summary
from ..output.listeners import RunListener
from ..output.result_table import show_result
from ..output.shown import echo, echo_record
from .scenes_at_once import ScenesAtOnce, SegmentScene

if TYPE_CHECKING:
    from magnet_geo.inference import Segmenter

# Makes another file of a map and gives the result with its path: polygons, a report, a catalogue entry.
FollowUp = Callable[[SegmentResult, RunListener, CancelToken], SegmentResult]


@dataclass(frozen=True, slots=True)
class SegmentJob:
    """Scenes to segment with one model.

    Attributes:
        choice: The model.
        options: Decisions about each run.
        device: Where to compute.
        precision: Numbers of the networks.
        token: Cancels.
        listener: Follows.
        as_json: Whether results go to stdout as JSON.
        as_text: Whether results are shown to people.
        output_dir: Folder of the outputs, made where only its last part is missing; None where it must exist.
        show_plan: Whether the plan of each run is shown.
        dry_run: Whether to stop after the plan.
        skip_existing: Whether scenes whose map is there already are left alone.
        workers: Processes that take the scenes, all of them at once; None for this one alone.
        dashboard: Whether workers of this machine show what they do.
        area_csv: Table of the areas of all maps, written at the end, if wanted.
        follow_ups: What is made of each finished map, in this order.
        checks: What must hold before anything is loaded; each raises otherwise.
    """

    choice: ModelChoice
    options: SegmentOptions
    device: str
    precision: Any
    token: CancelToken
    listener: RunListener
    as_json: bool
    as_text: bool
    output_dir: Path | None
    show_plan: bool
    dry_run: bool
    skip_existing: bool = False
    workers: WorkerPlace | None = None
    dashboard: bool = True
    area_csv: Path | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    checks: tuple[Callable[[], None], ...] = ()

    def run(self, targets: dict[str, Path]) -> int:
        """Segment every scene.

        Args:
            targets: Output by scene.

        Returns:
            How many scenes failed.

        Raises:
            CancelledError: The user cancelled.
        """
        with ExitStack() as opened:
            try:
                opened.enter_context(_folder(self.output_dir))
                for check in self.checks:
                    check()
                model = self.choice.load(device=self.device, precision=self.precision)
                left = {scene: target for scene, target in targets.items() if not self._is_there(target)}
                segment = self._segment_scene(model, left, opened)
            except Exception as error:
                self.listener.failure(explain(error))
                return len(targets)
            outcomes = self._outcomes(model, targets, left, segment)
        failures = sum(1 for outcome in outcomes if outcome.failure)
        return failures + self._write_areas(outcomes)

    def _segment_scene(self, model: Segmenter, targets: dict[str, Path], opened: ExitStack) -> SegmentScene:
        """What segments one scene: here, or on workers that have been given all scenes already."""
        from magnet_geo.scene import Workers, segment_scene

        workers = None
        if self.workers is not None and not self.dry_run:
            wanted = Workers(self.workers, threads=self.options.threads, dashboard=self.dashboard)
            workers = opened.enter_context(wanted)
            if workers.dashboard is not None:
                echo(f"Dashboard of the workers: {workers.dashboard}", err=True)

        def segment(scene: str, target: Path, listener: ProgressListener) -> SegmentResult:
            return segment_scene(
                scene,
                output=target,
                model=model,
                options=self.options,
                progress=listener,
                cancel=self.token,
                workers=workers,
            ).record

        if workers is None or len(targets) == 1:
            return segment
        at_once = opened.enter_context(ScenesAtOnce(segment, targets, self.token))
        return lambda scene, target, listener: at_once.result(scene, listener)

    def _outcomes(
        self, model: Segmenter, targets: dict[str, Path], left: dict[str, Path], segment: SegmentScene
    ) -> list[SceneOutcome]:
        outcomes: list[SceneOutcome] = []
        try:
            for number, (scene, target) in enumerate(targets.items()):
                self.listener.begin_scene(short_name(scene), number=number, count=len(targets))
                if scene in left:
                    outcomes.append(self._outcome(model, scene, target, segment))
                else:
                    self.listener.skipped(f"{short_name(scene)}: the map '{target}' is there already")
                    outcomes.append(SceneOutcome(scene, None))
                self._show_outcome(outcomes[-1], alone=len(targets) == 1)
        except (CancelledError, KeyboardInterrupt):
            self.listener.cancelled()
            raise
        finally:
            if len(targets) > 1 and outcomes and self.as_text and not self.dry_run:
                show_summary(outcomes, count=len(targets))
        return outcomes

    def _is_there(self, target: Path) -> bool:
        """Whether a map is to be left alone: of all its files, the class raster appears last."""
        return self.skip_existing and target.exists()

    def _outcome(self, model: Segmenter, scene: str, target: Path, segment: SegmentScene) -> SceneOutcome:
        try:
            return SceneOutcome(scene, self._segment(model, scene, target, segment))
        except (CancelledError, KeyboardInterrupt):
            raise
        except Exception as error:
            explained = explain(error)
            self.listener.failure(explained)
            return SceneOutcome(scene, None, str(explained))

    def _show_outcome(self, outcome: SceneOutcome, *, alone: bool) -> None:
        if outcome.result is None:
            return
        self.listener.result(outcome.result)
        if self.as_json:
            echo_record(outcome.result)
        elif self.as_text and (alone or self.show_plan):
            show_result(outcome.result)
        elif self.as_text:
            show_done(outcome)

    def _write_areas(self, outcomes: Sequence[SceneOutcome]) -> int:
        """Write the table of areas; 1 if that fails."""
        results = [outcome.result for outcome in outcomes if outcome.result is not None]
        if self.area_csv is None or not results:
            return 0
        try:
            write_area_csv(self.area_csv, [(result.raster, result.classes) for result in results])
        except MagnetGeoError as error:
            self.listener.failure(error)
            return 1
        if self.as_text:
            echo(f"{'areas':<14}{self.area_csv}")
        return 0

    def _segment(self, model: Segmenter, scene: str, target: Path, segment: SegmentScene) -> SegmentResult | None:
        if self.show_plan or self.dry_run:
            self._show_plan(model, scene, target)
        if self.dry_run:
            return None
        result = segment(scene, target, self.listener)
        for follow_up in self.follow_ups:
            result = follow_up(result, self.listener, self.token)
        return result

    def _show_plan(self, model: Segmenter, scene: str, target: Path) -> None:
        from magnet_geo.scene import check_outputs, estimate_time, make_plan_record, plan_run

        if self.workers is None:
            check_outputs(target, scene, self.options)
        plan = plan_run(scene, model, self.options, cancel=self.token)
        estimate = estimate_time(plan, model, self.options, cancel=self.token)
        record = make_plan_record(plan, model, estimate=estimate, budget_s=self.options.budget_s)
        if self.as_json and self.dry_run:
            echo_record(record)
        else:
            self.listener.plan(record, with_warnings=self.dry_run)


@contextmanager
def _folder(path: Path | None) -> Iterator[None]:
    """Make a folder inside an existing one; it goes again if nothing was put into it."""
    if path is None or path.exists() or not path.parent.is_dir():
        yield
        return
    try:
        path.mkdir()
    except OSError as error:
        raise OutputError(f"The folder '{path}' cannot be made ({error.strerror}); choose another one.") from error
    try:
        yield
    finally:
        if not any(path.iterdir()):
            path.rmdir()
