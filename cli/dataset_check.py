"""The look at the data before a training: its faults stop the training, its warnings are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magnet_geo.datasets import DatasetDescription, open_dataset
from magnet_geo.progress import CancelToken, WarningEvent

from .training_screen import TrainingScreen

if TYPE_CHECKING:
    from .training_run import RunChoice

CONTACT_SHEET = "samples.png"


def may_train(description: DatasetDescription, run: RunChoice, screen: TrainingScreen, token: CancelToken) -> bool:
    """Check the data; with ``--check`` show what was found, a picture of samples, and stop.

    Returns:
        Whether to train.

    Raises:
        TrainingError: The data has a fault.
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
    from .check_report import show_check

    show_check(report)
    report.raise_faults()
    from magnet_geo.datasets.contact_sheet import contact_sheet

    run.folder.mkdir(parents=True, exist_ok=True)
    sheet = run.folder / CONTACT_SHEET
    dataset = open_dataset(description, cancel=token)
    contact_sheet(dataset.sources, description.table.scheme, sheet, overwrite=True, progress=screen, cancel=token)
    screen.tell(f"Samples with their labels: {sheet}")
    return False
