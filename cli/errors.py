"""From exceptions to one sentence and an exit code."""

from __future__ import annotations

import traceback
from errno import EPIPE
from typing import Any

import click

from magnet_geo.errors import CancelledError, MagnetGeoError

CANCELLED_EXIT_CODE = 130


class MagnetGroup(click.Group):
    """A group whose commands end in one sentence: exit 1 for an error, 130 for a cancelled run.

    The root command's ``--debug`` adds the traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see the class."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (CancelledError, KeyboardInterrupt, click.Abort):
            click.echo("Cancelled.", err=True)
            raise click.exceptions.Exit(CANCELLED_EXIT_CODE) from None
        except MagnetGeoError as error:
            _show_traceback_if_wanted(ctx)
            raise click.ClickException(str(error)) from error
        except Exception as error:
            if isinstance(error, OSError) and error.errno == EPIPE:
                raise  # click ends quietly when the reader of a pipe is gone
            _show_traceback_if_wanted(ctx)
            raise click.ClickException(_unexpected(error)) from error


def _show_traceback_if_wanted(ctx: click.Context) -> None:
    if ctx.find_root().params.get("debug"):
        click.echo(traceback.format_exc(), err=True)


def _unexpected(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    name = type(error).__name__
    return f"unexpected error: {f'{name}: {text}' if text else name}; run again with --debug for the details."
