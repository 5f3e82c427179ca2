"""The look at the data before a training: its faults stop the training, its warnings are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from magnet_geo.datasets import DatasetDescription, LabeledDataset, open_dataset
from magnet_geo.progress import CancelToken, WarningEvent

from ..options.dataset_options import DatasetChoice
from ..output.training_screen import TrainingScreen

if TYPE_CHECKING:
    from .training_run import RunChoice

CONTACT_SHEET = "samples.png"


def may_train(
    data: DatasetChoice,
    description: DatasetDescription,
    run: RunChoice,
    screen: TrainingScreen,
    token: CancelToken,
    *,
    begin: Callable[[LabeledDataset], object] | None = None,
) -> bool:
    """Check the data; with ``--check`` show what was found, a picture of samples, and stop.

    Args:
        data: What the user named.
        description: The images to train on.
        run: How the command is to run.
        screen: Shows what was found.
        token: Stops.
        begin: What else must be found or fit before a training, such as its first weights; called by ``--check`` alone.

    Returns:
        Whether to train.

    Raises:
        MagnetGeoError: Something that a training needs is missing or has a fault.
    """
    from magnet_geo.datasets.check import check_dataset

    if run.resume:
        return True
    report = check_dataset(description, progress=screen, cancel=token)
    if not run.check:
        for warning in report.warnings:
            screen(WarningEvent(warning))
        report.raise_faults()
        return True
    from ..output.check_report import show_check

    show_check(report)
    report.raise_faults()
    training, _ = data.open(description, progress=screen, cancel=token)
    if begin is not None:
        begin(training)
    _draw_samples(description, run, screen, token)
    return False


def _draw_samples(description: DatasetDescription, run: RunChoice, screen: TrainingScreen, token: CancelToken) -> None:
    from magnet_geo.datasets.contact_sheet import contact_sheet

    run.folder.mkdir(parents=True, exist_ok=True)
    sheet = run.folder / CONTACT_SHEET
    dataset = open_dataset(description, cancel=token)
    contact_sheet(dataset.sources, description.table.scheme, sheet, overwrite=True, progress=screen, cancel=token)
    screen.tell(f"Samples with their labels: {sheet}")
