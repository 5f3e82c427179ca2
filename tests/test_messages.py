"""Messages of the library name options as Python does; only the command line makes flags of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from magnet_geo.cli.flags import known_flags, with_flags
from magnet_geo.cli.main import main

ROOT = Path(__file__).parent.parent
LIBRARY = sorted((ROOT / "magnet_geo").rglob("*.py"))
PLACEHOLDER = "PLACEHOLDER"
MARK = re.compile(r"`([a-z_]+(?:=[^`]*)?)`")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def docstrings(tree: ast.Module) -> set[int]:
    """Identities of strings that stand alone as a statement."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring; values in an f-string become a placeholder."""
    tree = parsed(path)
    parts = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            values = (str(p.value) if isinstance(p, ast.Constant) else PLACEHOLDER for p in node.values)
            yield node.lineno, "".join(values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value


MARKS = sorted({found for path in LIBRARY for _, text in texts(path) for found in MARK.findall(text)})


def names_in_python() -> set[str]:
    """Every parameter of a public function or method, and every field of a public class, of the library."""
    names: set[str] = set()
    for path in LIBRARY:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
                names |= {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                names |= {
                    e.target.id for e in node.body if isinstance(e, ast.AnnAssign) and isinstance(e.target, ast.Name)
                }
    return names


def options_of_commands() -> dict[str, set[str]]:
    """Flags of all commands, with the names of their values."""
    found: dict[str, set[str]] = {}

    def walk(command: click.Command) -> None:
        context = click.Context(command)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                walk(child)
        for param in command.params:
            for flag in (*param.opts, *param.secondary_opts):
                found.setdefault(flag, set()).add(param.name or "")

    walk(main)
    return found


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_message_of_the_library_holds_a_flag(path: Path) -> None:
    dashed = [(line, text) for line, text in texts(path) if re.search(r"--([a-z]|$)", text) and text != "--"]
    assert dashed == []


def test_the_search_sees_flags_in_every_kind_of_string(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""Of --docs."""\na = "use --gsd"\nb = f"use --{a} or " "--crs."\nc = ("x" "--y", {"k": "--z"})\n')
    assert [text for _, text in texts(path) if "--" in text] == [
        "use --gsd",
        f"use --{PLACEHOLDER} or --crs.",
        "x--y",
        "--z",
    ]


def test_messages_name_options() -> None:
    assert len(MARKS) > 40


@pytest.mark.parametrize("mark", MARKS)
def test_each_option_that_a_message_names_is_one_in_python_and_of_a_command(mark: str) -> None:
    typed = with_flags(f"use `{mark}`.")
    assert re.fullmatch(r"use (--[a-z][a-z-]*( [^-` ][^`]*?)? ?)+\.", typed), "no option that flags are known of"
    assert set(re.findall(r"([a-z_]+)(?==|$)", mark.split("=")[0])) <= names_in_python()
    assert set(re.findall("--[a-z-]+", typed)) <= set(options_of_commands())


def test_each_known_flag_is_that_of_the_option_with_this_name() -> None:
    flags = options_of_commands()
    assert {name: flag for name, flag in known_flags().items() if flag not in flags} == {}
    own = {value: flag for flag, values in flags.items() for value in values if flag.startswith("--no-") is False}
    shared = {
        name: (flag, own[name]) for name, flag in known_flags().items() if name in own and name not in flags[flag]
    }
    assert shared == {}


@pytest.mark.parametrize(
    ("told", "typed"),
    [
        ("leave `budget_s` out.", "leave --budget out."),
        ("use `gsd='native'`.", "use --gsd native."),
        ("use `gsd=METRES`.", "use --gsd METRES."),
        ("use `overwrite=True`;", "use --overwrite;"),
        ("use `resume=False` (again)", "use --no-resume (again)"),
        ("use `bands=(3, 2, 1)`, or", "use --bands 3,2,1, or"),
        ("use `bands=(1,)`", "use --bands 1"),
        ("use `scaling=(MIN, MAX)`.", "use --scaling MIN,MAX."),
        ("use `creation_options=(('LEVEL', '9'),)`.", "use --co LEVEL=9."),
        ("use `pairs=((LABEL, CLASS),)`.", "use --map LABEL=CLASS."),
        ("use `nodata=-9999`, `nodata=nan` or `nodata=1e+20`", "use --nodata -9999, --nodata nan or --nodata 1e+20"),
        ("set `batch_size=1, accumulation=4`.", "set --batch-size 1 --accumulation 4."),
    ],
)
def test_options_become_what_is_typed(told: str, typed: str) -> None:
    assert with_flags(told) == typed


@pytest.mark.parametrize(
    "text",
    [
        "'`gsd`.tif' is no scene",
        "use `weights_only=False`",
        "see `magnet-geo model list`",
        "`gsd=1) + (2`",
        "`gsd=)`",
        "`gsd=\x00`",
        "`area`",
        "``gsd``",
    ],
)
def test_what_is_no_option_stays_as_it_is(text: str) -> None:
    assert with_flags(text) == text
