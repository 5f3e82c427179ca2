from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

from magnet_geo.cli.errors import MagnetGroup
from magnet_geo.cli.main import COMMANDS, main
from magnet_geo.errors import CancelledError, ModelError


def run(error: BaseException, *arguments: str) -> Result:
    @click.group(cls=MagnetGroup)
    @click.option("--debug", is_flag=True)
    def root(debug: bool) -> None:
        pass

    @root.group(cls=MagnetGroup)
    def inner() -> None:
        pass

    @inner.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(root, [*arguments, "inner", "fail"])


def test_an_error_of_ours_is_its_sentence() -> None:
    result = run(ModelError("No such model; choose another."))
    assert result.exit_code == 1
    assert result.stderr == "Error: No such model; choose another.\n"


@pytest.mark.parametrize("kind", [ModelError, click.UsageError, click.ClickException, CancelledError])
def test_an_option_is_named_by_its_flag(kind: type[Exception]) -> None:
    assert "Use --gsd native." in run(kind("Use `gsd='native'`.")).stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CancelledError("Cancelled; the same command continues."), "Cancelled; the same command continues."),
        (KeyboardInterrupt(), "Cancelled."),
        (click.Abort(), "Cancelled."),
    ],
)
def test_a_cancelled_run_exits_130(error: BaseException, told: str) -> None:
    result = run(error)
    assert result.exit_code == 130
    assert result.stderr.strip() == told


def test_any_other_error_is_one_sentence_too() -> None:
    result = run(ZeroDivisionError("division\nby zero."))
    assert result.exit_code == 1
    expected = "Error: unexpected error: ZeroDivisionError: division by zero; run again with --debug for the details.\n"
    assert result.stderr == expected


@pytest.mark.parametrize("error", [ModelError("No."), ZeroDivisionError()])
def test_debug_shows_one_traceback(error: Exception) -> None:
    result = run(error, "--debug")
    assert result.exit_code == 1
    assert result.stderr.count("Traceback") == 1
    assert "Error: " in result.stderr.splitlines()[-1]


def test_wrong_usage_stays_clicks() -> None:
    assert run(click.UsageError("no")).exit_code == 2


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from magnet_geo.cli.main import main; main(['--help'], standalone_mode=False);"
        "print(sorted({'torch', 'rasterio', 'numpy', 'pydantic', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in COMMANDS)


def test_an_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(main, ["sing"]).exit_code == 2


def test_the_module_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "magnet_geo", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("magnet-geo, version ")
