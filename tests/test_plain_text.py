"""What comes from outside is shown without secrets, obeyed by no terminal and computed by no spreadsheet."""

from __future__ import annotations

import pytest

from magnet_geo.addresses import is_remote, public_address, without_secrets
from magnet_geo.classes import LandClass
from magnet_geo.errors import SceneError
from magnet_geo.plain_text import presentable, short_name, table_cell, visible
from magnet_geo.progress import ProgressEvent, WarningEvent
from magnet_geo.raster import SceneSource

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("path", "public"),
    [
        (f"https://user:{SECRET}@host/a.tif?sig={SECRET}&x=1", "https://host/a.tif"),
        (f"https://user:{SECRET}@@host/a.tif", "https://host/a.tif"),
        (f"https://host/a.tif?sig={SECRET} {SECRET}", "https://host/a.tif"),
        (f"http://[::1]:80/a?token={SECRET}", "http://[::1]:80/a"),
        (f"/vsicurl/https://host/a.tif?token={SECRET}", "/vsicurl/https://host/a.tif"),
        (f"/vsicurl_streaming/https://u:{SECRET}@host/a.tif", "/vsicurl_streaming/https://host/a.tif"),
        (f"/vsicurl?url=https%3A%2F%2Fhost%2Fa.tif%3Fsig%3D{SECRET}&header.X={SECRET}", "https://host/a.tif"),
        (f"/vsicurl?header.X={SECRET}", "/vsicurl"),
        (f"/vsizip/{{/vsicurl/https://host/a.zip?sig={SECRET}}}/b.tif", "/vsizip/{/vsicurl/https://host/a.zip}/b.tif"),
        (f"/vsizip//vsicurl/https://host/a.zip?sig={SECRET}/b.tif", "/vsizip//vsicurl/https://host/a.zip"),
        (f'NETCDF:"https://host/a.nc?sig={SECRET}":var', 'NETCDF:"https://host/a.nc":var'),
        (f"GTIFF_DIR:1:/vsicurl/https://host/a.tif?sig={SECRET}", "GTIFF_DIR:1:/vsicurl/https://host/a.tif"),
        (f"vrt://https://host/a.tif?bands=1&sig={SECRET}", "vrt://https://host/a.tif"),
        (f"WMS:http://host/wms?SERVICE=WMS&token={SECRET}", "WMS:http://host/wms"),
        (f"zip+https://u:{SECRET}@host/a.zip!b.tif", "zip+https://host/a.zip!b.tif"),
        (f"s3://bucket/key.tif?versionId={SECRET}", "s3://bucket/key.tif"),
        ("/vsis3_streaming/bucket/key.tif", "/vsis3_streaming/bucket/key.tif"),
        ("abfss://box@account.dfs.core/key.tif", "abfss://account.dfs.core/key.tif"),
    ],
)
def test_addresses_are_told_as_remote_and_lose_what_is_secret(path: str, public: str) -> None:
    assert is_remote(path)
    assert public_address(path) == public
    assert SECRET not in str(SceneError(f"'{path}' cannot be read")) or " " in path
    assert SECRET not in SceneSource(path).name


def test_a_password_of_a_database_is_hidden() -> None:
    path = f"PG:host=h user=u password={SECRET} dbname=x"
    assert public_address(path) == "PG:host=h user=u password=*** dbname=x"


@pytest.mark.parametrize(
    "path", ["/data/what?.tif", r"C:\maps\a.tif", "a=b.tif", "maps/vsi.tif", "NETCDF:a.nc:var", ""]
)
def test_paths_of_this_machine_stay(path: str) -> None:
    assert not is_remote(path)
    assert public_address(path) == path


def test_sentences_keep_their_words() -> None:
    said = f"HTTP 403: https://u:{SECRET}@h/a.tif?sig={SECRET} (see '/vsicurl/http://h/b?x={SECRET}'); try again"
    assert without_secrets(said) == "HTTP 403: https://h/a.tif (see '/vsicurl/http://h/b'); try again"


def test_control_characters_are_spelled_out_in_all_that_is_said() -> None:
    evil = "a\x1b[31m\x07\x9b\u202eb\tc\nd"
    plain = "a\\x1b[31m\\x07\\x9b\\u202eb\tc\nd"
    assert visible(evil) == presentable(evil) == plain
    assert str(SceneError(evil)) == WarningEvent(evil).message == ProgressEvent(0, "", evil).message == plain
    assert LandClass(1, "me\x1b]0;adow", "#00ff00").name == "me\\x1b]0;adow"
    assert short_name("/maps/sce\x1bne.tif") == "sce\\x1bne.tif"


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "-", "--"])
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text: str) -> None:
    assert table_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-1.5", "+3", "-1e-3", "field", "#ff0000", "", "a=b", 3, -2.5, None])
def test_numbers_and_plain_texts_stay(value: object) -> None:
    assert table_cell(value) == value
