"""From exceptions to one sentence and an exit code."""

from __future__ import annotations

import traceback
from errno import EPIPE
from typing import Any

import click

from magnet_geo.errors import CancelledError, MagnetGeoError, MemoryLimitError

from .output.shown import echo, present

CANCELLED_EXIT_CODE = 130


class MagnetGroup(click.Group):
    """A group whose commands end in one sentence: exit 1 for an error, 130 for a cancelled run.

    The root command's ``--debug`` adds the traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see the class."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            raise present(error) from error.__cause__
        except click.exceptions.Exit:
            raise
        except (CancelledError, KeyboardInterrupt, click.Abort) as error:
            echo(str(error) if isinstance(error, CancelledError) else "Cancelled.", err=True)
            raise click.exceptions.Exit(CANCELLED_EXIT_CODE) from None
        except Exception as error:
            raise present(click.ClickException(str(explain(error)))) from error


def explain(error: Exception) -> MagnetGeoError:
    """Return the sentence for an error that ends a command, or one scene of it; shows the traceback with ``--debug``.

    Raises:
        OSError: The reader of a pipe is gone: click ends quietly then.
    """
    if isinstance(error, OSError) and error.errno == EPIPE:
        raise error
    trace = wanted_traceback(error)
    if trace is not None:
        echo(trace, err=True)
    if isinstance(error, MagnetGeoError):
        return error
    explained = _out_of_memory(error) if _is_out_of_memory(error) else _unexpected(error)
    explained.__cause__ = error
    return explained


def wanted_traceback(error: BaseException) -> str | None:
    """Return the traceback of an error, where ``--debug`` asks for it."""
    context = click.get_current_context(silent=True)
    if context is None or not context.find_root().params.get("debug"):
        return None
    return "".join(traceback.format_exception(error))


def _is_out_of_memory(error: Exception) -> bool:
    # torch is not loaded here: its error is known by name, its CPU allocator's by what it says.
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or "can't allocate memory" in str(error)


def _out_of_memory(error: Exception) -> MagnetGeoError:
    return MemoryLimitError(f"The memory ran out ({_text(error)}); close other programs, or set --batch-size 1.")


def _unexpected(error: Exception) -> MagnetGeoError:
    return MagnetGeoError(f"unexpected error: {_text(error)}; run again with --debug for the details.")


def _text(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    name = type(error).__name__
    return f"{name}: {text}" if text else name
