"""Doors of packages: names that are loaded on first use, so that importing a package loads no torch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_names(
    package: str, homes: Mapping[str, str], *, first: Callable[[str], None] = lambda home: None
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: Its ``__name__``; its ``__all__`` is what ``dir`` lists.
        homes: Module of each name, relative to the package; a name that is its own home is a module.
        first: Called with a home before it is imported.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        first(homes[name])
        module = import_module(f"{package}.{homes[name]}")
        return module if homes[name] == name else getattr(module, name)

    return load, lambda: sorted(sys.modules[package].__all__)
