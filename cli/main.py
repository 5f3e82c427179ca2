"""The command ``magnet-geo``."""

from __future__ import annotations

from importlib import import_module

import click

from magnet_geo._version import __version__
from magnet_geo.compute.process import configure_process

from .errors import MagnetGroup

# Each command lives in the module of its name as `command`, and is loaded when it is used.
COMMANDS = {
    "segment": "Map the land cover of scenes.",
    "polygonize": "Turn a map into polygons.",
    "sieve": "Merge small patches of a map.",
    "areas": "Measure the classes of a map.",
    "info": "Say how a scene will be read, before a run.",
    "test": "Score a model on labelled images.",
    "evaluate": "Score a map against labels.",
    "accuracy": "Sample a map, and estimate its accuracy and areas.",
    "report": "Put a map into one HTML file to hand on.",
    "data": "Prepare and check labelled images.",
    "train": "Train a model on your own images and labels.",
    "stac": "Describe a map as a STAC Item.",
    "model": "List, show, import and export models.",
}


class LazyGroup(MagnetGroup):
    """A group that knows its commands by name and loads the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"magnet_geo.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="magnet-geo")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Land-cover maps from GeoTIFF scenes of any size, coarse to fine.

    Example: magnet-geo segment scene.tif -o classes.tif
    """
    # Before any command loads torch.
    configure_process()
