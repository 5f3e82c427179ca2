"""The work behind ``magnet-geo segment``: one scene after the other, a failed one does not stop the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magnet_geo.errors import CancelledError, OutputError
from magnet_geo.progress import CancelToken
from magnet_geo.scene import SegmentOptions

from .errors import explain
from .listeners import RunListener
from .model_choice import ModelChoice

if TYPE_CHECKING:
    from magnet_geo.scene import Segmenter


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

    def run(self, targets: dict[str, Path]) -> int:
        """Segment every scene.

        Args:
            targets: Output by scene.

        Returns:
            How many scenes failed.

        Raises:
            CancelledError: The user cancelled.
        """
        try:
            model = self.choice.load(device=self.device, precision=self.precision)
        except Exception as error:
            self.listener.failure(explain(error))
            return len(targets)
        failures = 0
        for number, (scene, target) in enumerate(targets.items()):
            self.listener.begin_scene(Path(scene).name, number=number, count=len(targets))
            try:
                self._segment(model, scene, target)
            except (CancelledError, KeyboardInterrupt):
                self.listener.cancelled()
                raise
            except Exception as error:
                self.listener.failure(explain(error))
                failures += 1
        return failures

    def _segment(self, model: Segmenter, scene: str, target: Path) -> None:
        if self.show_plan or self.dry_run:
            self._show_plan(model, scene, target)
        if self.dry_run:
            return
        from magnet_geo.scene import segment_scene

        with _folder(self.output_dir):
            result = segment_scene(
                scene, output=target, model=model, options=self.options, progress=self.listener, cancel=self.token
            )
        self.listener.result(result)
        if self.as_json:
            click.echo(result.model_dump_json())
        elif self.as_text:
            from .result_table import show_result

            show_result(result)

    def _show_plan(self, model: Segmenter, scene: str, target: Path) -> None:
        from magnet_geo.scene import make_plan_record, plan_run
        from magnet_geo.scene.outputs import check_outputs

        if self.output_dir is None or self.output_dir.exists():
            check_outputs(target, scene, self.options)
        record = make_plan_record(plan_run(scene, model, self.options), model)
        if self.as_json and self.dry_run:
            click.echo(record.model_dump_json())
        elif self.as_text or self.show_plan:
            from .result_table import show_plan

            show_plan(record, with_warnings=self.dry_run)


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
