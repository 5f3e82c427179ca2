"""What surrounds the opening of rasters: a missing georeference is no warning there, whatever other code does."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine

from magnet_geo.raster.gdal_environment import has_geotransform, opening
from tests.raster.rasters import ramp, write_raster


@pytest.fixture
def plain(tmp_path: Path) -> str:
    with warnings.catch_warnings(action="ignore"):
        return write_raster(tmp_path / "plain.tif", ramp(1, 3, 4), georeferenced=False)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[type[Warning]]:
    """Categories of the warnings that reach the user."""
    categories: list[type[Warning]] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, category, *_: categories.append(category))
    return categories


def open_quietly(path: str) -> None:
    with opening():
        rasterio.open(path).close()


def test_rasters_without_georeference_are_opened_without_a_warning(plain: str, told: list[type[Warning]]) -> None:
    warnings.simplefilter("always")
    open_quietly(plain)
    warnings.simplefilter("error")
    open_quietly(plain)
    assert told == []


def test_filters_that_other_code_restores_meanwhile_let_no_warning_through(
    plain: str, told: list[type[Warning]]
) -> None:
    warnings.simplefilter("always")
    open_quietly(plain)
    other = warnings.catch_warnings()
    other.__enter__()
    with opening():
        # as another thread does at the end of a block of its own
        other.__exit__(None, None, None)
        rasterio.open(plain).close()
    assert told == []


class Interrupted:
    """A raster that is asked for its place just when other code restores the filters of warnings."""

    def __init__(self, path: str) -> None:
        self._path, self._other = path, warnings.catch_warnings()
        self._other.__enter__()

    def read_transform(self) -> None:
        self._other.__exit__(None, None, None)
        with rasterio.open(self._path) as dataset:
            dataset.read_transform()


def test_a_missing_geotransform_is_known_whatever_other_code_does(plain: str, told: list[type[Warning]]) -> None:
    warnings.simplefilter("ignore")
    open_quietly(plain)
    with opening():
        dataset = rasterio.open(plain)
    with dataset:
        assert not has_geotransform(dataset)
        warnings.simplefilter("error")
        assert not has_geotransform(dataset)
    warnings.simplefilter("always")
    open_quietly(plain)
    assert not has_geotransform(Interrupted(plain))  # type: ignore[arg-type]
    assert told == []


def test_a_transform_of_the_file_is_a_geotransform(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "placed.tif", ramp(1, 3, 4), transform=Affine.scale(2, 2))
    with rasterio.open(path) as dataset:
        assert has_geotransform(dataset)


def test_what_a_user_opens_is_still_warned_of(plain: str, told: list[type[Warning]]) -> None:
    warnings.simplefilter("always")
    open_quietly(plain)
    rasterio.open(plain).close()
    assert told == [NotGeoreferencedWarning]
    with opening():
        user = threading.Thread(target=lambda: rasterio.open(plain).close())
        user.start()
        user.join()
    assert told == [NotGeoreferencedWarning] * 2


def test_other_warnings_pass(told: list[type[Warning]]) -> None:
    warnings.simplefilter("always")
    with opening():
        warnings.warn("something else", RuntimeWarning, stacklevel=1)
    assert told == [RuntimeWarning]
