"""The loop of both stages, to be read from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from math import inf, isfinite, isnan
from pathlib import Path
from typing import Any, Protocol

import cv2
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from magnet_geo.errors import CancelledError, OutputError, TrainingError
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.training.averaging import WeightAverage
from magnet_geo.training.checkpoint import Checkpoint, RunState, read_checkpoint_file
from magnet_geo.training.history import History
from magnet_geo.training.pace import ParameterGroup, create_optimizer, rate_factor
from magnet_geo.training.prefetch import made_in_threads
from magnet_geo.training.ranks import ALONE, Ranks
from magnet_geo.training.settings import TrainingSettings
from magnet_geo.training.step_memory import available_memory_bytes, is_out_of_memory, require_step_memory, too_large

LAST, BEST, HISTORY, TENSORBOARD = "last.pt", "best.pt", "history.jsonl", "tensorboard"
_LOOK_AHEAD = 2
_SMOOTHING = 0.95
_SEED_STRIDE = 1_000_003


class Batch(Protocol):
    """Samples as tensors."""

    def to(self, device: torch.device) -> Any:
        """Return the batch on a device."""
        ...

    def pin_memory(self) -> Any:
        """Return the batch in pinned memory."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """What a validation found.

    Attributes:
        score: What decides which state is the best; greater is better.
        values: Everything measured, by name, for logs and curves.
        summary: The same in a few words.
    """

    score: float
    values: Mapping[str, float]
    summary: str


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What a loop trains.

    Attributes:
        stage: ``backbone`` or ``refinement``.
        network: What learns and is kept.
        learner: Gives the loss of a batch; holds `network`.
        groups: Weights that learn, with their rates.
        sample: Gives the sample of a number; called from several threads.
        collate: Gives a batch of samples.
        samples_per_epoch: Samples that count as one pass over the data.
        set_mode: Puts `network` into the mode it is trained in.
        validate: Gives the scores of a network like `network`; None without validation data.
        config: Plain values that a checkpoint shall carry beside the settings.
    """

    stage: str
    network: nn.Module
    learner: nn.Module
    groups: Sequence[ParameterGroup]
    sample: Callable[[int], Any]
    collate: Callable[[Sequence[Any]], Batch]
    samples_per_epoch: int
    set_mode: Callable[[], None]
    validate: Callable[[nn.Module], Scores] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How a training ended.

    Attributes:
        state: How far it came.
        scores: Of the last validation; None without one.
        stopped_early: Whether patience ended it.
    """

    state: RunState
    scores: Scores | None
    stopped_early: bool


def forget_run(folder: Path) -> None:
    """Remove what an earlier training left in a folder, and nothing else.

    Raises:
        OutputError: The folder has checkpoints, but not the history that each of our trainings keeps: other programs
            call theirs so too.
    """
    if not (folder / HISTORY).is_file():
        raise OutputError(
            f"The folder '{folder}' holds '{LAST}' or '{BEST}' without a '{HISTORY}': they may be another program's, "
            "and were not touched; choose another folder."
        )
    for name in (LAST, BEST, HISTORY):
        (folder / name).unlink(missing_ok=True)
    logs = folder / TENSORBOARD
    for log in logs.glob("events.out.tfevents.*") if not logs.is_symlink() else ():
        log.unlink()


class Trainer:
    """Trains a task and keeps its folder.

    Args:
        task: What is trained; its network is on `device` already.
        settings: How.
        folder: Takes the checkpoints and the history; it exists.
        device: Where all runs.
        dtype: Of mixed precision; float16 scales the loss.
        ranks: The processes that train together.
        progress: Told how far the training is.
        cancel: Looked at before every step.
        resume: Whether to go on from the folder's last checkpoint.
        tensorboard: Whether a TensorBoard log is written.
    """

    def __init__(
        self,
        task: Task,
        settings: TrainingSettings,
        folder: Path,
        *,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        ranks: Ranks = ALONE,
        progress: ProgressListener = ignore_progress,
        cancel: CancelToken | None = None,
        resume: bool = False,
        tensorboard: bool = False,
    ) -> None:
        self._task, self._settings, self._folder = task, settings, folder
        self._device, self._ranks = device, ranks
        self._progress, self._cancel = progress, cancel or CancelToken()
        self._optimizer = create_optimizer(task.groups, settings)
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
        self._average = WeightAverage(task.network, decay=settings.averaging) if settings.averaging else None
        self._per_step = settings.batch_size * settings.accumulation * ranks.world_size
        self._planned = settings.planned_steps(task.samples_per_epoch, self._per_step)
        self._state = RunState()
        self._scores: Scores | None = None
        self._saved = "nothing was saved yet"
        if resume:
            self._restore(read_checkpoint_file(folder / LAST))
        self._history: History | None = None
        if ranks.is_first:
            board = folder / TENSORBOARD if tensorboard else None
            self._history = History(folder / HISTORY, from_step=self._state.step, tensorboard=board)
        self._learner = self._shared(task.learner)

    def run(self) -> TrainingOutcome:
        """Train to the end.

        Raises:
            TrainingError: The loss is no number any more; the last checkpoint stays.
            MemoryLimitError: A step does not fit in memory; on a CPU, this is found before the first.
            CancelledError: The user cancelled; the last checkpoint holds the present state.
        """
        state, settings = self._state, self._settings
        cv2.setNumThreads(1)
        start = time.monotonic() - state.seconds
        with ExitStack() as stack:
            if self._history is not None:
                stack.callback(self._history.close)
            batches = self._batches()
            stack.callback(batches.close)
            self._task.set_mode()
            if self._device.type == "cpu":
                self._require_memory()
            while (done := self._done()) < 1 and not self._out_of_patience():
                if self._cancel.cancelled:
                    self._save(LAST)
                    raise CancelledError("The training was cancelled; go on with `resume=True`.")
                factor = rate_factor(state.step, done, settings)
                for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
                    group["lr"] = rate * factor

                loss = self._step(batches)

                state.step += 1
                state.seconds = self._shared_clock(time.monotonic() - start)
                self._note(loss, factor)
                if state.step % settings.validate_every == 0 or self._done() >= 1:
                    self._validate()
                if state.step % settings.checkpoint_every == 0 or self._done() >= 1 or self._out_of_patience():
                    self._save(LAST)
        return TrainingOutcome(state, self._scores, self._done() < 1)

    def best_weights(self) -> Mapping[str, Tensor]:
        """Return what the training is to be remembered for: the best validated state, the last one without any."""
        path = self._folder / BEST
        kept = read_checkpoint_file(path) if self._state.best_step else None
        return kept.best_weights if kept is not None else self._kept_network().state_dict()

    def _require_memory(self) -> None:
        task, settings = self._task, self._settings
        # Processes of one machine share its memory, and all come here at once.
        free = available_memory_bytes()
        share = None if free is None else free // self._ranks.world_size

        def batch_of(numbers: Sequence[int]) -> Any:
            return task.collate([task.sample(number) for number in numbers])

        require_step_memory(task.learner, batch_of, settings, available_bytes=share)

    def _step(self, batches: Iterator[Any]) -> float:
        """One step of the optimizer; gives the mean loss of its batches over all processes."""
        self._optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self._device)
        # Dropout repeats with the step, whatever was drawn before it.
        torch.manual_seed((self._settings.seed * _SEED_STRIDE + self._state.step) * 64 + self._ranks.rank)
        try:
            for part in range(self._settings.accumulation):
                batch = next(batches).to(self._device)
                with self._held_back(part):
                    loss = self._learner(batch) / self._settings.accumulation
                    self._scaler.scale(loss).backward()
                total += loss.detach()
        except (MemoryError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise too_large(error, self._settings, self._device) from error
            raise
        mean = float(self._ranks.total(total)) / self._ranks.world_size
        self._scaler.unscale_(self._optimizer)
        greatest = self._settings.clip_gradient or inf
        parameters = [p for group in self._optimizer.param_groups for p in group["params"]]
        norm = float(nn.utils.clip_grad_norm_(parameters, greatest))
        # A scaler skips steps whose gradients overflow; without one they would ruin the weights.
        if not isfinite(mean) or not (isfinite(norm) or self._scaler.is_enabled()):
            raise self._diverged(mean)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        if self._average is not None:
            self._average.update(self._task.network)
            self._state.averaged = self._average.updates
        return mean

    def _note(self, loss: float, factor: float) -> None:
        smoothing = min(_SMOOTHING, 1 - 1 / (self._state.step + 1))
        before = self._state.loss
        self._state.loss = loss if isnan(before) else smoothing * before + (1 - smoothing) * loss
        if self._history is not None:
            rate = self._settings.learning_rate * factor
            self._history.note_step(self._state.step, loss=loss, rate=rate, seconds=self._state.seconds)
        self._tell()

    def _tell(self) -> None:
        planned = "" if self._planned is None else f" of {self._planned}"
        scores = "" if self._scores is None else f", {self._scores.summary}"
        message = f"step {self._state.step}{planned}, loss {self._state.loss:.4f}{scores}"
        self._progress(ProgressEvent(min(1.0, self._done()), "train", message))

    def _validate(self) -> None:
        if self._task.validate is None:
            return
        state = self._state
        if self._ranks.is_first:
            self._scores = self._task.validate(self._kept_network())
            self._task.set_mode()
        score = torch.tensor(self._scores.score if self._scores else -inf, dtype=torch.float64, device=self._device)
        best = float(self._ranks.greatest(score))
        if self._history is not None and self._scores is not None:
            self._history.note_validation(state.step, score=best, values=self._scores.values)
        if best > state.best_score:
            state.best_score, state.best_step, state.stale = best, state.step, 0
            self._save(BEST)
        else:
            state.stale += 1
        self._tell()

    def _save(self, name: str) -> None:
        if not self._ranks.is_first:
            return
        checkpoint = Checkpoint(
            config={"stage": self._task.stage, "settings": self._settings.to_json(), **self._task.config},
            state=self._state,
            network=self._task.network.state_dict(),
            average={} if self._average is None else self._average.model.state_dict(),
            optimizer=self._optimizer.state_dict(),
            scaler=self._scaler.state_dict(),
        )
        checkpoint.write(self._folder / name)
        self._saved = f"{self._folder / name} holds step {self._state.step}"

    def _restore(self, checkpoint: Checkpoint) -> None:
        if checkpoint.config.get("stage") != self._task.stage:
            raise TrainingError(
                f"{self._folder / LAST} is of a training of the {checkpoint.config.get('stage')}, not of the "
                f"{self._task.stage}; choose another folder."
            )
        try:
            self._task.network.load_state_dict(dict(checkpoint.network))
            self._optimizer.load_state_dict(dict(checkpoint.optimizer))
            if self._average is not None and checkpoint.average:
                self._average.restore(checkpoint.average, updates=checkpoint.state.averaged)
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(
                f"{self._folder / LAST} does not fit this network ({' '.join(str(error).split())[:200]}); resume "
                "with the options the training began with."
            ) from error
        if checkpoint.scaler:
            self._scaler.load_state_dict(dict(checkpoint.scaler))
        self._state = checkpoint.state
        self._saved = f"{self._folder / LAST} holds step {checkpoint.state.step}"
        before = checkpoint.config.get("settings")
        if before != self._settings.to_json() and self._ranks.is_first:
            self._progress(
                WarningEvent("The settings differ from those the training began with; it will take another course.")
            )

    def _batches(self) -> Any:
        settings, task, ranks = self._settings, self._task, self._ranks
        size = settings.batch_size

        def numbers() -> Iterator[int]:
            first = self._state.step * self._per_step
            while True:
                for part in range(settings.accumulation):
                    start = first + (part * ranks.world_size + ranks.rank) * size
                    yield from range(start, start + size)
                first += self._per_step

        def batches() -> Iterator[Any]:
            depth = _LOOK_AHEAD * size + settings.workers
            samples = made_in_threads(task.sample, numbers(), workers=settings.workers, depth=depth)
            try:
                while True:
                    batch = task.collate([next(samples) for _ in range(size)])
                    yield batch.pin_memory() if self._device.type == "cuda" else batch
            finally:
                samples.close()  # type: ignore[attr-defined]

        return batches()

    def _shared(self, learner: nn.Module) -> nn.Module:
        learner.to(self._device)
        if self._ranks.world_size == 1:
            return learner
        # Batch statistics are shared by SyncBN on GPUs; the first process's are kept otherwise.
        partly_used = bool(getattr(self._settings, "per_level", False))
        return DistributedDataParallel(learner, find_unused_parameters=partly_used)

    def _held_back(self, part: int) -> Any:
        """Keep gradients from being exchanged before the last batch of a step."""
        if isinstance(self._learner, DistributedDataParallel) and part + 1 < self._settings.accumulation:
            return self._learner.no_sync()
        return nullcontext()

    def _kept_network(self) -> nn.Module:
        return self._task.network if self._average is None else self._average.model

    def _done(self) -> float:
        shares = [0.0]
        if self._planned is not None:
            shares.append(self._state.step / self._planned)
        if self._settings.minutes is not None:
            shares.append(self._state.seconds / 60 / max(self._settings.minutes, 1e-9))
        return max(shares)

    def _out_of_patience(self) -> bool:
        return 0 < self._settings.patience <= self._state.stale

    def _shared_clock(self, seconds: float) -> float:
        return float(self._ranks.greatest(torch.tensor(seconds, dtype=torch.float64, device=self._device)))

    def _diverged(self, loss: float) -> TrainingError:
        what = "The gradients" if isfinite(loss) else "The loss"
        return TrainingError(
            f"{what} became infinite or no number at step {self._state.step + 1} (loss {loss:.4g}); {self._saved}. "
            "Lower `learning_rate`, set `clip_gradient=1`, or use `precision='fp32'`."
        )
