"""The house in numbers: modules, lines, and the longest chain of imports, with and without what is only for types.

python benchmarks/house.py [CHECKOUT]
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from statistics import mean, median


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    modules = find_modules(root)
    edges = {name: imported(path, name, modules) for name, path in modules.items()}
    for room in ("", "magnet_geo.scene", "magnet_geo.progressive"):
        names = [name for name in modules if name.startswith(room)]
        lines = [len(modules[name].read_text().splitlines()) for name in names]
        inside = {name: {other for other in edges[name] if other in names} for name in names}
        chain = longest_chain(inside)
        print(
            f"{room or 'everything'}: {len(names)} files, {sum(lines)} lines (median {median(lines):g}, mean "
            f"{mean(lines):.0f}), longest chain of imports {len(chain)}"
        )
    print("\n".join(longest_chain(edges)))


def find_modules(root: Path) -> dict[str, Path]:
    """Every module of the library and the command line, by its dotted name."""
    found = {}
    for package, folder in (("magnet_geo", root / "magnet_geo"), ("magnet_geo.cli", root / "cli")):
        for path in sorted(folder.rglob("*.py")):
            parts = [part for part in path.relative_to(folder).with_suffix("").parts if part != "__init__"]
            found[".".join([package, *parts])] = path
    return found


def imported(path: Path, name: str, modules: dict[str, Path]) -> set[str]:
    """Modules that one imports when it is loaded: not inside functions, not for types alone."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.ImportFrom):
            continue
        base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        target = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            found |= {next((each for each in (f"{target}.{alias.name}", target) if each in modules), name)}
    return found - {name}


def longest_chain(edges: dict[str, set[str]]) -> list[str]:
    """The longest way from module to module; one that comes back to itself is not followed further."""

    @cache
    def chain(name: str) -> tuple[str, ...]:
        rest = [chain(other) for other in sorted(edges[name]) if other in edges and other not in _BACK.get(name, ())]
        return (name, *max(rest, key=len, default=()))

    return list(max((chain(name) for name in edges), key=len))


# Circles of older checkouts, cut where a type was all that was wanted.
_BACK = {"magnet_geo.vector.parquet_sink": {"magnet_geo.vector.layer_draft"}}

if __name__ == "__main__":
    main()
