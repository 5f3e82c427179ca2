"""``magnet-geo train``: the two stages of a model's training."""

from __future__ import annotations

from importlib import import_module

import click

from ..errors import MagnetGroup

# Each stage lives in a module of its own as `command`, and is loaded when it is used.
STAGES = {
    "backbone": ("train_backbone", "Train the segmentation network, the first stage."),
    "refinement": ("train_refinement", "Train the refinement module of a model, the second stage."),
}


class StageGroup(MagnetGroup):
    """A group that loads the stage that is used; `--check` without one, which looks at data alone, is the first's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the stage of a check."""
        if "--check" in args and not STAGES.keys() & set(args):
            args = [next(iter(STAGES)), *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the stages, in their order."""
        return list(STAGES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a stage, or None."""
        if cmd_name not in STAGES:
            return None
        command: click.Command = import_module(f".{STAGES[cmd_name][0]}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of stages without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in STAGES.items()])


@click.group(name="train", cls=StageGroup)
def train() -> None:
    """Train a model on your own images and labels.

    The backbone comes first and gives a model that maps scenes; the refinement then makes it better. With --check and
    no command, the data are looked at and nothing is trained.

    \b
    Examples:
      magnet-geo train --check --scene scene.tif --truth labels.gpkg --classes classes.yaml -o run1
      magnet-geo train backbone --scene scene.tif --truth labels.gpkg --classes classes.yaml -o run1
      magnet-geo train refinement --model run1/model.safetensors --scene scene.tif --truth labels.gpkg -o run2
    """


command = train
