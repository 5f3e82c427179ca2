"""Options that belong together, for several commands, gathered into what their functions want of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from inspect import signature
from typing import Any

Command = Callable[..., Any]


def gathered_options(
    options: Sequence[Callable[[Command], Command]],
    gather: Callable[..., dict[str, Any]],
    *,
    taking: Iterable[str] = (),
) -> Callable[[Command], Command]:
    """Give a decorator that adds options to a command.

    Args:
        options: As click decorates with them, in the order of the help.
        gather: Makes the arguments of the command's function out of the values that it takes by name; the values of
            all other options arrive as they are.
        taking: The names of these values where its signature does not tell.
    """
    names = tuple(taking) or tuple(signature(gather).parameters)

    def add(function: Command) -> Command:
        @wraps(function)
        def gathered(*arguments: Any, **values: Any) -> Any:
            own = {name: values.pop(name) for name in names if name in values}
            return function(*arguments, **gather(**own), **values)

        decorated: Command = gathered
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return add
