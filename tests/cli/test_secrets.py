"""User, password and signature of a scene's address reach its server, and nothing that is written, printed or kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.runs import assert_refused, run, segment_lines
from tests.range_server import RangeServer, serving

SECRET = "s3cret"


@pytest.fixture
def server(scene: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "0")
    with serving({"scene.tif": scene.read_bytes()}) as state:
        yield state


def signed(server: RangeServer) -> str:
    return server.url.replace("http://", f"http://user:{SECRET}@") + f"/scene.tif?sig={SECRET}&st=1"


def everything_below(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return "".join(f"{path.name}\n{path.read_bytes().decode('latin-1')}" for path in files)


def test_nothing_that_a_run_leaves_or_says_holds_a_secret(
    server: RangeServer, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["-o", maps / "map.tif", "--model", tiny_model, "--report", maps / "report.html", "--stac"]
    options += [maps / "item.json", "--polygons", maps / "map.geojson", "--confidence", maps / "sure.tif"]
    code, lines = segment_lines(capfd, signed(server), *options)
    assert code == 0
    said = f"{lines}"
    assert f"{server.url}/scene.tif" in said
    left = everything_below(maps)
    assert f"{server.url}/scene.tif" in left
    assert SECRET not in left
    assert SECRET not in said


@pytest.mark.parametrize("arguments", [("info",), ("info", "--json"), ("segment", "--dry-run")])
def test_nothing_that_is_said_of_a_scene_holds_a_secret(
    server: RangeServer, tiny_model: Path, arguments: tuple[str, ...]
) -> None:
    command, *options = arguments
    result = run(command, signed(server), *options, "--model", tiny_model)
    assert result.exit_code == 0, result.output
    assert SECRET not in result.output


@pytest.mark.parametrize("status", [403, 404, 500])
@pytest.mark.parametrize("form", ["{}", "/vsicurl/{}", "/vsicurl_streaming/{}", "/vsicurl?url={quoted}"])
def test_what_a_server_refuses_is_told_without_secrets(
    server: RangeServer, tiny_model: Path, maps: Path, status: int, form: str
) -> None:
    server.refusal = status
    scene = form.format(signed(server), quoted=quote(signed(server), safe=""))
    refused = run("segment", scene, "-o", maps / "map.tif", "--model", tiny_model)
    assert_refused(refused, match=re.escape(server.url))
    assert SECRET not in refused.output


@pytest.mark.parametrize("form", ["{}", "/vsicurl/{}", "/vsicurl?url={quoted}", "/vsicurl_streaming/{}"])
def test_no_form_of_an_address_makes_gdal_look_for_files_beside_it(
    server: RangeServer, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{server.url}/scene.tif"
    asked: list[str] = []
    handler = type(server).fate

    def noting(state: RangeServer, request: str) -> str:
        asked.append(request)
        return handler(state, request)

    monkeypatch.setattr(type(server), "fate", noting)
    assert run("info", form.format(address, quoted=quote(address, safe=""))).exit_code == 0
    # The header, once or twice: no .aux.xml, no .ovr, no list of the folder.
    assert len(asked) <= 3
