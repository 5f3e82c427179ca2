"""Damage inside compressed pixels: what decoders see is an error, and what they cannot see is known.

What the decoders do was measured with GDAL 3.10.3 and 3.12.2: `benchmarks/damaged_blocks.py`, its table in
`benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import logging
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster import SceneReader, SceneSource
from magnet_geo.raster.gdal_environment import gdal_warnings
from magnet_geo.raster.picture import read_picture
from tests.raster.rasters import write_raster

SIDE = 64
# In the middle of a JPEG's data, the marker of its end.
END_OF_IMAGE = b"\xff\xd9"
JPEG_SWITCH = "GDAL_ERROR_ON_LIBJPEG_WARNING"


def _noise(count: int = 3) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 200, (count, SIDE, SIDE)).astype(np.uint8)


def _read(path: Path, bands: tuple[int, ...] = (1, 2, 3)) -> np.ndarray:
    with SceneReader(SceneSource(str(path)), bands) as reader:
        return reader.read(PixelRect(0, 0, SIDE, SIDE)).values


def _block(path: Path) -> tuple[int, int]:
    """First byte of the only block and its length."""
    with rasterio.open(path) as dataset:
        start, size = (int(dataset.get_tag_item(f"BLOCK_{of}_0_0", "TIFF", bidx=1)) for of in ("OFFSET", "SIZE"))
    return start, size


def _replace(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


@pytest.fixture(params=["GTiff", "JPEG"])
def jpeg(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A file with damage in the middle, and its pixels before."""
    path = Path(write_raster(tmp_path / "a.tif", _noise(), compress="jpeg", blockysize=SIDE, interleave="pixel"))
    if request.param == "JPEG":
        rasterio.shutil.copy(path, tmp_path / "a.jpg", driver="JPEG")
        path = tmp_path / "a.jpg"
    start, size = _block(path) if request.param == "GTiff" else (0, path.stat().st_size)
    before = _read(path)
    _replace(path, start + size // 2, END_OF_IMAGE)
    return path, before


def test_damage_that_libjpeg_warns_of_is_one_error(
    jpeg: tuple[Path, np.ndarray], caplog: pytest.LogCaptureFixture
) -> None:
    """GDAL's switch works for JPEG files alone: inside a TIFF, libtiff's decoder only warns (GDAL 3.10, 3.12)."""
    with pytest.raises(
        SceneError, match=rf"^Rows 0-63.* cannot be read \(.*JPEG.*{JPEG_SWITCH}=NO.*\): the file is dam"
    ):
        _read(jpeg[0])
    with pytest.raises(SceneError, match="is damaged or incomplete"):
        read_picture(SceneSource(str(jpeg[0])), (1, 2, 3), Size(SIDE, SIDE))
    assert [record.name for record in caplog.records if record.name.startswith("rasterio")] == []


def test_who_says_so_reads_damaged_jpeg_as_it_is(jpeg: tuple[Path, np.ndarray]) -> None:
    path, before = jpeg
    with rasterio.Env(**{JPEG_SWITCH: False}):
        values = _read(path)
    np.testing.assert_array_equal(values[:, :8], before[:, :8])
    assert not np.array_equal(values, before)


def test_packbits_that_do_not_fit_their_block_are_an_error(tmp_path: Path) -> None:
    path = Path(write_raster(tmp_path / "a.tif", np.full((1, SIDE, SIDE), 7, np.uint8), compress="packbits"))
    start, size = _block(path)
    # The last run of equal bytes, made longer.
    _replace(path, start + size - 2, b"\x81")
    with pytest.raises(SceneError, match=r"PackBitsDecode: ?Discarding .* damaged or incomplete"):
        _read(path, (1,))


@pytest.mark.parametrize("driver", ["GTiff", "PNG"])
def test_lerc_and_png_see_every_changed_bit(tmp_path: Path, driver: str) -> None:
    """LERC has a Fletcher checksum per block since its version 3, PNG a CRC per chunk."""
    path = Path(write_raster(tmp_path / "a.tif", _noise(), compress="lerc", blockysize=SIDE, interleave="pixel"))
    if driver == "PNG":
        rasterio.shutil.copy(path, tmp_path / "a.png", driver="PNG")
        path = tmp_path / "a.png"
    start, size = _block(path) if driver == "GTiff" else (0, path.stat().st_size)
    whole = path.read_bytes()
    for at in range(start + size // 4, start + size - size // 4, size // 20):
        _replace(path, at, bytes([whole[at] ^ 4]))
        with pytest.raises(SceneError, match="damaged"):
            _read(path)
        path.write_bytes(whole)


def test_deflate_is_checked_only_where_the_damaged_data_are_not_longer_than_the_block(tmp_path: Path) -> None:
    """libtiff 4.7 drops what a stream holds beyond its block, and with it the checksum behind the data."""
    path = Path(write_raster(tmp_path / "a.tif", _noise(1), compress="deflate", blockysize=SIDE))
    start, size = _block(path)
    other = _noise(1).tobytes()[::-1]
    wrong_sum = zlib.adler32(b"other").to_bytes(4, "big")
    _replace(path, start + size - 4, wrong_sum)
    with pytest.raises(SceneError, match="damaged"):
        _read(path, (1,))
    longer = zlib.compress(other + b"more")[:-4] + wrong_sum
    _set_block(path, longer)
    assert _read(path, (1,)).tobytes() == other


def _set_block(path: Path, data: bytes) -> None:
    """Put a block's data at the end of a small TIFF of one strip, and have its directory say so."""
    start, size = _block(path)
    whole = path.read_bytes()
    place, length = len(whole), len(data)
    for old, new in ((start, place), (size, length)):
        assert whole.count(old.to_bytes(4, "little")) == 1
        whole = whole.replace(old.to_bytes(4, "little"), new.to_bytes(4, "little"))
    path.write_bytes(whole + data)


def test_zstd_in_a_tiff_has_no_checksum(tmp_path: Path) -> None:
    """A frame's third bit tells of one (RFC 8878, 3.1.1.1.1.5); libtiff 4.7 writes none, so that bits change unseen."""
    path = Path(write_raster(tmp_path / "a.tif", _noise(1), compress="zstd", blockysize=SIDE))
    start, size = _block(path)
    whole = path.read_bytes()
    assert whole[start + 4] & 0b100 == 0
    at = start + size // 2
    _replace(path, at, bytes([whole[at] ^ 4]))
    assert not np.array_equal(_read(path, (1,)), _noise(1))


def test_only_warnings_of_this_thread_that_are_meant_are_collected(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("rasterio._err")
    with gdal_warnings(about="Corrupt") as heard:
        other = threading.Thread(target=log.warning, args=("%s:%s", "CPLE_AppDefined", "Corrupt, elsewhere"))
        other.start()
        other.join()
        log.warning("%s:%s", "CPLE_AppDefined", "Something else")
        log.warning("%s:%s", "CPLE_AppDefined", "Corrupt here.")
    log.warning("%s:%s", "CPLE_AppDefined", "Corrupt, later")
    assert heard == ["Corrupt here"]
    logged = [record.args[1] for record in caplog.records]
    assert logged == ["Corrupt, elsewhere", "Something else", "Corrupt, later"]
