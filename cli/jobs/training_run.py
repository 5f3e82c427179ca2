"""What both training commands share: their common options, the run folder, and the run itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magnet_geo.errors import MagnetGeoError, OutputError, TrainingError
from magnet_geo.progress import CancelToken, ProgressListener

from ..cancelling import cancel_by_signal
from ..errors import explain
from ..options.gathered_options import gathered_options
from ..options.training_options import RUN, apply_defaults, given_values, headed, read_config
from ..output.remembered_files import found_again
from ..output.training_screen import QuietScreen, TrainedLine, TrainingScreen, choose_screen

if TYPE_CHECKING:
    from magnet_geo.training.backbone_training import RunOptions
    from magnet_geo.training.finishing import TrainedModel
    from magnet_geo.training.settings import TrainingSettings

_OUTPUT_DIR = "output_dir"
# The values of a config are kept one by one; the file itself may be gone.
_OF_ONE_CALL = {"resume", "overwrite", "config", _OUTPUT_DIR}


def is_first_process() -> bool:
    """Whether this process is the only one, or the one of torchrun's that talks and writes."""
    return os.environ.get("RANK", "0") == "0"


@dataclass(frozen=True, slots=True)
class RunChoice:
    """How a training command is to run.

    Attributes:
        folder: Takes all files.
        resume: Whether to go on from its last checkpoint.
        overwrite: Whether a finished training there may be replaced.
        tensorboard: Whether a TensorBoard log is written.
        check: Whether to look at the data only.
        progress: How progress is shown.
        parameters: What the user gave, for the checkpoint.
    """

    folder: Path
    resume: bool
    overwrite: bool
    tensorboard: bool
    check: bool
    progress: str
    parameters: dict[str, Any]

    @contextmanager
    def running(self) -> Iterator[tuple[TrainingScreen, CancelToken]]:
        """Show the run; Ctrl-C and SIGTERM end it after the step at hand."""
        token = CancelToken()
        # Only the first of torchrun's processes talks.
        first = os.environ.get("RANK", "0") == "0"
        with choose_screen(self.progress) if first else QuietScreen() as screen, cancel_by_signal(token):
            try:
                yield screen, token
            except (MagnetGeoError, click.ClickException, click.Abort, click.exceptions.Exit):
                raise
            except Exception as error:
                raise explain(error) from error

    def prepare(self, screen: ProgressListener, token: CancelToken, settings: TrainingSettings) -> RunOptions:
        """Check that the machine can train as wanted, make the folder, and see that nothing is lost in it.

        Raises:
            DeviceError: The device is absent or cannot run the precision.
            OutputError: It holds a training, or cannot be made.
            TrainingError: A package is missing.
        """
        from magnet_geo.compute.device import choose_device, choose_dtype
        from magnet_geo.training.backbone_training import RunOptions
        from magnet_geo.training.curves import require_matplotlib
        from magnet_geo.training.history import require_tensorboard
        from magnet_geo.training.trainer import HISTORY, LAST, forget_run

        choose_dtype(settings.precision, choose_device(settings.device))
        require_matplotlib()
        if self.tensorboard:
            require_tensorboard()
        begun = is_first_process() and any(_holds_something(self.folder / name) for name in (LAST, HISTORY))
        if begun and not (self.resume or self.overwrite):
            raise OutputError(
                f"The folder '{self.folder}' holds a training; add --resume to go on, --overwrite to begin anew, or "
                "choose another folder."
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder '{self.folder}' cannot be made ({error.strerror}); choose another."
            ) from error
        if begun and not self.resume:
            forget_run(self.folder)
        return RunOptions(
            self.folder,
            resume=self.resume,
            tensorboard=self.tensorboard,
            progress=screen,
            cancel=token,
            parameters=self.parameters,
        )


def run_options(presets: tuple[str, ...], preset_values: Callable[[str], dict[str, Any]]) -> Callable[[Any], Any]:
    """Add the options of the run; the function receives them as the one argument ``run``.

    Args:
        presets: Names of the published trainings.
        preset_values: Gives the options' values of a preset.
    """

    def take_resume(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
        folder = ctx.params.get(_OUTPUT_DIR)
        if value and folder is not None:
            stored = _stored_parameters(folder)
            before = Path(stored.get(_OUTPUT_DIR, folder))
            kept = {name: value for name, value in stored.items() if name not in _OF_ONE_CALL}
            apply_defaults(ctx, found_again(ctx.command, kept, before=before, now=folder), source="It")
        return value

    def take_config(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
        if value is not None:
            apply_defaults(ctx, read_config(value), source=f"The config {value}")
        return value

    def take_preset(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is not None:
            apply_defaults(ctx, preset_values(value), source=f"The preset {value}")
        return value

    options = (
        headed(
            RUN,
            "-o",
            "--output-dir",
            type=click.Path(file_okay=False, path_type=Path),
            required=True,
            is_eager=True,
            help="Folder for the model, checkpoints and logs; made if need be.",
        ),
        headed(
            RUN,
            "--resume",
            is_flag=True,
            is_eager=True,
            callback=take_resume,
            help="Go on from the last checkpoint, with the options it began with.",
        ),
        headed(
            RUN,
            "--config",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            is_eager=True,
            callback=take_config,
            help="YAML file of option values; options given here win.",
        ),
        headed(
            RUN,
            "--preset",
            type=click.Choice(presets),
            is_eager=True,
            callback=take_preset,
            help="Published training; options and --config win.",
        ),
        headed(RUN, "--overwrite", is_flag=True, help="Begin anew in a folder that holds a training."),
        headed(RUN, "--check", is_flag=True, help="Look at the data, show samples with their labels, and stop."),
        headed(RUN, "--tensorboard", is_flag=True, help="Write a TensorBoard log too."),
        headed(
            RUN,
            "--progress",
            type=click.Choice(["auto", "bar", "jsonl", "none"]),
            default="auto",
            show_default=True,
            help="A bar, or JSON lines on stdout.",
        ),
    )

    def gather(
        *,
        output_dir: Path,
        resume: bool,
        overwrite: bool,
        tensorboard: bool,
        check: bool,
        progress: str,
        config: Path | None,
    ) -> dict[str, RunChoice]:
        given = given_values(click.get_current_context())
        return {"run": RunChoice(output_dir, resume, overwrite, tensorboard, check, progress, given)}

    return gathered_options(options, gather)


def _texts(
    *, name: str | None, title: str | None, licence: str | None, data_source: str | None
) -> dict[str, str | dict[str, str] | None]:
    texts = {"title": title, "licence": licence, "data": data_source}
    return {"name": name, "texts": {key: text for key, text in texts.items() if text is not None}}


# Adds the texts of the model that is made; they arrive as ``name`` and ``texts``.
text_options = gathered_options(
    (
        headed("Model", "--name", help="Name of the model.  [default: that of the folder]"),
        headed("Model", "--title", help="One line about it."),
        headed("Model", "--licence", help="Terms of its weights."),
        headed("Model", "--data-source", help="What it was trained on, and its terms."),
    ),
    _texts,
)


def report_model(trained: TrainedModel | None, screen: TrainingScreen) -> None:
    """Say what a training left behind."""
    if trained is None:
        return
    state = trained.outcome.state
    scored = state.best_step > 0
    screen.result(
        TrainedLine(
            model=str(trained.model.absolute()),
            curves=str(trained.curves.absolute()),
            steps=state.step,
            score=state.best_score if scored else None,
            seconds=round(state.seconds, 1),
        )
    )
    score = f", best score {state.best_score:.3f} at step {state.best_step}" if scored else ""
    early = " (ended early: no better score)" if trained.outcome.stopped_early else ""
    screen.tell(f"Trained {state.step} steps in {state.seconds / 60:.1f} minutes{score}{early}.")
    screen.tell(f"Model: {trained.model}; curves: {trained.curves}")


def _holds_something(path: Path) -> bool:
    # A training that ended before its first step leaves an empty history.
    return path.exists() and path.stat().st_size > 0


def _stored_parameters(folder: Path) -> dict[str, Any]:
    from magnet_geo.training.checkpoint import read_checkpoint_file
    from magnet_geo.training.trainer import LAST

    try:
        return dict(read_checkpoint_file(folder / LAST).config.get("parameters", {}))
    except TrainingError as error:
        raise click.ClickException(str(error)) from error
